import { msg } from '@lit/localize'
import { html, nothing, type PropertyValues } from 'lit'
import { guard } from 'lit/directives/guard.js'
import { repeat } from 'lit/directives/repeat.js'
import { serverClock } from '../server-clock.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { chatLine, dayText, type LineActions, outgoingLine } from './chat-line.ts'
import { MODERATOR } from './chat-ranks.ts'
import { lineStyles, listStyles } from './chat-styles.ts'
import { newMessagesText } from './chat-words.ts'
import { emptyList, isSameDay, listHead } from './list-ends.ts'
import './live-words.ts'
import { around, following, type ListWindow, newer, older, standing, within } from './list-window.ts'
import { RoomElement } from './room-element.ts'
import type { Entry } from './room-log.ts'

/** So near to the end counts as at the end, pixels. */
const NEAR = 48

/**
 * What was said, the newest at the bottom. Draws the lines around the reader alone, follows the newest while its end is
 * in sight, and else keeps what is read where it is, whatever comes above or below.
 *
 * @fires reply - `detail` is the entry to answer.
 * @fires line-menu - `detail` is `{entry, anchor}`.
 */
export class ChatList extends RoomElement {
  static override styles = [base, buttons, listStyles, lineStyles]
  static override properties = {
    ...RoomElement.properties,
    me: {},
    window: { state: true },
    isAtEnd: { state: true },
  }

