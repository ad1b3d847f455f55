import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement } from 'lit'
import './web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/dialog/dialog.js'
import { base } from './styles.ts'

/**
 * Asks before something that cannot be taken back.
 *
 * @slot - What will happen.
 */
export class ConfirmDialog extends LitElement {
  static override styles = [base, css`.foot { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 10px }`]
  static override properties = { heading: {}, action: {}, isOpen: { state: true } }

  declare heading: string
  /** On the button that does it. */
  declare action: string
  declare isOpen: boolean
  #answer: ((isWanted: boolean) => void) | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.heading = ''
    this.action = ''
    this.isOpen = false
  }

  /** True when the action's button was pressed; false for every other way out. */
  ask(): Promise<boolean> {
    this.isOpen = true
    return new Promise((resolve) => {
      this.#answer = resolve
    })
  }

  #close(isWanted: boolean): void {
    this.isOpen = false
    this.#answer?.(isWanted)
    this.#answer = null
  }

  protected override render() {
    return html`<wa-dialog label=${this.heading} ?open=${this.isOpen} @wa-hide=${() => this.#close(false)}>
      <slot></slot>
      <div slot="footer" class="foot">
        <wa-button appearance="outlined" @click=${() => this.#close(false)}>${msg('Cancel')}</wa-button>
        <wa-button variant="danger" @click=${() => this.#close(true)}>${this.action}</wa-button>
      </div>
    </wa-dialog>`
  }
}
customElements.define('confirm-dialog', ConfirmDialog)

declare global {
  interface HTMLElementTagNameMap {
    'confirm-dialog': ConfirmDialog
  }
}
