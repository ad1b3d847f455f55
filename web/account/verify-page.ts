import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import { type ApiError, send } from '../api.ts'
import { reloadViewer, Session } from '../session.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { formStyles } from './form-styles.ts'

/** Where the mailed link leads. A button confirms, since mail scanners follow every link but press nothing. */
export class VerifyPage extends LitElement {
  static override styles = [base, buttons, formStyles]
  static override properties = { error: { state: true }, isBusy: { state: true }, done: { state: true } }

  declare error: ApiError | null
  declare isBusy: boolean
  declare done: 'confirmed' | 'mailed' | null
  readonly #session = new Session(this)
  readonly #token = new URLSearchParams(location.search).get('token')

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.error = null
    this.isBusy = false
    this.done = null
  }

  async #try(done: 'confirmed' | 'mailed', path: string, body: object): Promise<void> {
    await attempt(this, async () => {
      await send('POST', path, body)
      this.done = done
      // Used up: neither the history nor a bookmark keeps it.
      history.replaceState(null, '', location.pathname)
      if (this.#session.viewer) reloadViewer().catch(() => undefined)
    })
  }

  #onResend(event: SubmitEvent): void {
    event.preventDefault()
    const email = String(new FormData(event.target as HTMLFormElement).get('email'))
    void this.#try('mailed', '/api/auth/verify-email/resend/', { email })
  }

  #confirmation() {
    return html`<p class="soft">${msg('One press, and the address is yours here.')}</p>
      <form @submit=${(event: SubmitEvent) => {
        event.preventDefault()
        void this.#try('confirmed', '/api/auth/verify-email/', { token: this.#token })
      }}>
        <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Confirm the address')}</wa-button>
      </form>`
  }

  #resend() {
    return html`<form @submit=${this.#onResend}>
      <wa-input name="email" type="email" label=${msg('E-mail')} value=${this.#session.viewer?.email ?? ''} autocomplete="username" maxlength="254" required></wa-input>
      <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Send a new link')}</wa-button>
    </form>`
  }

  #content() {
    if (this.done === 'confirmed') {
      return html`<p role="status">${msg('Your address is confirmed. You can enrol in courses and go live.')}</p>
        <p class="other"><a class="button" href="/">${msg('Continue')}</a></p>`
    }
    if (this.done === 'mailed') {
      return html`<p role="status">${msg('If there is such an account, a message is on its way. Look into your mailbox.')}</p>`
    }
    const isLinkBad = this.error?.code === 'link_invalid' || this.error?.code === 'token_used'
    return this.#token && !isLinkBad ? this.#confirmation() : this.#resend()
  }

  protected override render() {
    document.title = `${msg('Confirm your address')} · Ustat`
    return html`<div class="card">
      <h1>${msg('Confirm your address')}</h1>
      ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      ${this.#content()}
    </div>`
  }
}
customElements.define('verify-page', VerifyPage)

declare global {
  interface HTMLElementTagNameMap {
    'verify-page': VerifyPage
  }
}
