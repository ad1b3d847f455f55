import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import '@awesome.me/webawesome/dist/components/radio/radio.js'
import '@awesome.me/webawesome/dist/components/radio-group/radio-group.js'
import type { ApiError } from '../api.ts'
import { go } from '../router.ts'
import { signIn, signUp } from '../session.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { formStyles } from './form-styles.ts'
import { nextPath } from './next-path.ts'

export class SignUpPage extends LitElement {
  static override styles = [base, formStyles]
  static override properties = { error: { state: true }, isBusy: { state: true }, isMailed: { state: true } }

  declare error: ApiError | null
  declare isBusy: boolean
  /** The address may have an account already: its owner was told by mail, nobody else is. */
  declare isMailed: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.error = null
    this.isBusy = false
    this.isMailed = false
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    const text = (name: string) => String(fields.get(name) ?? '')
    await attempt(this, async () => {
      await signUp({
        email: text('email'),
        password: text('password'),
        first_name: text('first_name'),
        last_name: text('last_name'),
        role: text('role') === 'teacher' ? 'teacher' : 'student',
      })
      await signIn(text('email'), text('password')).then(
        () => {
          go(nextPath(location.search))
          void toast(msg('Welcome! A letter is on its way: confirm your address with the link in it.'))
        },
        () => {
          this.isMailed = true
        },
      )
    })
  }

  #fieldError(name: string) {
    const sentences = this.error?.fields[name]
    return sentences ? html`<p class="field-error" role="alert">${sentences.join(' ')}</p>` : nothing
  }

  #form() {
    const isAboutFields = Object.keys(this.error?.fields ?? {}).length > 0
    return html`<form @submit=${this.#onSubmit}>
      ${this.error && !isAboutFields ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      <div class="two">
        <div>
          <wa-input name="first_name" label=${msg('First name')} autocomplete="given-name" maxlength="50" required></wa-input>
          ${this.#fieldError('first_name')}
        </div>
        <div>
          <wa-input name="last_name" label=${msg('Last name')} autocomplete="family-name" maxlength="50" required></wa-input>
          ${this.#fieldError('last_name')}
        </div>
      </div>
      <div>
        <wa-input name="email" type="email" label=${msg('E-mail')} autocomplete="username" maxlength="254" required></wa-input>
        ${this.#fieldError('email')}
      </div>
      <div>
        <wa-input name="password" type="password" label=${msg('Password')} hint=${msg('At least 10 characters.')} minlength="10" maxlength="200"
          autocomplete="new-password" password-toggle required></wa-input>
        ${this.#fieldError('password')}
      </div>
      <wa-radio-group name="role" label=${msg('I am here to')} value="student">
        <wa-radio value="student">${msg('learn')}</wa-radio>
        <wa-radio value="teacher">${msg('teach: I get a channel to go live on')}</wa-radio>
      </wa-radio-group>
      <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Sign up')}</wa-button>
    </form>`
  }

  protected override render() {
    document.title = `${msg('Sign up')} · Ustat`
    return html`<div class="card">
      <h1>${msg('Sign up')}</h1>
      ${
        this.isMailed
          ? html`<p role="status">${msg('Look into your mailbox: the next step is in the message we have just sent you.')}</p>`
          : this.#form()
      }
      <p class="other soft">${msg('Already have an account?')} <a href="/sign-in${location.search}">${msg('Sign in')}</a></p>
    </div>`
  }
}
customElements.define('sign-up-page', SignUpPage)

declare global {
  interface HTMLElementTagNameMap {
    'sign-up-page': SignUpPage
  }
}
