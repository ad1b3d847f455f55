import type { ReactiveControllerHost } from 'lit'
import type { ChatErrorCode, RoomMode, RoomSettings, ServerFrame } from '../../server/chat/protocol.ts'
import { send } from '../api.ts'
import { type Answer, Answers } from './answers.ts'
import { type ChatConnection, type ConnectionState, chatConnection, type RoomListener } from './chat-connection.ts'
import { MODERATOR } from './chat-ranks.ts'
import { KnownEmotes } from './known-emotes.ts'
import { KnownNames } from './known-names.ts'
import type { Outbox, Outgoing } from './outbox.ts'
import { fetchOlder, type KeptLines, pathOf } from './room-api.ts'
import { type Entry, RoomLog } from './room-log.ts'
import { Sending } from './sending.ts'

const HISTORY_STEP = 60
/** Said of a room that one is in: one is no longer. */
const closed: ReadonlySet<ChatErrorCode> = new Set(['forbidden', 'unauthorized', 'room_not_found'])

/** `all` once the beginning is there. */
export type HistoryState = 'idle' | 'loading' | 'all' | 'failed'

/**
 * A room as its page shows it: what was said, and what the person has said and not heard back yet. The elements of the
 * panel attach themselves, and are rendered anew when something changes.
 */
export class ChatRoom implements RoomListener {
  readonly log = new RoomLog()
  room = ''
  viewers = 0
  rank = 0
  /** In which modes the person may write. */
  modes: readonly RoomMode[] = []
  /** Until when the person may not write; 0 for ever, null when they may. */
  until: number | null = null
  /** When slow mode lets them write again, milliseconds of this page's clock. */
  slowUntilMs = 0
  state: ConnectionState = 'connecting'
  closedWith: number | null = null
  /** Why they may not even read. */
  refusal: ChatErrorCode | null = null
  hasJoined = false
  history: HistoryState = 'idle'
  /** They read further up: nothing may be taken from under their eyes. */
  isReading = false
  readonly names = new KnownNames()
  readonly #connection: ChatConnection
  readonly #hosts = new Set<ReactiveControllerHost>()
  readonly #answers = new Answers()
  readonly #sending = new Sending((message) => this.#out(message))
  /** Undefined until it is known. */
  #person: number | null | undefined
  readonly #emotes = new KnownEmotes()
  #isConnected = false
  /** The hub has let us in over this connection. */
  #isIn = false

  constructor(connection = chatConnection) {
    this.#connection = connection
  }

  get outbox(): Outbox {
    return this.#sending.outbox
  }

  get settings(): RoomSettings {
    return this.log.settings
  }

  /** The room's own: name → address of the picture. */
  get emotes(): ReadonlyMap<string, string> {
    return this.#emotes.pictures
  }

  attach(host: ReactiveControllerHost): void {
    this.#hosts.add(host)
  }

  detach(host: ReactiveControllerHost): void {
    this.#hosts.delete(host)
  }

