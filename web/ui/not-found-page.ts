import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement } from 'lit'
import { base, buttons } from './styles.ts'

export class NotFoundPage extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      section { padding: 12vh 0; text-align: center }
      p { margin: 12px auto 28px; max-width: 34em }
    `,
  ]

  constructor() {
    super()
    updateWhenLocaleChanges(this)
  }

  protected override render() {
    document.title = `${msg('Not found')} · Ustat`
    return html`<section>
      <h1>${msg('There is nothing at this address')}</h1>
      <p class="soft">${msg('It may have been removed or renamed, or the link was cut short when it was copied.')}</p>
      <a class="button" href="/">${msg('See what is live')}</a>
    </section>`
  }
}
customElements.define('not-found-page', NotFoundPage)

declare global {
  interface HTMLElementTagNameMap {
    'not-found-page': NotFoundPage
  }
}
