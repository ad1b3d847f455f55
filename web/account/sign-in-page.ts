import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import type { ApiError } from '../api.ts'
import { go } from '../router.ts'
import { signIn } from '../session.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import { formStyles } from './form-styles.ts'
import { nextPath } from './next-path.ts'

export class SignInPage extends LitElement {
  static override styles = [base, formStyles]
  static override properties = { error: { state: true }, isBusy: { state: true } }

  declare error: ApiError | null
  declare isBusy: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.error = null
    this.isBusy = false
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    await attempt(this, async () => {
      await signIn(String(fields.get('email')), String(fields.get('password')))
      go(nextPath(location.search))
    })
  }

  protected override render() {
    document.title = `${msg('Sign in')} · Ustat`
    return html`<div class="card">
      <h1>${msg('Sign in')}</h1>
      <form @submit=${this.#onSubmit}>
        ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
        <wa-input name="email" type="email" label=${msg('E-mail')} autocomplete="username" required autofocus></wa-input>
        <wa-input name="password" type="password" label=${msg('Password')} autocomplete="current-password" password-toggle required></wa-input>
        <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Sign in')}</wa-button>
      </form>
      <p class="other soft"><a href="/account/reset">${msg('Forgot the password?')}</a></p>
      <p class="other soft">${msg('No account yet?')} <a href="/sign-up${location.search}">${msg('Sign up')}</a></p>
    </div>`
  }
}
customElements.define('sign-in-page', SignInPage)

declare global {
  interface HTMLElementTagNameMap {
    'sign-in-page': SignInPage
  }
}