  /** The reader's name. */
  declare me: string
  declare window: ListWindow
  declare isAtEnd: boolean
  /** The newest that was in sight. */
  #seen = -1
  #anchor: { id: string; top: number } | null = null
  /** To be brought into sight once it is drawn. */
  #sought: number | null = null
  readonly #sizes = new ResizeObserver(() => this.isAtEnd && this.#toEnd())
  readonly #actions: LineActions = {
    reply: (entry) => this.dispatchEvent(new CustomEvent('reply', { detail: entry })),
    openMenu: (entry, anchor) => this.dispatchEvent(new CustomEvent('line-menu', { detail: { entry, anchor } })),
    jumpTo: (s) => void this.show(s),
  }

  constructor() {
    super()
    this.me = ''
    this.window = following([])
    this.isAtEnd = true
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#sizes.disconnect()
  }

  /** Brings the message with that number into sight, asking for older ones until it is there; false when it is not to be had. */
  async show(s: number): Promise<boolean> {
    const { chat } = this
    for (let tries = 0; !chat.log.find(s) && chat.history !== 'all' && tries < 20; tries += 1) {
      await chat.loadOlder()
      if (chat.history === 'failed') return false
    }
    const entry = chat.log.find(s)
    if (!entry) return false
    this.#sought = entry.id
    this.#stand(around(chat.log.entries, entry.id))
    return true
  }

  toNewest(): void {
    this.isAtEnd = true
    this.chat.isReading = false
    this.window = following(this.chat.log.entries)
  }

  /** At most once for each picture of the screen, and not at all while nobody sees it. */
  protected override async scheduleUpdate(): Promise<unknown> {
    await new Promise(requestAnimationFrame)
    return super.scheduleUpdate()
  }

  protected override willUpdate(): void {
    const { entries } = this.chat.log
    if (this.isAtEnd) {
      this.window = following(entries, this.window)
      this.#seen = entries.at(-1)?.id ?? -1
    } else if ((entries.at(-1)?.id ?? -1) < this.window.from) this.toNewest()
    this.#anchor = this.isAtEnd ? null : this.#topmost()
  }

  protected override firstUpdated(): void {
    if (this.#list) this.#sizes.observe(this.#list)
  }

  protected override updated(_changed: PropertyValues): void {
    const list = this.#list
    if (!list) return
    if (this.isAtEnd) this.#toEnd()
    else if (this.#sought !== null) this.#bringIntoSight(this.#sought)
    else if (this.#anchor) {
      const line = this.#lineOf(this.#anchor.id)
      if (line) list.scrollTop += line.offsetTop - list.scrollTop - this.#anchor.top
    }
    this.#drawMore()
  }

  get #list(): HTMLOListElement | null {
    return this.renderRoot.querySelector('ol')
  }

  #lineOf(id: number | string): HTMLElement | null {
    return this.renderRoot.querySelector(`li[data-id="${id}"]`)
  }

  #toEnd(): void {
    const list = this.#list
    if (list) list.scrollTop = list.scrollHeight
  }

  /** The first line in sight, and how far it is from the top. */
  #topmost(): { id: string; top: number } | null {
    const list = this.#list
    for (const line of list?.querySelectorAll<HTMLElement>('li[data-id]') ?? []) {
      if (list && line.offsetTop + line.offsetHeight > list.scrollTop) {
        return { id: line.dataset.id ?? '', top: line.offsetTop - list.scrollTop }
      }
    }
    return null
  }

  #bringIntoSight(id: number): void {
    const line = this.#lineOf(id)
    this.#sought = null
    line?.scrollIntoView({ block: 'center' })
    line?.focus({ preventScroll: true })
    line?.classList.add('found')
    line?.addEventListener('animationend', () => line.classList.remove('found'), { once: true })
  }

  /** So that there is always more than a screen of lines on either side, as far as there are any. */
  #drawMore(): void {
    const list = this.#list
    const { entries } = this.chat.log
    if (!list || this.isAtEnd || entries.length === 0) return
    const first = entries[0]?.id ?? 0
    const last = entries.at(-1)?.id ?? 0
    const isShortBelow = list.scrollHeight - list.scrollTop - list.clientHeight < list.clientHeight
    if (isShortBelow && this.window.to < last) this.window = newer(entries, this.window)
    else if (list.scrollTop < list.clientHeight) {
      if (this.window.from > first) this.window = older(entries, this.window)
      else if (this.chat.history === 'idle') void this.chat.loadOlder()
    }
  }

  #stand(window: ListWindow): void {
    this.isAtEnd = false
    this.chat.isReading = true
    this.window = standing(this.chat.log.entries, window)
  }

  readonly #onScroll = (): void => {
    const list = this.#list
    if (!list) return
    const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR
    const isLast = this.window.to >= (this.chat.log.entries.at(-1)?.id ?? 0)
    const isHeld = this.renderRoot.querySelector('li:focus, li:focus-within') !== null
    if (isNear && isLast && !isHeld) {
      if (!this.isAtEnd) this.toNewest()
      return
    }
    if (this.isAtEnd && !isNear) this.#stand(this.window)
    this.#drawMore()
  }

  /** Who has come to a line keeps it, however much is said meanwhile. */
  readonly #onFocusIn = (event: FocusEvent): void => {
    if ((event.target as HTMLElement).closest('li[data-id]') && this.isAtEnd) this.#stand(this.window)
  }

  readonly #onFocusOut = (): void => {
    // Only once it is known where the focus has gone.
    requestAnimationFrame(this.#onScroll)
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const line = (event.target as HTMLElement).closest<HTMLElement>('li[data-id]')
    const lines = [...this.renderRoot.querySelectorAll<HTMLElement>('li[data-id]')]
    const at = line ? lines.indexOf(line) : lines.length
    const steps: Record<string, number> = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: lines.length - 1 }
    const to = steps[event.key]
    if (to !== undefined) {
      event.preventDefault()
      const next = lines[Math.max(0, Math.min(lines.length - 1, to))]
      next?.focus({ preventScroll: true })
      next?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Escape' && line) {
      event.preventDefault()
      this.#list?.focus()
      this.toNewest()
    } else if (line && event.target === line && (event.key === 'Enter' || event.key === 'ContextMenu')) {
      event.preventDefault()
      const entry = this.chat.log.entries.find(({ id }) => String(id) === line.dataset.id)
      if (entry?.line.k === 'msg') this.#actions.openMenu(entry, line)
    }
  }

  #line(entry: Entry, previous: Entry | undefined) {
    const { chat, me } = this
    const { line } = entry
    const answered = line.re === undefined ? undefined : chat.log.find(line.re)
    const isNewDay = !previous || !isSameDay(previous.line.ts, line.ts)
    const canWrite = chat.rank > 0
    const isModerator = chat.rank >= MODERATOR
    // What has not changed is not looked at again: fifty lines a second come in below a hundred others.
    return guard(
      [entry, answered, me, chat.emotes, canWrite, isModerator, isNewDay, document.documentElement.lang],
      () => [
        isNewDay ? html`<li class="day"><span>${dayText(line.ts, serverClock.now())}</span></li>` : nothing,
        chatLine(entry, {
          me,
          names: chat.names,
          emotes: chat.emotes,
          answered,
          canWrite,
          isModerator,
          actions: this.#actions,
        }),
      ],
    )
  }

  protected override render() {
    const { log, outbox } = this.chat
    const shown = within(log.entries, this.window)
    const unseen = log.entries.filter(({ id, line }) => id > this.#seen && line.k === 'msg').length
    const hasEnd = this.window.to >= (log.entries.at(-1)?.id ?? 0)
    return html`
      <ol
        aria-label=${msg('Messages')}
        tabindex="0"
        @scroll=${this.#onScroll}
        @keydown=${this.#onKey}
        @focusin=${this.#onFocusIn}
        @focusout=${this.#onFocusOut}
      >
        ${this.window.from <= (log.entries[0]?.id ?? Number.NEGATIVE_INFINITY) ? listHead(this.chat) : nothing}
        ${repeat(
          shown,
          ({ id }) => id,
          (entry, index) => this.#line(entry, shown[index - 1]),
        )}
        ${hasEnd ? outbox.messages.map((message) => outgoingLine(message, { again: (m) => this.chat.again(m), dismiss: (m) => this.chat.dismiss(m) })) : nothing}
      </ol>
      ${log.entries.length + outbox.messages.length === 0 ? emptyList(this.chat) : nothing}
      ${
        this.isAtEnd
          ? nothing
          : html`<button type="button" class="button newest" @click=${this.#onNewest}>${unseen > 0 ? newMessagesText(unseen) : msg('To the newest')}${icon('arrow-down', 16)}</button>`
      }
      <live-words .chat=${this.chat} .me=${this.me}></live-words>
    `
  }

  readonly #onNewest = (): void => {
    this.#list?.focus({ preventScroll: true })
    this.toNewest()
  }
}
customElements.define('chat-list', ChatList)

declare global {
  interface HTMLElementTagNameMap {
    'chat-list': ChatList
  }
}
