import { msg } from '@lit/localize'
import { html, nothing } from 'lit'
import { playSound } from '../notices/sound.ts'
import { Session } from '../session.ts'
import { viewersText } from '../ui/format.ts'
import { type IconName, icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import './chat-composer.ts'
import './chat-list.ts'
import './chat-menu.ts'
import { MODERATOR } from './chat-ranks.ts'
import { ChatRoom } from './chat-room.ts'
import { panelStyles, plainButton, textStyles } from './chat-styles.ts'
import { connectionText, deedRefusalText, settingsTexts } from './chat-words.ts'
import { MentionSound } from './mention-sound.ts'
import { messageActions, personActions, type Somebody } from './person-menu.ts'
import { richText } from './rich-text.ts'
import { RoomElement } from './room-element.ts'
import type { Entry } from './room-log.ts'

type Sheet = 'people' | 'search' | null
type Dialog = 'chat-settings' | 'notice-form'

/**
 * The chat of one room: what is said, what the person says, who is here, and for moderators what to do about it. Guests
 * read.
 */
export class ChatPanel extends RoomElement {
  static override styles = [base, buttons, panelStyles, plainButton, textStyles]
  static override properties = {
    ...RoomElement.properties,
    room: {},
    delay: { attribute: false },
    sheet: { state: true },
    beats: { state: true },
    parts: { state: true },
  }

  /** Id of the room, as the channel or course names it. */
  declare room: string
  /** How many seconds its picture is behind the show at this moment; null outside of a show. */
  declare delay: () => number | null
  declare sheet: Sheet
  /** The number of viewers has just changed. */
  declare beats: boolean
  /** Dialogs whose code is there. */
  declare parts: ReadonlySet<Dialog>
  readonly #session = new Session(this)
  readonly #sound = new MentionSound()
  #viewers = 0

  constructor() {
    super()
    this.chat = new ChatRoom()
    this.room = ''
    this.delay = () => null
    this.sheet = null
    this.beats = false
    this.parts = new Set()
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.chat.connect()
    visualViewport?.addEventListener('resize', this.#onVisible)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.chat.disconnect()
    visualViewport?.removeEventListener('resize', this.#onVisible)
  }

  /** A phone's keyboard takes half of the screen: what is left is the chat's, composer included. */
  readonly #onVisible = (): void => {
    const height = visualViewport?.height ?? innerHeight
    this.style.setProperty('--visible-height', `${Math.min(height, innerHeight) - 8}px`)
    if (this.matches(':focus-within') && this.#composer) this.#composer.scrollIntoView({ block: 'end' })
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    const { viewer } = this.#session
    if (viewer !== undefined) this.chat.become(viewer?.id ?? null, viewer?.display_name ?? '')
    if (changed.has('room') && this.room) this.chat.follow(this.room)
    if (viewer && this.chat.hasJoined) this.#sound.hear(this.chat.log.entries, viewer.display_name, playSound)
    if (this.chat.viewers !== this.#viewers) {
      this.#viewers = this.chat.viewers
      this.beats = true
    }
  }

  get #composer(): HTMLElementTagNameMap['chat-composer'] | null {
    return this.renderRoot.querySelector('chat-composer')
  }

  get #list(): HTMLElementTagNameMap['chat-list'] | null {
    return this.renderRoot.querySelector('chat-list')
  }

  /** As the hub knows the reader; null for a guest. */
  get #me(): string | null {
    return this.#session.viewer ? `u:${this.#session.viewer.id}` : null
  }

  readonly #onReply = (event: CustomEvent<Entry>): void => this.#composer?.reply(event.detail)

  readonly #onLineMenu = ({ detail }: CustomEvent<{ entry: Entry; anchor: HTMLElement }>): void => {
    const { entry, anchor } = detail
    const reply = { label: msg('Reply'), run: () => this.#composer?.reply(entry) }
    const [own = [], ...others] = messageActions(this.chat, entry, this.#me)
    const canReply = this.chat.rank > 0 && entry.e === this.chat.log.epoch
    this.#openMenu(entry.line.n ?? '', [canReply ? [reply, ...own] : own, ...others], anchor)
  }

  readonly #onPersonMenu = ({ detail }: CustomEvent<{ person: Somebody; anchor: HTMLElement }>): void => {
    this.#openMenu(detail.person.n, personActions(this.chat, detail.person, this.#me), detail.anchor)
  }

  #openMenu(...args: Parameters<HTMLElementTagNameMap['chat-menu']['open']>): void {
    void this.renderRoot.querySelector('chat-menu')?.open(...args)
  }

  readonly #onJump = async (event: CustomEvent<number>): Promise<void> => {
    this.sheet = null
    await this.updateComplete
    if (!(await this.#list?.show(event.detail))) void toast(msg('This message is no longer here.'), 'danger')
  }

  async #openSheet(sheet: Sheet): Promise<void> {
    if (sheet === 'people') await import('./chat-people.ts')
    if (sheet === 'search') await import('./chat-search.ts')
    this.sheet = this.sheet === sheet ? null : sheet
  }

  readonly #closeSheet = async (): Promise<void> => {
    const { sheet } = this
    this.sheet = null
    await this.updateComplete
    this.renderRoot.querySelector<HTMLElement>(`[data-sheet="${sheet}"]`)?.focus()
  }

  async #openDialog(tag: Dialog, opener: HTMLElement): Promise<void> {
    await (tag === 'chat-settings' ? import('./chat-settings.ts') : import('./notice-form.ts'))
    this.parts = new Set([...this.parts, tag])
    await this.updateComplete
    this.renderRoot.querySelector(tag)?.open(opener)
  }

  async #unpin(): Promise<void> {
    const refusal = await this.chat.moderate({ op: 'unpin' })
    if (refusal) void toast(deedRefusalText(refusal), 'danger')
  }

  #head() {
    const { hasJoined, viewers, rank, settings } = this.chat
    const sheet = (name: 'people' | 'search', label: string) =>
      html`<button
        type="button"
        class="tool"
        data-sheet=${name}
        aria-label=${label}
        title=${label}
        aria-pressed=${this.sheet === name ? 'true' : 'false'}
        @click=${() => void this.#openSheet(name)}
      >${icon(name === 'people' ? 'users' : name)}</button>`
    const dialog = (tag: Dialog, picture: IconName, label: string) =>
      html`<button
        type="button"
        class="tool"
        aria-haspopup="dialog"
        aria-label=${label}
        title=${label}
        @click=${(event: Event) => void this.#openDialog(tag, event.currentTarget as HTMLElement)}
      >${icon(picture)}</button>`
    const isModerator = rank >= MODERATOR
    const mayNotify = isModerator || (rank > 0 && settings.notices === 'everyone')
    return html`<header>
      <h2>${msg('Chat')}</h2>
      ${hasJoined ? html`<span class="count"><span class=${this.beats ? 'pulse beat' : 'pulse'} @animationend=${() => (this.beats = false)}></span>${viewersText(viewers)}</span>` : nothing}
      ${hasJoined ? [sheet('search', msg('Search in the chat')), sheet('people', msg('Who is here'))] : nothing}
      ${mayNotify ? dialog('notice-form', 'megaphone', msg('Notice to everybody here')) : nothing}
      ${isModerator ? dialog('chat-settings', 'sliders', msg('Chat settings')) : nothing}
    </header>`
  }

  #pinned() {
    const { log, rank, emotes, names } = this.chat
    const { pin } = log
    if (!pin) return nothing
    const me = this.#session.viewer?.display_name ?? ''
    return html`<div class="pinned">
      ${icon('pin', 16)}
      <p><strong>${pin.n}</strong> ${richText(pin.b ?? '', { me, names, emotes })}</p>
      ${rank >= MODERATOR ? html`<button type="button" class="plain" @click=${() => void this.#unpin()}>${msg('Unpin')}</button>` : nothing}
    </div>`
  }

  #foot() {
    if (this.chat.refusal) return nothing
    if (this.#session.viewer === null) {
      return html`<div class="guest">
        <span>${msg('You read as a guest.')}</span>
        <a class="button quiet" href="/sign-in?next=${encodeURIComponent(location.pathname)}">${msg('Sign in to write')}</a>
      </div>`
    }
    return html`<chat-composer .chat=${this.chat} .delay=${this.delay} @sent=${() => this.#list?.toNewest()}></chat-composer>`
  }

  #body(me: string) {
    if (this.sheet === 'people') {
      return html`<chat-people .chat=${this.chat} .me=${this.#me} @person-menu=${this.#onPersonMenu} @close=${this.#closeSheet}></chat-people>`
    }
    if (this.sheet === 'search') {
      return html`<chat-search .chat=${this.chat} .me=${me} @jump=${this.#onJump} @close=${this.#closeSheet}></chat-search>`
    }
    return html`
      ${this.#pinned()}
      <chat-list .chat=${this.chat} .me=${me} @reply=${this.#onReply} @line-menu=${this.#onLineMenu}></chat-list>
      ${this.#foot()}
    `
  }

  protected override render() {
    const { state, closedWith, settings, rank } = this.chat
    const words = connectionText(state, closedWith)
    const rules = settingsTexts(settings)
    return html`
      ${this.#head()}
      ${words ? html`<p class="state" role="status">${words}</p>` : nothing}
      ${rules.length > 0 ? html`<p class="rules">${rules.join(' · ')}</p>` : nothing}
      ${this.#body(this.#session.viewer?.display_name ?? '')}
      <chat-menu></chat-menu>
      ${this.parts.has('chat-settings') && rank >= MODERATOR ? html`<chat-settings .chat=${this.chat}></chat-settings>` : nothing}
      ${this.parts.has('notice-form') ? html`<notice-form .chat=${this.chat}></notice-form>` : nothing}
    `
  }
}
customElements.define('chat-panel', ChatPanel)

declare global {
  interface HTMLElementTagNameMap {
    'chat-panel': ChatPanel
  }
}
