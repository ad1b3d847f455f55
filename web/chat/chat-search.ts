import { msg } from '@lit/localize'
import { css, html, nothing } from 'lit'
import type { MessageJson, MessagesJson } from '../../server/chat/contract.ts'
import { get } from '../api.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { avatar, badge, momentText } from './chat-line.ts'
import { lineStyles, sheetStyles } from './chat-styles.ts'
import { nameColours } from './name-colour.ts'
import { richText } from './rich-text.ts'
import { pathOf } from './room-api.ts'
import { RoomElement } from './room-element.ts'

/**
 * Messages by their words, the newest first.
 *
 * @fires jump - `detail` is the number of the message to show.
 * @fires close
 */
export class ChatSearch extends RoomElement {
  static override styles = [
    base,
    buttons,
    lineStyles,
    sheetStyles,
    css`
      form { display: flex; flex: 1; gap: 6px }
      input { flex: 1; min-width: 0; min-height: 40px; padding: 0 12px; border: 1px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink); font: inherit; font-size: 16px }
      .hit { display: flex; gap: 8px; padding: 8px 16px; font-size: 0.94rem; overflow-wrap: anywhere }
      .hit time { display: block; color: var(--ink-soft); font-size: 0.78rem }
      .hit .plain { min-height: 32px; padding: 0; border: 0; background: none; color: var(--accent); font: inherit; font-size: 0.82rem; font-weight: 600; cursor: pointer }
      @media (hover: none) { .hit .plain { min-height: 40px } }
    `,
  ]
  static override properties = {
    ...RoomElement.properties,
    me: {},
    found: { state: true },
    next: { state: true },
    state: { state: true },
  }

  /** The reader's name. */
  declare me: string
  /** Null before anything was looked for. */
  declare found: MessageJson[] | null
  declare next: string | null
  declare state: 'idle' | 'searching' | 'failed'
  #query = ''

  constructor() {
    super()
    this.me = ''
    this.found = null
    this.next = null
    this.state = 'idle'
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector('input')?.focus()
  }

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault()
    this.#query = this.renderRoot.querySelector('input')?.value.trim() ?? ''
    this.found = null
    this.next = null
    if (this.#query) void this.#search()
  }

  async #search(): Promise<void> {
    const query = this.#query
    const parameters = new URLSearchParams({ q: query, ...(this.next ? { before: this.next } : {}) })
    this.state = 'searching'
    try {
      const page = await get<MessagesJson>(pathOf(this.chat.room, `messages/search/?${parameters}`))
      if (query !== this.#query) return
      this.found = [...(this.found ?? []), ...page.results]
      this.next = page.next
      this.state = 'idle'
    } catch {
      this.state = 'failed'
    }
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    event.preventDefault()
    this.#close()
  }

  #close(): void {
    this.dispatchEvent(new CustomEvent('close'))
  }

  #message(message: MessageJson) {
    const { author, text, sent_at, epoch, seq } = message
    const uid = `u:${author.id}`
    const { light, dark } = nameColours(uid)
    const { names, emotes, log } = this.chat
    return html`<li class="hit">
      ${avatar(uid, author.name, author.avatar_url ?? undefined)}
      <div class="body">
        <time datetime=${sent_at}>${momentText(Date.parse(sent_at))}</time>
        ${badge(message.rank)}<span class="name" style="color: light-dark(${light}, ${dark})">${author.name}</span>
        <span class="text">${richText(text, { me: this.me, names, emotes })}</span>
        ${
          epoch === log.epoch
            ? html`<div><button type="button" class="plain" @click=${() => this.dispatchEvent(new CustomEvent('jump', { detail: seq }))}>${msg('Show in the chat')}</button></div>`
            : nothing
        }
      </div>
    </li>`
  }

  protected override render() {
    const { found, state } = this
    return html`
      <div class="bar" @keydown=${this.#onKey}>
        <button type="button" class="tool" aria-label=${msg('Back to the chat')} @click=${() => this.#close()}>${icon('chevron-left')}</button>
        <form role="search" @submit=${this.#onSubmit}>
          <input type="search" maxlength="100" enterkeyhint="search" aria-label=${msg('Words to look for')} placeholder=${msg('Words to look for')} />
          <button class="tool" aria-label=${msg('Search')}>${icon('search')}</button>
        </form>
      </div>
      <div class="scroll" @keydown=${this.#onKey} aria-live="polite">
        ${found && found.length > 0 ? html`<ul>${found.map((message) => this.#message(message))}</ul>` : nothing}
        ${found?.length === 0 ? html`<p class="note">${msg('Nothing found. Try fewer or other words.')}</p>` : nothing}
        ${state === 'searching' ? html`<p class="note" role="status">${msg('Searching…')}</p>` : nothing}
        ${state === 'failed' ? html`<p class="note" role="alert">${msg('The search did not work. Try again.')}</p>` : nothing}
        ${!found && state === 'idle' ? html`<p class="note">${msg('Finds messages in which all of your words are.')}</p>` : nothing}
        ${this.next && state === 'idle' ? html`<button type="button" class="button quiet more" @click=${() => void this.#search()}>${msg('Show more')}</button>` : nothing}
      </div>
    `
  }
}
customElements.define('chat-search', ChatSearch)

declare global {
  interface HTMLElementTagNameMap {
    'chat-search': ChatSearch
  }
}
