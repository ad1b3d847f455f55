import { msg } from '@lit/localize'
import { css, html, nothing, type TemplateResult } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/dialog/dialog.js'
import type { RoomMode } from '../../server/chat/protocol.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { OWNER } from './chat-ranks.ts'
import { deedRefusalText, lengthText, modeText } from './chat-words.ts'
import './room-bans.ts'
import './room-deeds.ts'
import './room-emotes.ts'
import { RoomElement } from './room-element.ts'
import './room-moderators.ts'
import './room-terms.ts'

const SLOW_SECONDS = [0, 3, 5, 10, 30, 60, 120, 300, 900]

/** What moderators set in a room, and the lists that they keep. Everything holds at once, for everybody. */
export class ChatSettings extends RoomElement {
  static override styles = [
    base,
    buttons,
    css`
      wa-dialog { --width: min(560px, calc(100vw - 24px)) }
      .rows { display: grid; gap: 14px; padding-block-end: 14px }
      label { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: 6px 16px; min-height: 44px }
      @media (max-width: 520px) { label:has(select) { grid-template-columns: 1fr } }
      label small { display: block; color: var(--ink-soft); font-size: 0.85rem }
      select { min-height: 44px; max-width: 100%; padding: 0 12px; border: 1px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink); font: inherit; font-size: 16px }
      input[type='checkbox'] { width: 24px; height: 24px; accent-color: var(--accent) }
      details { border-block-start: 1px solid var(--line) }
      summary { min-height: 48px; display: flex; align-items: center; gap: 8px; font-weight: 620; cursor: pointer; list-style: none }
      summary::-webkit-details-marker { display: none }
      summary::before { content: '›'; width: 14px; color: var(--ink-soft); font-size: 1.2rem; line-height: 1; transition: rotate 0.15s }
      details[open] summary::before { rotate: 90deg }
      details > :not(summary) { padding-block-end: 16px }
    `,
  ]
  static override properties = { ...RoomElement.properties, isOpen: { state: true }, opened: { state: true } }

  declare isOpen: boolean
  /** Lists that have been looked at since the dialog was opened. */
  declare opened: ReadonlySet<string>
  #returnTo: HTMLElement | null = null

  constructor() {
    super()
    this.isOpen = false
    this.opened = new Set()
  }

  /** @param returnTo gets the focus back */
  open(returnTo: HTMLElement): void {
    this.#returnTo = returnTo
    this.opened = new Set()
    this.isOpen = true
  }

  readonly #onHide = (event: Event): void => {
    if (event.target !== event.currentTarget) return
    this.isOpen = false
    this.#returnTo?.focus()
  }

  async #set(operation: object): Promise<void> {
    const refusal = await this.chat.moderate(operation)
    void toast(refusal ? deedRefusalText(refusal) : msg('Saved.'), refusal ? 'danger' : 'success')
    // What was not done is not shown as if it were.
    this.requestUpdate()
  }

  #rules() {
    const { slow, mode, frozen, notices } = this.chat.settings
    const slows = [...new Set([...SLOW_SECONDS, slow])].sort((a, b) => a - b)
    const modes: RoomMode[] = this.chat.room.startsWith('channel')
      ? ['all', 'followers', 'enrolled', 'emote', 'mods']
      : this.chat.room.startsWith('course')
        ? ['all', 'enrolled', 'emote', 'mods']
        : ['all', 'emote', 'mods']
    const value = (event: Event) => (event.target as HTMLSelectElement).value
    return html`<div class="rows">
      <label>
        <span>${msg('Who may write')}</span>
        <select .value=${mode} @change=${(event: Event) => void this.#set({ op: 'mode', mode: value(event) })}>
          ${modes.map((each) => html`<option value=${each} ?selected=${each === mode}>${modeText(each)}</option>`)}
        </select>
      </label>
      <label>
        <span>${msg('Slow mode')}<small>${msg('Between two messages of one person; moderators excepted')}</small></span>
        <select .value=${String(slow)} @change=${(event: Event) => void this.#set({ op: 'slow', sec: Number(value(event)) })}>
          ${slows.map((each) => html`<option value=${each} ?selected=${each === slow}>${each === 0 ? msg('Off') : lengthText(each)}</option>`)}
        </select>
      </label>
      <label>
        <span>${msg('Close the chat')}<small>${msg('Only moderators write until it is opened again')}</small></span>
        <input type="checkbox" .checked=${frozen} @change=${(event: Event) => void this.#set({ op: 'freeze', on: (event.target as HTMLInputElement).checked })} />
      </label>
      <label>
        <span>${msg('Who may send notices to everybody here')}</span>
        <select .value=${notices} @change=${(event: Event) => void this.#set({ op: 'notices', who: value(event) })}>
          <option value="moderators" ?selected=${notices === 'moderators'}>${msg('Moderators')}</option>
          <option value="everyone" ?selected=${notices === 'everyone'}>${msg('Everybody who is signed in')}</option>
        </select>
      </label>
    </div>`
  }

  #section(name: string, title: string, content: () => TemplateResult) {
    const onToggle = (event: Event) => {
      if ((event.target as HTMLDetailsElement).open) this.opened = new Set([...this.opened, name])
    }
    return html`<details @toggle=${onToggle}>
      <summary>${title}</summary>
      ${this.opened.has(name) ? content() : nothing}
    </details>`
  }

  protected override render() {
    const { chat } = this
    return html`<wa-dialog label=${msg('Chat settings')} ?open=${this.isOpen} @wa-hide=${this.#onHide} light-dismiss>
      ${
        this.isOpen
          ? html`
            ${this.#rules()}
            ${this.#section('terms', msg('Blocked words'), () => html`<room-terms .chat=${chat}></room-terms>`)}
            ${this.#section('bans', msg('Who may not write'), () => html`<room-bans .chat=${chat}></room-bans>`)}
            ${chat.rank >= OWNER ? this.#section('moderators', msg('Moderators'), () => html`<room-moderators .chat=${chat}></room-moderators>`) : nothing}
            ${this.#section('emotes', msg('Emotes'), () => html`<room-emotes .chat=${chat}></room-emotes>`)}
            ${this.#section('deeds', msg('What moderators did'), () => html`<room-deeds .chat=${chat}></room-deeds>`)}
          `
          : nothing
      }
    </wa-dialog>`
  }
}
customElements.define('chat-settings', ChatSettings)

declare global {
  interface HTMLElementTagNameMap {
    'chat-settings': ChatSettings
  }
}
