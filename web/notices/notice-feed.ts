import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { ServerFrame } from '../../server/chat/protocol.ts'
import type { NoticeJson, NoticesJson, UnreadJson } from '../../server/notices/contract.ts'
import { get, send } from '../api.ts'
import { chatConnection } from '../chat/chat-connection.ts'
import { showNotice } from './notice-toasts.ts'
import { noticeWords } from './notice-words.ts'

const PAGE = 10
/** A page that nobody looks at gives its connection back: an account has but a few. */
const HIDDEN_MS = 30_000
/** After a hub has gone all its pages come back: they do not ask for their notices all at once. */
const SPREAD_MS = 8000
const SHOWN_SECONDS = 5

type Ntf = Extract<ServerFrame, { t: 'ntf' }>

/** What the service worker hands over for a page that is before somebody's eyes. */
interface Handed {
  type: 'notice'
  notice: { id: string; title: string; body: string; url: string }
}

/**
 * The notices of who is signed in, on this page: the newest ones, how many are unread, and each new one as it comes, by
 * the page's connection or, when that is broken, by this browser's push. Whichever is first, it is shown once.
 */
class NoticeFeed {
  unread = 0
  /** Newest first; null until they are known. */
  notices: NoticeJson[] | null = null
  isLoading = false
  hasFailed = false
  /** There are older ones. */
  hasMore = false
  /** The list is before somebody's eyes: what comes is seen there. */
  isListed = false
  readonly #hosts = new Set<ReactiveControllerHost>()
  readonly #shown = new Set<string>()
  /** Undefined until it is known who looks at the page. */
  #person: number | null | undefined
  #release: (() => void) | null = null
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined
  #spreadTimer: ReturnType<typeof setTimeout> | undefined
  #hellos = 0
  #isListening = false

  attach(host: ReactiveControllerHost): void {
    this.#hosts.add(host)
  }

  detach(host: ReactiveControllerHost): void {
    this.#hosts.delete(host)
  }

