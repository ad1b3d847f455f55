import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement } from 'lit'
import { base } from './styles.ts'

export class AppFooter extends LitElement {
  static override styles = [
    base,
    css`
      :host { border-top: 1px solid var(--line) }
      footer { width: var(--page); margin: 0 auto; padding: 20px 0 28px }
    `,
  ]

  constructor() {
    super()
    updateWhenLocaleChanges(this)
  }

  protected override render() {
    return html`<footer class="soft small">${msg('Ustat: teach live from OBS; it is a lesson the moment you stop.')}</footer>`
  }
}
customElements.define('app-footer', AppFooter)

declare global {
  interface HTMLElementTagNameMap {
    'app-footer': AppFooter
  }
}
