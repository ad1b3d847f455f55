import { msg } from '@lit/localize'
import { html } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import { changePassword } from '../session.ts'
import { attempt } from '../ui/attempt.ts'
import { toast } from '../ui/toast.ts'
import { AccountForm, textOf } from './account-form.ts'

/**
 * Another password.
 *
 * @fires changed - Every other sign-in has ended.
 */
export class PasswordForm extends AccountForm {
  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const [current, next] = [textOf(form, 'current_password'), textOf(form, 'new_password')]
    if (!(await attempt(this, () => changePassword(current, next)))) return
    form.reset()
    this.dispatchEvent(new Event('changed'))
    await toast(msg('The password is changed. Other devices are signed out.'))
  }

  protected override render() {
    return html`<form @submit=${this.#onSubmit}>
      ${this.problem()}
      <div>
        <wa-input name="current_password" type="password" label=${msg('Current password')} maxlength="200" autocomplete="current-password" password-toggle required></wa-input>
        ${this.fieldError('current_password')}
      </div>
      <div>
        <wa-input name="new_password" type="password" label=${msg('New password')} hint=${msg('At least 10 characters.')} minlength="10" maxlength="200" autocomplete="new-password" password-toggle required></wa-input>
        ${this.fieldError('new_password')}
      </div>
      <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Change the password')}</wa-button>
    </form>`
  }
}
customElements.define('password-form', PasswordForm)

declare global {
  interface HTMLElementTagNameMap {
    'password-form': PasswordForm
  }
}
