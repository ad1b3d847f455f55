import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { ApiError } from '../api.ts'
import { icon } from './icons.ts'
import { base, buttons } from './styles.ts'

/**
 * Something went wrong: what, and what the visitor can do.
 *
 * @fires retry - The visitor wants to try again.
 */
export class NoticeBox extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      .box { display: flex; flex-wrap: wrap; align-items: center; gap: 12px 16px; padding: 16px 20px; border-radius: var(--radius); background: var(--bad-tint); color: var(--bad-ink) }
      p { flex: 1; min-width: 14em }
      .button, .button:hover { min-height: 40px; background: transparent; border-color: currentColor; color: inherit }
    `,
  ]
  static override properties = { error: { attribute: false }, retries: { type: Boolean } }

  declare error: ApiError | null
  /** Show the "try again" button. */
  declare retries: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.error = null
    this.retries = false
  }

  /** Out of it: another try helps nobody who is not let in. */
  #way({ code, status }: ApiError) {
    if (code === 'email_not_verified') {
      return html`<a class="button" href="/account/verify">${msg('Send the link again')}</a>`
    }
    if (code === 'not_signed_in') {
      const next = encodeURIComponent(location.pathname + location.search)
      return html`<a class="button" href="/sign-in?next=${next}">${msg('Sign in')}</a>`
    }
    if (!this.retries || status === 403) return nothing
    return html`<button class="button" @click=${() => this.dispatchEvent(new Event('retry'))}>${msg('Try again')}</button>`
  }

  protected override render() {
    if (!this.error) return nothing
    return html`<div class="box" role="alert">
      ${icon('alert')}
      <p>${errorText(this.error)}</p>
      ${this.#way(this.error)}
    </div>`
  }
}
customElements.define('notice-box', NoticeBox)

/** One or two sentences: what happened and what to do. The server's own sentence where it has one. */
export function errorText(error: ApiError): string {
  if (error.code === 'network') return msg('The server cannot be reached. Check your connection; we keep trying.')
  if (error.status === 429) return msg('Too many requests. Wait a minute, then try again.')
  if (error.status >= 500) return msg('The server is having trouble. It usually passes within a minute; try again.')
  if (error.status === 404) return msg('This is not here, or not for you to see.')
  return error.message || msg('That did not work. Try again.')
}

declare global {
  interface HTMLElementTagNameMap {
    'notice-box': NoticeBox
  }
}