  /** Who looks at the page; null for a guest, who has no notices and, for these, no connection. */
  become(person: number | null): void {
    if (person === this.#person) return
    const wasSomebodyElse = this.#person !== undefined
    this.#person = person
    this.#listenOnce()
    this.#release?.()
    this.#release = null
    this.unread = 0
    this.notices = null
    this.hasMore = false
    // Before anything is held: the old one speaks for somebody else.
    if (wasSomebodyElse) chatConnection.reopen()
    if (person !== null) {
      if (!document.hidden) this.#hold()
      void this.load()
    }
    this.#changed()
  }

  /** The newest ones. */
  async load(): Promise<void> {
    await this.#fetch(1, (page) => {
      this.notices = page
    })
  }

  async loadMore(): Promise<void> {
    const known = this.notices ?? []
    await this.#fetch(Math.floor(known.length / PAGE) + 1, (page) => {
      const ids = new Set(known.map(({ id }) => id))
      this.notices = [...known, ...page.filter(({ id }) => !ids.has(id))]
    })
  }

  /** @throws {ApiError} */
  async markRead(notice: NoticeJson): Promise<void> {
    if (notice.read_at) return
    const { unread } = await send<UnreadJson>('POST', `/api/notifications/${notice.id}/read/`, {})
    this.#read(unread, ({ id }) => id === notice.id)
  }

  /** @throws {ApiError} */
  async markAllRead(): Promise<void> {
    const { unread } = await send<UnreadJson>('POST', '/api/notifications/read/', { all: true })
    this.#read(unread, () => true)
  }

  async #fetch(page: number, take: (notices: NoticeJson[]) => void): Promise<void> {
    if (!this.#person || this.isLoading) return
    const person = this.#person
    this.isLoading = true
    this.hasFailed = false
    this.#changed()
    try {
      const { results, next, unread } = await get<NoticesJson>(`/api/notifications/?page_size=${PAGE}&page=${page}`)
      if (person !== this.#person) return
      take(results)
      this.hasMore = next !== null
      this.unread = unread
    } catch {
      this.hasFailed = true
    } finally {
      this.isLoading = false
      this.#changed()
    }
  }

  #read(unread: number, which: (notice: NoticeJson) => boolean): void {
    const now = new Date().toISOString()
    this.unread = unread
    this.notices =
      this.notices?.map((notice) => (notice.read_at || !which(notice) ? notice : { ...notice, read_at: now })) ?? null
    this.#changed()
  }

  #hold(): void {
    this.#release ??= chatConnection.listen(this.#take, { holds: true })
  }

  #listenOnce(): void {
    if (this.#isListening) return
    this.#isListening = true
    // Of a room that holds the connection a guest hears notices, too.
    chatConnection.listen(this.#takeOfRoom)
    document.addEventListener('visibilitychange', this.#onVisibility)
    navigator.serviceWorker?.addEventListener('message', this.#onHanded)
  }

  readonly #onVisibility = (): void => {
    clearTimeout(this.#hiddenTimer)
    if (!this.#person) return
    if (document.hidden) {
      this.#hiddenTimer = setTimeout(() => {
        this.#release?.()
        this.#release = null
      }, HIDDEN_MS)
    } else if (!this.#release) {
      this.#hold()
      void this.load()
    }
  }

  /** One's own. */
  readonly #take = (frame: ServerFrame): void => {
    if (frame.t === 'unread') this.#told(frame.n)
    else if (frame.t === 'ntf' && frame.about) this.#arrived(frame, frame.about)
    else if (frame.t === 'hello') this.#cameBack()
  }

  /** Somebody's word to all of a room or of the site. */
  readonly #takeOfRoom = (frame: ServerFrame): void => {
    if (frame.t !== 'ntf' || frame.about) return
    const title = frame.from ? `${frame.from}: ${frame.text}` : frame.text
    this.#show(frame.id, { title, body: '', icon: frame.level === 'warning' ? 'alert' : 'info', seconds: frame.ttl })
  }

  #told(unread: number): void {
    const isLess = unread < this.unread
    this.unread = unread
    // Which ones were read elsewhere is seen when the list is opened.
    if (isLess) this.notices = null
    this.#changed()
  }

  #arrived({ id, ttl }: Ntf, about: NonNullable<Ntf['about']>): void {
    if (this.#shown.has(`bell ${id}`)) return
    this.#shown.add(`bell ${id}`)
    this.unread += 1
    this.notices = null
    this.#changed()
    if (this.isListed) void this.load()
    this.#show(id, { ...noticeWords(about), url: about.url, seconds: ttl })
  }

  /** What was told while there was no connection is in the list. */
  #cameBack(): void {
    this.#hellos += 1
    if (this.#hellos === 1) return
    clearTimeout(this.#spreadTimer)
    this.#spreadTimer = setTimeout(() => void this.load(), Math.random() * SPREAD_MS)
  }

  readonly #onHanded = ({ data }: MessageEvent<Handed>): void => {
    if (data?.type !== 'notice') return
    const { id, title, body, url } = data.notice
    if (!this.#shown.has(id)) void this.load()
    this.#show(id, { title, body, url, icon: 'bell', seconds: SHOWN_SECONDS })
  }

  #show(id: string, notice: Parameters<typeof showNotice>[0]): void {
    if (this.#shown.has(id)) return
    this.#shown.add(id)
    // A tab in the background would show it when it is old.
    if (!document.hidden && !this.isListed) void showNotice(notice)
  }

  #changed(): void {
    for (const host of this.#hosts) host.requestUpdate()
  }
}

/** The page's one. */
export const noticeFeed = new NoticeFeed()

/** Renders its host when a notice comes or is read. */
export class Notices implements ReactiveController {
  readonly #host: ReactiveControllerHost

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }

  hostConnected(): void {
    noticeFeed.attach(this.#host)
  }

  hostDisconnected(): void {
    noticeFeed.detach(this.#host)
  }
}
