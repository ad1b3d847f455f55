import { msg } from '@lit/localize'
import type { Picker } from 'emoji-picker-element'
import { css, html, nothing } from 'lit'
import { base } from '../ui/styles.ts'
import { makePicker } from './emoji-data.ts'
import { RoomElement } from './room-element.ts'

/**
 * Emoji and the room's own emotes to choose from. Its code and its data are loaded when it is first opened.
 *
 * @fires pick - `detail` is what goes into the text.
 * @fires close
 */
export class EmojiPanel extends RoomElement {
  static override styles = [
    base,
    css`
      :host { display: grid; justify-items: end }
      .frame { width: min(100%, 344px); min-height: 120px; border: 1px solid var(--line); border-radius: 16px; background: var(--surface); box-shadow: var(--shadow); overflow: hidden }
      p { padding: 24px; color: var(--ink-soft); text-align: center }
      emoji-picker {
        width: 100%; height: min(340px, 46dvh);
        --background: var(--surface); --border-size: 0; --border-color: var(--line); --indicator-color: var(--accent); --outline-color: var(--accent); --outline-size: 3px;
        --button-hover-background: var(--sunken); --button-active-background: var(--accent-tint); --category-font-color: var(--ink-soft); --category-font-size: 0.85rem;
        --input-border-color: var(--line); --input-font-color: var(--ink); --input-placeholder-color: var(--ink-soft); --input-padding: 0.5rem; --num-columns: 8; --emoji-size: 1.45rem; --emoji-padding: 0.4rem;
      }
    `,
  ]
  static override properties = { ...RoomElement.properties, picker: { state: true }, hasFailed: { state: true } }

  declare picker: Picker | null
  declare hasFailed: boolean

  constructor() {
    super()
    this.picker = null
    this.hasFailed = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    void this.#load()
  }

  async #load(): Promise<void> {
    try {
      const picker = await makePicker(this.chat.emotes)
      picker.addEventListener('emoji-click', ({ detail }) => {
        const text = detail.unicode ?? `:${detail.name ?? ''}:`
        this.dispatchEvent(new CustomEvent('pick', { detail: text }))
      })
      picker.classList.add(document.documentElement.classList.contains('wa-dark') ? 'dark' : 'light')
      this.picker = picker
      await this.updateComplete
      // On a phone the keyboard would cover what is to be chosen from.
      if (matchMedia('(hover: hover)').matches) {
        requestAnimationFrame(() => picker.shadowRoot?.querySelector<HTMLElement>('input')?.focus())
      }
    } catch {
      this.hasFailed = true
    }
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    event.preventDefault()
    event.stopPropagation()
    this.dispatchEvent(new CustomEvent('close'))
  }

  protected override render() {
    return html`<div class="frame" role="dialog" aria-label=${msg('Emoji')} @keydown=${this.#onKey}>
      ${this.picker ?? nothing}
      ${this.picker ? nothing : html`<p role="status">${this.hasFailed ? msg('The emoji did not come. Check your connection.') : msg('Loading…')}</p>`}
    </div>`
  }
}
customElements.define('emoji-panel', EmojiPanel)

declare global {
  interface HTMLElementTagNameMap {
    'emoji-panel': EmojiPanel
  }
}
