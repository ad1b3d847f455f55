import { msg, updateWhenLocaleChanges } from '@lit/localize'
import type { Commands, RouterLocation } from '@vaadin/router'
import { css, html, LitElement, nothing } from 'lit'
import type { OwnProfileJson } from '../../server/accounts/profile-contract.ts'
import { ApiError, get } from '../api.ts'
import { go } from '../router.ts'
import { loadViewer, reloadViewer, Session } from '../session.ts'
import { panel } from '../studio/panel-styles.ts'
import '../ui/notice-box.ts'
import '../ui/picture-field.ts'
import { base } from '../ui/styles.ts'
import './account-end.ts'
import './password-form.ts'
import './profile-form.ts'
import './session-list.ts'

/** What belongs to the account itself: name and picture, address, password, where it is signed in, its end. */
export class AccountPage extends LitElement {
  static override styles = [
    base,
    panel,
    css`
      .all { display: grid; gap: 22px; max-width: 720px; margin: 20px auto 0 }
      h1 { max-width: 720px; margin: 0 auto }
      .address { display: flex; flex-wrap: wrap; gap: 4px 14px; overflow-wrap: anywhere }
      .ok { color: var(--accent) }
      picture-field { margin: 14px 0 18px }
    `,
  ]
  static override properties = { profile: { state: true }, error: { state: true } }

  /** Null until it is known. */
  declare profile: OwnProfileJson | null
  declare error: ApiError | null
  readonly #session = new Session(this)

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.profile = null
    this.error = null
  }

  /** Called by the router: for who is signed in. */
  async onBeforeEnter(_location: RouterLocation, commands: Commands) {
    try {
      if (!(await loadViewer())) {
        go('/sign-in?next=/account')
        return commands.prevent()
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
      return undefined
    }
    void this.#load()
    return undefined
  }

  async #load(): Promise<void> {
    this.error = null
    try {
      this.profile = await get<OwnProfileJson>('/api/profiles/me/')
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    }
  }

  readonly #onChanged = (): void => {
    void this.#load()
    reloadViewer().catch(() => undefined)
  }

  #address({ email, is_verified: isVerified }: OwnProfileJson) {
    const isConfirmed = isVerified || this.#session.viewer?.is_verified
    return html`<section class="panel" aria-labelledby="address">
      <h2 id="address">${msg('E-mail')}</h2>
      <p class="address">
        <span>${email}</span>
        ${isConfirmed ? html`<span class="ok">${msg('Confirmed')}</span>` : html`<a href="/account/verify">${msg('Not confirmed yet. Send the link again')}</a>`}
      </p>
    </section>`
  }

  protected override render() {
    document.title = `${msg('Your account')} · Ustat`
    const { profile } = this
    return html`<h1>${msg('Your account')}</h1>
      <div class="all">
        ${this.error ? html`<notice-box .error=${this.error} retries @retry=${() => this.#load()}></notice-box>` : nothing}
        ${
          profile
            ? html`<section class="panel" aria-labelledby="name">
                <h2 id="name">${msg('How others see you')}</h2>
                <picture-field
                  path="/api/profiles/me/avatar/"
                  .url=${profile.avatar_url}
                  label=${msg('Your picture')}
                  hint=${msg('Square, 512 × 512 or larger; JPEG, PNG or WebP.')}
                  round
                  removable
                  @changed=${this.#onChanged}
                >${[...profile.display_name][0] ?? ''}</picture-field>
                <profile-form .profile=${profile} @saved=${this.#onChanged}></profile-form>
              </section>
              ${this.#address(profile)}
              <section class="panel" aria-labelledby="password">
                <h2 id="password">${msg('Password')}</h2>
                <password-form @changed=${() => this.renderRoot.querySelector('session-list')?.load()}></password-form>
              </section>
              <section class="panel" aria-labelledby="sessions">
                <h2 id="sessions">${msg('Where you are signed in')}</h2>
                <session-list></session-list>
              </section>
              <section class="panel" aria-labelledby="end">
                <h2 id="end">${msg('Delete the account')}</h2>
                <account-end></account-end>
              </section>`
            : nothing
        }
      </div>`
  }
}
customElements.define('account-page', AccountPage)

declare global {
  interface HTMLElementTagNameMap {
    'account-page': AccountPage
  }
}
