import { css, html, LitElement, nothing } from 'lit'
import { base } from '../ui/styles.ts'

export interface MenuItem {
  label: string
  /** What cannot be taken back is red. */
  isBad?: boolean
  run(): void
}

const GAP = 6

/**
 * A menu beside what opened it, in groups. Arrow keys, Home, End and first letters move; Escape and a click elsewhere
 * close it, and the focus goes back.
 */
export class ChatMenu extends LitElement {
  static override styles = [
    base,
    css`
      :host { position: fixed; inset: auto; margin: 0; width: max-content; min-width: 200px; max-width: calc(100vw - 16px); max-height: calc(100dvh - 16px); overflow-y: auto; padding: 6px; border: 1px solid var(--line); border-radius: 14px; background: var(--surface); color: var(--ink); box-shadow: var(--shadow) }
      :host(:not(:popover-open)) { display: none }
      button { display: block; width: 100%; min-height: 40px; padding: 0 12px; border: 0; border-radius: 9px; background: none; color: inherit; font: inherit; font-size: 0.92rem; text-align: start; cursor: pointer }
      button:hover, button:focus-visible { background: var(--sunken) }
      button:focus-visible { outline-offset: -2px }
      .bad { color: var(--bad-ink) }
      .group + .group { margin-block-start: 6px; padding-block-start: 6px; border-block-start: 1px solid var(--line) }
      .title { padding: 6px 12px; color: var(--ink-soft); font-size: 0.8rem; max-width: 260px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
    `,
  ]
  static override properties = { groups: { state: true }, heading: { state: true } }

  declare groups: MenuItem[][]
  declare heading: string
  #anchor: HTMLElement | null = null

  constructor() {
    super()
    this.groups = []
    this.heading = ''
    this.popover = 'auto'
    this.addEventListener('toggle', this.#onToggle)
  }

  async open(heading: string, groups: MenuItem[][], anchor: HTMLElement): Promise<void> {
    this.heading = heading
    this.groups = groups.filter(({ length }) => length > 0)
    this.#anchor = anchor
    await this.updateComplete
    const at = anchor.getBoundingClientRect()
    this.showPopover()
    const { width, height } = this.getBoundingClientRect()
    const fitsBelow = at.bottom + GAP + height < innerHeight
    const top = fitsBelow ? at.bottom + GAP : at.top - GAP - height
    this.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`
    this.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`
    this.#buttons[0]?.focus()
  }

  get #buttons(): HTMLButtonElement[] {
    return [...this.renderRoot.querySelectorAll('button')]
  }

  readonly #onToggle = (event: Event): void => {
    if ((event as ToggleEvent).newState === 'open') return
    // A click elsewhere has taken the focus with it already.
    if (this.contains(document.activeElement) || document.activeElement === document.body) this.#anchor?.focus()
  }

  #choose(item: MenuItem): void {
    this.hidePopover()
    this.#anchor?.focus()
    item.run()
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const buttons = this.#buttons
    const at = buttons.indexOf(this.shadowRoot?.activeElement as HTMLButtonElement)
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }
    let to = steps[event.key]
    if (event.key === 'Tab') this.hidePopover()
    if (event.key === 'Escape') {
      // The panel's own answer to Escape is for when nothing is open.
      event.stopPropagation()
      event.preventDefault()
      this.hidePopover()
      this.#anchor?.focus()
    }
    if (to === undefined && event.key.length === 1 && event.key !== ' ') {
      const letter = event.key.toLowerCase()
      const later = [...buttons.slice(at + 1), ...buttons.slice(0, at + 1)]
      to = buttons.indexOf(
        later.find(({ textContent }) => textContent?.trim().toLowerCase().startsWith(letter)) as HTMLButtonElement,
      )
      if (to < 0) return
    }
    if (to === undefined) return
    event.preventDefault()
    buttons[(to + buttons.length) % buttons.length]?.focus()
  }

  protected override render() {
    return html`<div role="menu" aria-label=${this.heading} @keydown=${this.#onKey}>
      ${this.heading ? html`<div class="title" role="presentation">${this.heading}</div>` : nothing}
      ${this.groups.map(
        (group) => html`<div class="group" role="group">
          ${group.map(
            (item) =>
              html`<button type="button" role="menuitem" class=${item.isBad ? 'bad' : ''} @click=${() => this.#choose(item)}>${item.label}</button>`,
          )}
        </div>`,
      )}
    </div>`
  }
}
customElements.define('chat-menu', ChatMenu)

declare global {
  interface HTMLElementTagNameMap {
    'chat-menu': ChatMenu
  }
}
