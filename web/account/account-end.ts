import { msg } from '@lit/localize'
import { html } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import { send } from '../api.ts'
import { go } from '../router.ts'
import { forgetViewer } from '../session.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/confirm-dialog.ts'
import { toast } from '../ui/toast.ts'
import { AccountForm, textOf } from './account-form.ts'

/** Deletes the account, after the password and one more question. */
export class AccountEnd extends AccountForm {
  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const password = textOf(event.target as HTMLFormElement, 'password')
    if (!(await this.renderRoot.querySelector('confirm-dialog')?.ask())) return
    if (!(await attempt(this, () => send('DELETE', '/api/auth/me/', { password })))) return
    forgetViewer()
    go('/')
    await toast(msg('Your account is deleted.'))
  }

  protected override render() {
    return html`<p class="soft">${msg('Your name, address, picture and what you handed in are deleted for good. Payments, grades and reviews stay, without your name.')}</p>
      <form @submit=${this.#onSubmit}>
        ${this.problem()}
        <div>
          <wa-input name="password" type="password" label=${msg('Current password')} maxlength="200" autocomplete="current-password" required></wa-input>
          ${this.fieldError('password')}
        </div>
        <wa-button type="submit" variant="danger" appearance="outlined" ?loading=${this.isBusy}>${msg('Delete the account')}</wa-button>
      </form>
      <confirm-dialog heading=${msg('Delete your account?')} action=${msg('Delete the account')}>
        <p>${msg('This cannot be taken back.')}</p>
      </confirm-dialog>`
  }
}
customElements.define('account-end', AccountEnd)

declare global {
  interface HTMLElementTagNameMap {
    'account-end': AccountEnd
  }
}
