import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { guard } from 'lit/directives/guard.js'
import { repeat } from 'lit/directives/repeat.js'
import type { ReplayedMessageJson } from '../../server/vod/contract.ts'
import { Session } from '../session.ts'
import { durationText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { avatar, badge } from './chat-line.ts'
import { ChatPieces } from './chat-pieces.ts'
import { lineStyles, listStyles, panelStyles, plainButton } from './chat-styles.ts'
import { mentions } from './mentions.ts'
import { nameColours } from './name-colour.ts'
import { isJumbo, richText } from './rich-text.ts'
import { fetchEmotes } from './room-api.ts'

/** So many lines at least, and so many more for each look further up. */
const STEP = 100
/** So near to the end counts as at the end, pixels. */
const NEAR = 48
const LEAP_SECONDS = 1.5
const watched = ['timeupdate', 'seeking', 'seeked', 'loadedmetadata'] as const

/**
 * The chat of a show beside its recording: what was said up to the moment that plays. Follows the video through pauses, seeks
 * and speeds; a message's time plays from there.
 */
export class ChatReplay extends LitElement {
  static override styles = [
    base,
    buttons,
    panelStyles,
    listStyles,
    lineStyles,
    plainButton,
    css`
      :host { display: flex }
      .list { position: relative; flex: 1; min-height: 0; display: flex; flex-direction: column }
      .at { min-width: 32px; min-height: 24px; margin-inline-end: 4px; padding: 0 4px; border: 0; border-radius: 6px; background: none; color: var(--ink-soft); font: inherit; font-size: 0.78rem; font-variant-numeric: tabular-nums; cursor: pointer }
      .at:hover { background: var(--line); color: var(--ink) }
      .state { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 4px 12px }
      @media (hover: none) { .at { min-width: 44px; min-height: 32px } }
    `,
  ]
  static override properties = {
    url: {},
    pieces: { type: Number },
    room: {},
    video: { attribute: false },
    seconds: { state: true },
    isFollowing: { state: true },
    emotes: { state: true },
    most: { state: true },
  }

  /** Template of the pieces' addresses, signed; null until the chat is written. */
  declare url: string | null
  declare pieces: number
  /** Id of the room, for its emotes. */
  declare room: string
  /** What plays. */
  declare video: HTMLVideoElement | null
  declare seconds: number
  /** The newest line is in sight, and stays so. */
  declare isFollowing: boolean
  declare emotes: ReadonlyMap<string, string>
  /** How many lines are drawn. */
  declare most: number
  readonly #session = new Session(this)
  readonly #pieces = new ChatPieces(() => this.requestUpdate())
  readonly #names = new Set<string>()
  #heard: HTMLVideoElement | null = null
  #hasAskedForEmotes = false
  #topmost: { id: string; top: number } | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.url = null
    this.pieces = 0
    this.room = ''
    this.video = null
    this.seconds = 0
    this.isFollowing = true
    this.emotes = new Map()
    this.most = STEP
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#listen(this.video)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#listen(null)
  }

  #listen(video: HTMLVideoElement | null): void {
    for (const event of watched) this.#heard?.removeEventListener(event, this.#onTime)
    this.#heard = video
    for (const event of watched) video?.addEventListener(event, this.#onTime)
    if (video) this.seconds = tenths(video.currentTime)
  }

  readonly #onTime = (event: Event): void => {
    const before = this.seconds
    this.seconds = tenths(this.#heard?.currentTime ?? 0)
    // Whoever goes elsewhere wants to see what was said there; a player that leaps over a hole does not.
    if (event.type === 'seeking' && Math.abs(this.seconds - before) > LEAP_SECONDS) this.#followAgain()
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('video') && this.isConnected) this.#listen(this.video)
    this.#pieces.open(this.url ?? '', this.url ? this.pieces : 0)
    if (this.isConnected) this.#pieces.follow(this.seconds)
    this.#topmost = this.isFollowing ? null : this.#findTopmost()
  }

  protected override updated(): void {
    const list = this.#list
    if (!list) return
    if (this.isFollowing) list.scrollTop = list.scrollHeight
    else if (this.#topmost) {
      const line = this.renderRoot.querySelector<HTMLElement>(`li[data-id="${this.#topmost.id}"]`)
      if (line) list.scrollTop = line.offsetTop - this.#topmost.top
    }
  }

  get #list(): HTMLOListElement | null {
    return this.renderRoot.querySelector('ol')
  }

  get #lines(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('li[data-id]')]
  }

  /** The first line in sight, so that it stays there, whatever comes. */
  #findTopmost(): { id: string; top: number } | null {
    const scrollTop = this.#list?.scrollTop ?? 0
    const line = this.#lines.find(({ offsetTop, offsetHeight }) => offsetTop + offsetHeight > scrollTop)
    return line ? { id: line.dataset.id ?? '', top: line.offsetTop - scrollTop } : null
  }

  #followAgain(): void {
    this.isFollowing = true
    this.most = STEP
  }

  #play(from: number): void {
    const { video } = this
    if (!video) return
    video.currentTime = from
    void video.play().catch(() => undefined)
  }

  readonly #onScroll = (): void => {
    const list = this.#list
    if (!list) return
    const isHeld = this.renderRoot.querySelector('li:focus, li:focus-within') !== null
    this.isFollowing = !isHeld && list.scrollHeight - list.scrollTop - list.clientHeight < NEAR
  }

  readonly #onFocusIn = (event: FocusEvent): void => {
    if ((event.target as HTMLElement).closest('li[data-id]')) this.isFollowing = false
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const line = (event.target as HTMLElement).closest<HTMLElement>('li[data-id]')
    const lines = this.#lines
    const at = line ? lines.indexOf(line) : lines.length
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: lines.length - 1 }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      const next = lines[Math.max(0, Math.min(lines.length - 1, to))]
      next?.focus({ preventScroll: true })
      next?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Escape' && line) {
      event.preventDefault()
      this.#toNow()
    } else if (event.key === 'Enter' && line && event.target === line) {
      event.preventDefault()
      this.#play(Number(line.dataset.at))
    }
  }

  readonly #toNow = (): void => {
    this.#list?.focus({ preventScroll: true })
    this.#followAgain()
  }

  readonly #earlier = (): void => {
    this.isFollowing = false
    this.most += STEP
    this.#pieces.wantEarlier()
  }

  /** Asked for once a text looks like one. */
  #wantEmotes(messages: readonly ReplayedMessageJson[]): void {
    if (this.#hasAskedForEmotes || !messages.some(({ text }) => /:[a-z0-9_]{2,32}:/.test(text))) return
    this.#hasAskedForEmotes = true
    // Without them their names are read.
    fetchEmotes(this.room).then(
      (emotes) => {
        this.emotes = emotes
      },
      () => undefined,
    )
  }

  #line(message: ReplayedMessageJson, me: string) {
    const { emotes } = this
    return guard([message, me, emotes, document.documentElement.lang], () => {
      const { id, at, author, rank, text, reply_to: answered } = message
      const uid = `u:${author.id ?? author.name}`
      const { light, dark } = nameColours(uid)
      // As the player counts: whole seconds that are over.
      const time = durationText(Math.floor(at))
      return html`<li data-id=${id} data-at=${at} tabindex="-1" class=${mentions(text, me) ? 'called' : ''}>
        ${avatar(uid, author.name, undefined)}
        <div class="body">
          ${answered ? html`<span class="re">${icon('reply', 14)}<span>${answered.name}: ${answered.text}</span></span>` : nothing}
          <button type="button" class="at" tabindex="-1" aria-label=${msg(str`Play from ${time}`)} title=${msg(str`Play from ${time}`)} @click=${() => this.#play(at)}>${time}</button>
          ${badge(rank)}<span class="name" style="color: light-dark(${light}, ${dark})">${author.name}</span>
          <span class=${isJumbo(text, emotes) ? 'text jumbo' : 'text'}>${richText(text, { me, emotes, names: this.#names })}</span>
        </div>
      </li>`
    })
  }

  #words(isEmpty: boolean): string | null {
    if (!this.url) return msg('The chat of this show is being written. It appears here in a moment.')
    if (!isEmpty || this.#pieces.hasFailed) return null
    return this.#pieces.isLoading ? msg('One moment…') : msg('Nobody has written up to this moment of the show.')
  }

  protected override render() {
    const me = this.#session.viewer?.display_name ?? ''
    const messages = this.#pieces.upTo(this.seconds, this.most)
    for (const { author } of messages) this.#names.add(author.name.toLowerCase())
    this.#wantEmotes(messages)
    const hasEarlier = messages.length === this.most || (messages.length > 0 && this.#pieces.hasEarlier)
    const words = this.#words(messages.length === 0)
    return html`
      <header><h2>${msg('Chat of the show')}</h2></header>
      ${
        this.#pieces.hasFailed
          ? html`<div class="state" role="status">
            <span>${msg('The chat could not be loaded. We keep trying.')}</span>
            <button type="button" class="plain" @click=${() => this.#pieces.retry()}>${msg('Try again')}</button>
          </div>`
          : nothing
      }
      <div class="list">
        <ol aria-label=${msg('Messages up to the moment that plays')} tabindex="0" @scroll=${this.#onScroll} @keydown=${this.#onKey} @focusin=${this.#onFocusIn}>
          ${hasEarlier ? html`<li class="head"><button type="button" class="plain" @click=${this.#earlier}>${msg('Show earlier messages')}</button></li>` : nothing}
          ${repeat(
            messages,
            ({ id }) => id,
            (message) => this.#line(message, me),
          )}
        </ol>
        ${words ? html`<p class="empty">${words}</p>` : nothing}
        ${this.isFollowing || messages.length === 0 ? nothing : html`<button type="button" class="button newest" @click=${this.#toNow}>${msg('To the moment that plays')}${icon('arrow-down', 16)}</button>`}
      </div>
    `
  }
}
/** As messages are placed: a player that was sent to one may stand a hair before it. */
function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10
}

customElements.define('chat-replay', ChatReplay)

declare global {
  interface HTMLElementTagNameMap {
    'chat-replay': ChatReplay
  }
}