  changedSomething(): void {
    for (const host of this.#hosts) host.requestUpdate()
  }

  connect(): void {
    this.#isConnected = true
    if (this.room) this.#connection.join(this.room, this)
  }

  disconnect(): void {
    this.#isConnected = false
    this.#isIn = false
    if (this.room) this.#connection.leave(this.room)
  }

  follow(room: string): void {
    if (room === this.room) return
    if (this.room) this.#connection.leave(this.room)
    this.#forgetPlace()
    this.room = room
    this.log.begin('')
    this.#emotes.forget(room)
    this.outbox.open(this.room, this.#person ?? null)
    if (this.#isConnected) this.#connection.join(room, this)
  }

  /** What was theirs in one room is not in another: until that has let them in they may nothing there. */
  #forgetPlace(): void {
    this.#isIn = false
    Object.assign(this, {
      hasJoined: false,
      refusal: null,
      viewers: 0,
      rank: 0,
      modes: [],
      until: null,
      slowUntilMs: 0,
    })
    this.history = 'idle'
    this.isReading = false
  }

  /** Who writes here, null for a guest; what they had not sent comes back. */
  become(person: number | null, name: string): void {
    if (person === this.#person) return
    const isSomebodyElse = this.#person !== undefined
    this.#person = person
    this.names.learn({ n: name })
    this.outbox.open(this.room, this.#person ?? null)
    if (isSomebodyElse) this.#connection.reopen()
  }

  write(draft: string): void {
    this.outbox.write(draft)
    this.changedSomething()
  }

  /** @param at what they are watching, milliseconds of the server's clock */
  send(body: string, re: number | undefined, at: number | undefined): void {
    const message = { body, ...(re === undefined ? {} : { re }), ...(at === undefined ? {} : { at }) }
    this.#sending.say(this.outbox.add(message))
    this.changedSomething()
  }

  again(message: Outgoing): void {
    this.#sending.say(this.outbox.renew(message))
    this.changedSomething()
  }

  dismiss({ cid }: Outgoing): void {
    this.outbox.remove(cid)
    this.changedSomething()
  }

  /** What the hub answered to a frame of ours; null when nothing came. */
  ask(frame: object): Promise<Answer | null> {
    return this.#answers.ask((cid) => this.#connection.say({ room: this.room, ...frame, cid }))
  }

  /** @returns why it was not done; null when it was */
  async moderate(operation: object): Promise<ChatErrorCode | null> {
    const answer = await this.ask({ t: 'mod', ...operation })
    if (answer?.t === 'ack') return null
    return answer?.t === 'err' ? answer.code : 'unavailable'
  }

  /** One of an older epoch, which the hub knows nothing of. @throws {ApiError} */
  async deleteKept({ id, messageId }: Entry): Promise<void> {
    await send('DELETE', pathOf(this.room, `messages/${messageId}/`))
    this.log.remove(id)
    this.changedSomething()
  }

  /** Messages from before the first one that is here. */
  async loadOlder(): Promise<void> {
    if (this.history === 'loading' || this.history === 'all' || !this.hasJoined) return
    this.history = 'loading'
    this.changedSomething()
    const { epoch } = this.log
    try {
      const found = (await this.#olderOfHub()) ?? (await fetchOlder(this.room, this.log.oldest))
      if (epoch !== this.log.epoch) return
      this.log.prepend(found.entries)
      this.history = found.more ? 'idle' : 'all'
    } catch {
      if (epoch !== this.log.epoch) return
      this.history = 'failed'
    }
    for (const { line } of this.log.entries.slice(0, HISTORY_STEP)) this.names.learn(line)
    this.changedSomething()
  }

  since(): { e: string; s: number } | undefined {
    return this.log.epoch ? { e: this.log.epoch, s: this.log.last } : undefined
  }

  changed(state: ConnectionState, code: number | null): void {
    this.state = state
    this.closedWith = code
    if (state !== 'open' && state !== 'degraded') this.#isIn = false
    this.changedSomething()
  }

  take(frame: ServerFrame): void {
    this.#answers.take(frame)
    switch (frame.t) {
      case 'joined':
        this.#joined(frame)
        break
      case 'b':
        this.#takeLines(frame)
        break
      case 'reset':
        this.#joinAgain()
        break
      case 'ack':
        this.#acknowledged(frame.cid)
        break
      case 'err':
        this.#refused(frame)
        break
      case 'cnt':
        this.viewers = frame.n
        break
      case 'you':
        this.rank = frame.rank
        this.modes = frame.modes
        this.until = frame.until ?? null
        break
    }
    this.#emotes.show(this.settings.emotes, () => this.changedSomething())
    this.changedSomething()
  }

  #takeLines({ e, m }: Extract<ServerFrame, { t: 'b' }>): void {
    const { oldest } = this.log
    if (e !== this.log.epoch || !this.log.takeAll(m, this.isReading)) this.#joinAgain()
    // Some went at the top: the beginning is no longer here.
    if (this.log.oldest !== oldest && this.history === 'all') this.history = 'idle'
    for (const line of m) this.names.learn(line)
  }

  #joined(frame: Extract<ServerFrame, { t: 'joined' }>): void {
    this.hasJoined = true
    this.#isIn = true
    this.refusal = null
    if (!frame.recovered) {
      this.log.begin(frame.e)
      this.history = 'idle'
    }
    this.viewers = frame.n
    this.log.takeSnapshot(frame.m, frame.s, this.isReading)
    this.log.pin = frame.pin
    this.log.settings = frame.set
    this.rank = frame.rank
    this.modes = frame.modes
    this.until = frame.until ?? null
    for (const line of frame.m) this.names.learn(line)
    this.#sending.sayAll()
  }

  /** Said too early, it would be refused. */
  #out({ cid, body, re, at }: Outgoing): boolean {
    return this.#isIn && this.#connection.say({ t: 'send', room: this.room, cid, body, re, at })
  }

  /** From where we are; what comes meanwhile comes again. */
  #joinAgain(): void {
    if (this.room) this.#connection.say({ t: 'join', room: this.room, since: this.since() })
  }

  #acknowledged(cid: string): void {
    if (!this.#sending.acknowledged(cid)) return
    const { slow } = this.settings
    if (slow > 0 && this.rank < MODERATOR) this.slowUntilMs = Date.now() + slow * 1000
  }

  #refused({ cid, code, retry }: Extract<ServerFrame, { t: 'err' }>): void {
    if (cid === undefined) {
      if (!this.hasJoined || closed.has(code)) this.refusal = code
      return
    }
    if (this.#sending.refused(cid, code, retry) && code === 'slow_mode' && retry) this.slowUntilMs = Date.now() + retry
  }

  async #olderOfHub(): Promise<KeptLines | null> {
    const { oldest, epoch } = this.log
    if (oldest?.e !== epoch) return null
    const answer = await this.ask({ t: 'hist', before: oldest.s, limit: HISTORY_STEP })
    // The hub keeps the newest alone: where it ends, the platform goes on, which may not have those yet.
    if (answer?.t !== 'hist' || answer.m.length === 0) return null
    return { entries: answer.m.map((line) => ({ e: epoch, line })), more: true }
  }
}
