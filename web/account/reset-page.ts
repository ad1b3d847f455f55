import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import { type ApiError, send } from '../api.ts'
import { forgetViewer } from '../session.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { formStyles } from './form-styles.ts'

const PATH = '/api/auth/reset-password/'

/** A forgotten password: asks for the mail, or, with its token, for a new one. */
export class ResetPage extends LitElement {
  static override styles = [base, buttons, formStyles]
  static override properties = { error: { state: true }, isBusy: { state: true }, done: { state: true } }

  declare error: ApiError | null
  declare isBusy: boolean
  declare done: 'mailed' | 'set' | null
  readonly #token = new URLSearchParams(location.search).get('token')

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.error = null
    this.isBusy = false
    this.done = null
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const fields = Object.fromEntries(new FormData(event.target as HTMLFormElement))
    const isNew = 'new_password' in fields
    await attempt(this, async () => {
      await send(
        'POST',
        PATH,
        isNew ? { token: this.#token, new_password: fields.new_password } : { email: fields.email },
      )
      this.done = isNew ? 'set' : 'mailed'
      if (isNew) {
        // Used up: neither the history nor a bookmark keeps it.
        history.replaceState(null, '', location.pathname)
        forgetViewer()
      }
    })
  }

  #newPassword() {
    const sentences = this.error?.fields.new_password
    return html`<form @submit=${this.#onSubmit}>
      <div>
        <wa-input name="new_password" type="password" label=${msg('New password')} hint=${msg('At least 10 characters.')} minlength="10"
          maxlength="200" autocomplete="new-password" password-toggle required autofocus></wa-input>
        ${sentences ? html`<p class="field-error" role="alert">${sentences.join(' ')}</p>` : nothing}
      </div>
      <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Set the password')}</wa-button>
      <p class="soft small">${msg('You will be signed out everywhere else.')}</p>
    </form>`
  }

  #ask() {
    return html`<form @submit=${this.#onSubmit}>
      <wa-input name="email" type="email" label=${msg('E-mail')} autocomplete="username" maxlength="254" required autofocus></wa-input>
      <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Send me a link')}</wa-button>
    </form>`
  }

  #content() {
    if (this.done === 'set') {
      return html`<p role="status">${msg('The new password is set.')}</p>
        <p class="other"><a class="button" href="/sign-in">${msg('Sign in')}</a></p>`
    }
    if (this.done === 'mailed') {
      return html`<p role="status">${msg('If there is such an account, a message is on its way. Look into your mailbox.')}</p>`
    }
    const isLinkBad = this.error?.code === 'link_invalid' || this.error?.code === 'token_used'
    return this.#token && !isLinkBad ? this.#newPassword() : this.#ask()
  }

  protected override render() {
    document.title = `${msg('New password')} · Ustat`
    const isAboutField = this.error?.fields.new_password !== undefined
    return html`<div class="card">
      <h1>${msg('New password')}</h1>
      ${this.error && !isAboutField ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      ${this.#content()}
    </div>`
  }
}
customElements.define('reset-page', ResetPage)

declare global {
  interface HTMLElementTagNameMap {
    'reset-page': ResetPage
  }
}
