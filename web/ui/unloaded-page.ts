import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement } from 'lit'
import { base, buttons } from './styles.ts'

/** In place of a page whose code did not come: the line is down, or a newer version has taken its place. */
export class UnloadedPage extends LitElement {
  static override styles = [
    base,
    buttons,
    css`:host { display: grid; justify-items: center; gap: 16px; padding: 10vh 0; text-align: center } p { max-width: 34em }`,
  ]

  constructor() {
    super()
    updateWhenLocaleChanges(this)
  }

  override connectedCallback(): void {
    super.connectedCallback()
    window.addEventListener('online', this.#again)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    window.removeEventListener('online', this.#again)
  }

  /** Of its code that failed to load a browser may keep the failure; only a new page asks again for certain. */
  readonly #again = (): void => location.reload()

  protected override render() {
    return html`<h1>${msg('This page did not load')}</h1>
      <p class="soft" role="alert">${msg('The server cannot be reached. Check your connection; the page comes back by itself with it.')}</p>
      <button class="button" @click=${this.#again}>${msg('Try again')}</button>`
  }
}
customElements.define('unloaded-page', UnloadedPage)

declare global {
  interface HTMLElementTagNameMap {
    'unloaded-page': UnloadedPage
  }
}
