import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { html, LitElement, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { ChatLine } from '../../server/chat/protocol.ts'
import { serverClock } from '../server-clock.ts'
import { Session } from '../session.ts'
import { viewersText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { chatConnection } from './chat-connection.ts'
import { ChatRoomController, MODERATOR, type Outgoing } from './chat-room.ts'
import { chatStyles } from './chat-styles.ts'
import { connectionText, refusalText, slowText } from './chat-words.ts'
import { nameHue } from './name-colour.ts'
import { richText } from './rich-text.ts'

const MAX_LETTERS = 500
const WARN_FROM = 400
/** So near to the end counts as at the end, pixels. */
const NEAR = 48
const TIMEOUT_SECONDS = 600
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/**
 * The chat of one room: what is said, what the person says, and for moderators what to do about it. Guests read.
 *
 * Follows the newest message while its list is at the end, and else stays where the reader is.
 */
export class ChatPanel extends LitElement {
  static override styles = [base, buttons, chatStyles]
  static override properties = {
    room: {},
    delaySeconds: { attribute: false },
    draft: { state: true },
    answering: { state: true },
    isAtEnd: { state: true },
    unseen: { state: true },
  }

  /** Id of the room, as the channel or course names it. */
  declare room: string
  /** How far behind the show its picture is, so that what is said lands where its author was; null outside of a show. */
  declare delaySeconds: number | null
  declare draft: string
  declare answering: ChatLine | null
  declare isAtEnd: boolean
  declare unseen: number
  readonly #session = new Session(this)
  readonly #chat = new ChatRoomController(this)
  #viewer: number | null | undefined
  #shown = 0
  #announced = ''
  #countdown: ReturnType<typeof setInterval> | undefined

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.room = ''
    this.delaySeconds = null
    this.draft = ''
    this.answering = null
    this.isAtEnd = true
    this.unseen = 0
    this.#chat.onNotice = (text, from) => void toast(`${from}: ${text}`)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#countdown)
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    const viewer = this.#session.viewer === undefined ? undefined : (this.#session.viewer?.id ?? null)
    if (viewer !== undefined && this.#viewer !== undefined && viewer !== this.#viewer) chatConnection.reopen()
    if (viewer !== undefined) this.#viewer = viewer
    if (changed.has('room') && this.room) this.#chat.follow(this.room)
    const last = this.#chat.lines.at(-1)
    if (last && last.s > this.#shown) {
      if (!this.isAtEnd && this.#shown > 0) this.unseen += this.#chat.lines.filter(({ s }) => s > this.#shown).length
      this.#shown = last.s
    }
    if (this.#chat.slowUntilMs > Date.now()) this.#countDown()
  }

  protected override updated(): void {
    if (this.isAtEnd) this.#list?.scrollTo({ top: this.#list.scrollHeight })
  }

  get #list(): HTMLOListElement | null {
    return this.renderRoot.querySelector('ol')
  }

  #countDown(): void {
    this.#countdown ??= setInterval(() => {
      this.requestUpdate()
      if (this.#chat.slowUntilMs > Date.now()) return
      clearInterval(this.#countdown)
      this.#countdown = undefined
    }, 250)
  }

  readonly #onScroll = (): void => {
    const list = this.#list
    if (!list) return
    this.isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR
    if (this.isAtEnd) this.unseen = 0
  }

  readonly #toNewest = (): void => {
    this.isAtEnd = true
    this.unseen = 0
  }

  readonly #onInput = (event: Event): void => {
    this.draft = (event.target as HTMLTextAreaElement).value
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') this.answering = null
    // Enter in the midst of composing a character chooses it.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    this.#submit()
  }

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault()
    this.#submit()
  }

  #submit(): void {
    const body = this.draft.trim()
    if (!body || this.#letters > MAX_LETTERS || this.#slowLeft > 0) return
    const at = this.delaySeconds === null ? undefined : Math.round(serverClock.now() - this.delaySeconds * 1000)
    this.#chat.send(body, this.answering?.s, at)
    this.draft = ''
    this.answering = null
    this.isAtEnd = true
  }

  get #letters(): number {
    return this.draft.length <= WARN_FROM ? this.draft.length : [...segmenter.segment(this.draft.trim())].length
  }

  /** Seconds of slow mode that are left. */
  get #slowLeft(): number {
    return Math.max(0, Math.ceil((this.#chat.slowUntilMs - Date.now()) / 1000))
  }

  #line(line: ChatLine) {
    const { u = '', n = '', r = 0, b = '' } = line
    const replied = line.re ? this.#chat.lines.find(({ s }) => s === line.re) : undefined
    const me = this.#session.viewer?.display_name ?? ''
    return html`<li tabindex="-1">
      ${replied ? html`<span class="re">↩ ${replied.n}: ${replied.b}</span>` : nothing}
      ${r >= 3 ? html`<span class="badge">${msg('Host')}</span>` : r >= MODERATOR ? html`<span class="badge">${msg('Mod')}</span>` : nothing}
      <span class="name" style="--hue: ${nameHue(u)}">${n}</span>
      <span class="text">${richText(b, me)}</span>
      ${this.#tools(line)}
    </li>`
  }

  #tools(line: ChatLine) {
    const { rank } = this.#chat
    const isOwn = rank > 0 && line.u === `u:${this.#session.viewer?.id}`
    const isModerator = rank >= MODERATOR
    const isBelow = !isOwn && (line.r ?? 0) < MODERATOR
    const button = (label: string, act: () => void, isBad = false) =>
      html`<button type="button" class=${isBad ? 'bad' : ''} @click=${act}>${label}</button>`
    return html`<span class="tools">
      <time datetime=${new Date(line.ts).toISOString()}>${new Date(line.ts).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}</time>
      ${rank > 0 ? button(msg('Reply'), () => this.#answer(line)) : nothing}
      ${isModerator ? button(msg('Pin'), () => this.#chat.moderate({ op: 'pin', s: line.s })) : nothing}
      ${isModerator && isBelow ? button(msg('Mute 10 min'), () => this.#chat.moderate({ op: 'timeout', uid: line.u, sec: TIMEOUT_SECONDS })) : nothing}
      ${isModerator && isBelow ? button(msg('Ban'), () => this.#chat.moderate({ op: 'ban', uid: line.u }), true) : nothing}
      ${isModerator || isOwn ? button(msg('Delete'), () => this.#chat.moderate({ op: 'del', s: line.s }), true) : nothing}
    </span>`
  }

  #answer(line: ChatLine): void {
    this.answering = line
    this.renderRoot.querySelector('textarea')?.focus()
  }

  #outgoing(message: Outgoing) {
    const { refusal } = message
    return html`<li class=${refusal ? 'refused' : 'mine-waiting'}>
      <span class="text">${message.body}</span>
      ${
        refusal
          ? html`<span class="re" role="alert">${refusalText(refusal)}</span>
            <button type="button" class="plain" @click=${() => this.#chat.again(message)}>${msg('Send again')}</button>
            <button type="button" class="plain" @click=${() => this.#chat.dismiss(message)}>${msg('Discard')}</button>`
          : nothing
      }
    </li>`
  }

  #composer() {
    const { rank, settings, until, state } = this.#chat
    if (this.#session.viewer === null) {
      return html`<div class="guest">
        <span>${msg('You read as a guest.')}</span>
        <a class="button quiet" href="/sign-in?next=${encodeURIComponent(location.pathname)}">${msg('Sign in to write')}</a>
      </div>`
    }
    const isSilenced = until !== null && (until === 0 || until > serverClock.now())
    const isClosed = settings.frozen && rank < MODERATOR
    const why = isSilenced
      ? refusalText(until === 0 ? 'banned' : 'timed_out')
      : isClosed
        ? refusalText('chat_closed')
        : ''
    const slow = this.#slowLeft
    const letters = this.#letters
    return html`<form @submit=${this.#onSubmit}>
      ${
        this.answering
          ? html`<div class="answering"><span>↩ ${this.answering.n}: ${this.answering.b}</span>
            <button type="button" class="plain" aria-label=${msg('Do not reply')} @click=${() => (this.answering = null)}>${icon('xmark', 16)}</button></div>`
          : nothing
      }
      <div class="row">
        <textarea
          rows="1"
          aria-label=${msg('Message')}
          placeholder=${why || msg('Say something…')}
          ?disabled=${why !== '' || state === 'closed'}
          .value=${this.draft}
          @input=${this.#onInput}
          @keydown=${this.#onKey}
        ></textarea>
        <button class="button" ?disabled=${!this.draft.trim() || letters > MAX_LETTERS || slow > 0}>${slow > 0 ? `${slow} s` : msg('Send')}</button>
      </div>
      <div class="foot">
        <span>${settings.slow > 0 ? slowText(settings.slow) : ''}</span>
        ${letters >= WARN_FROM ? html`<span class=${letters > MAX_LETTERS ? 'long' : ''}>${letters} / ${MAX_LETTERS}</span>` : nothing}
      </div>
    </form>`
  }

  /** Read out when a reader is at rest, and no faster than they can follow: the newest alone. */
  #announcement(): string {
    const last = this.#chat.lines.at(-1)
    if (last && Date.now() - last.ts < 5000) this.#announced = `${last.n}: ${last.b}`
    return this.#announced
  }

  protected override render() {
    const { lines, outgoing, viewers, pin, state, closedWith, refusal, hasJoined } = this.#chat
    const words = connectionText(state, closedWith)
    return html`
      <header>
        <h2>${msg('Chat')}</h2>
        ${hasJoined ? html`<span class="count">${icon('eye', 16)}${viewersText(viewers)}</span>` : nothing}
      </header>
      ${words ? html`<p class="state" role="status">${words}</p>` : nothing}
      ${
        pin
          ? html`<p class="pinned"><strong>${msg('Pinned')}</strong> <span>${pin.n}: ${pin.b}</span>
            ${this.#chat.rank >= MODERATOR ? html`<button type="button" class="plain" @click=${() => this.#chat.moderate({ op: 'unpin' })}>${msg('Unpin')}</button>` : nothing}</p>`
          : nothing
      }
      <p class="visually-hidden" aria-live="polite">${this.#announcement()}</p>
      <div class="scroll">
        <ol aria-label=${msg('Messages')} tabindex="0" @scroll=${this.#onScroll}>
          ${repeat(
            lines,
            ({ s }) => s,
            (line) => this.#line(line),
          )}
          ${repeat(
            outgoing,
            ({ cid }) => cid,
            (message) => this.#outgoing(message),
          )}
        </ol>
        ${
          lines.length + outgoing.length === 0
            ? html`<p class="empty" style="position: absolute; inset: 0; margin: auto; height: max-content">${refusal ? refusalText(refusal) : hasJoined ? msg('Nothing said yet. Be the first.') : ''}</p>`
            : nothing
        }
        ${
          this.isAtEnd
            ? nothing
            : html`<button type="button" class="button newest" @click=${this.#toNewest}>${this.unseen > 0 ? msg(str`${this.unseen} new ↓`) : msg('To the newest ↓')}</button>`
        }
      </div>
      ${refusal ? nothing : this.#composer()}
    `
  }
}
customElements.define('chat-panel', ChatPanel)

declare global {
  interface HTMLElementTagNameMap {
    'chat-panel': ChatPanel
  }
}
