import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { Session } from '../session.ts'
import { base } from './styles.ts'

export class AppFooter extends LitElement {
  static override styles = [
    base,
    css`
      :host { border-top: 1px solid var(--line) }
      footer { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 24px; width: var(--page); margin: 0 auto; padding: 20px 0 28px }
      nav { display: flex; flex-wrap: wrap; gap: 4px 20px }
      a { display: inline-block; padding: 4px 0; color: inherit }
    `,
  ]

  readonly #session = new Session(this)

  constructor() {
    super()
    updateWhenLocaleChanges(this)
  }

  protected override render() {
    const isAdmin = this.#session.viewer?.role === 'admin'
    return html`<footer class="soft small">
      <p>${msg('Ustat: teach live from OBS; it is a lesson the moment you stop.')}</p>
      ${isAdmin ? html`<nav aria-label=${msg('For admins')}><a href="/admin/library">${msg('Media library')}</a><a href="/admin/outbox">${msg('Outbox')}</a></nav>` : nothing}
    </footer>`
  }
}
customElements.define('app-footer', AppFooter)

declare global {
  interface HTMLElementTagNameMap {
    'app-footer': AppFooter
  }
}
