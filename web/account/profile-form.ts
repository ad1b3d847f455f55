import { msg } from '@lit/localize'
import { css, html } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import type { OwnProfileJson } from '../../server/accounts/profile-contract.ts'
import { send } from '../api.ts'
import { formControls } from '../learn/form-controls.ts'
import { attempt } from '../ui/attempt.ts'
import { toast } from '../ui/toast.ts'
import { AccountForm, textOf } from './account-form.ts'

/**
 * The names of a person, and the language of the mails to them.
 *
 * @fires saved
 */
export class ProfileForm extends AccountForm {
  static override styles = [AccountForm.styles, formControls, css`label { display: grid; gap: 6px }`]
  static override properties = { ...AccountForm.properties, profile: { attribute: false } }

  declare profile: OwnProfileJson | null

  constructor() {
    super()
    this.profile = null
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const names = ['first_name', 'last_name', 'display_name', 'language']
    const changes = Object.fromEntries(names.map((name) => [name, textOf(form, name)]))
    if (!(await attempt(this, () => send('PATCH', '/api/profiles/me/', changes)))) return
    this.dispatchEvent(new Event('saved'))
    await toast(msg('Saved.'))
  }

  protected override render() {
    const { profile } = this
    const field = (name: 'first_name' | 'last_name' | 'display_name', label: string, hint = '') => html`<div>
      <wa-input name=${name} label=${label} hint=${hint} value=${profile?.[name] ?? ''} maxlength="50" required></wa-input>
      ${this.fieldError(name)}
    </div>`
    return html`<form @submit=${this.#onSubmit}>
      ${this.problem()}
      ${field('display_name', msg('Shown name'), msg('In the chat, beside your courses and reviews.'))}
      <div class="two">${field('first_name', msg('First name'))}${field('last_name', msg('Last name'))}</div>
      <label>${msg('Language of our letters to you')}
        <select class="field" name="language">
          <option value="en" lang="en" ?selected=${profile?.language === 'en'}>English</option>
          <option value="ru" lang="ru" ?selected=${profile?.language === 'ru'}>Русский</option>
        </select>
      </label>
      <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Save')}</wa-button>
    </form>`
  }
}
customElements.define('profile-form', ProfileForm)

declare global {
  interface HTMLElementTagNameMap {
    'profile-form': ProfileForm
  }
}
