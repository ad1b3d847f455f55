import { updateWhenLocaleChanges } from '@lit/localize'
import { type CSSResultGroup, css, html, LitElement, nothing } from 'lit'
import type { ApiError } from '../api.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'

/** A form of the account's page: is busy while it is sent, and says at each field what is wrong with it. */
export abstract class AccountForm extends LitElement {
  static override styles: CSSResultGroup = [
    base,
    css`
      form { display: grid; grid-template-columns: minmax(0, 1fr); gap: 18px; margin-top: 14px }
      .two { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px }
      .field-error { color: var(--bad-ink); font-size: 0.875rem; margin-top: 6px }
      wa-button { justify-self: start }
      @media (max-width: 430px) { .two { grid-template-columns: minmax(0, 1fr) } }
    `,
  ]
  static override properties = { error: { state: true }, isBusy: { state: true } }

  declare error: ApiError | null
  declare isBusy: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.error = null
    this.isBusy = false
  }

  /** What is wrong with the whole of it. */
  protected problem() {
    const isAboutFields = Object.keys(this.error?.fields ?? {}).length > 0
    return this.error && !isAboutFields ? html`<notice-box .error=${this.error}></notice-box>` : nothing
  }

  protected fieldError(name: string) {
    const sentences = this.error?.fields[name]
    return sentences ? html`<p class="field-error" role="alert">${sentences.join(' ')}</p>` : nothing
  }
}

export function textOf(form: HTMLFormElement, name: string): string {
  return String(new FormData(form).get(name) ?? '')
}
