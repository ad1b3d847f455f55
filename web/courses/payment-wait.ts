import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { PaymentStatusJson } from '../../server/payments/contract.ts'
import { ApiError, get } from '../api.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'

const EVERY_MS = 1500
/** Afterwards the page no longer asks by itself; a provider may take hours over a bank transfer. */
const PATIENCE_MS = 120_000

/**
 * Shown to who comes back from the payment page, until the course is open or is not going to be.
 *
 * @fires paid - The course is open.
 */
export class PaymentWait extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      .box { display: flex; flex-wrap: wrap; align-items: center; gap: 12px 16px; padding: 16px 20px; margin-bottom: 20px; border-radius: var(--radius); background: var(--accent-tint) }
      .bad { background: var(--bad-tint); color: var(--bad-ink) }
      p { flex: 1; min-width: 14em }
      .button { min-height: 40px }
      i { width: 22px; height: 22px; border: 3px solid color-mix(in oklab, var(--accent) 30%, transparent); border-top-color: var(--accent); border-radius: 50%; animation: turn 0.9s linear infinite }
      @keyframes turn { to { transform: rotate(1turn) } }
    `,
  ]
  static override properties = {
    payment: {},
    error: { state: true },
    status: { state: true },
    isTired: { state: true },
  }

  /** Its id, as the address that one came back to holds it. */
  declare payment: string
  declare error: ApiError | null
  declare status: PaymentStatusJson['status']
  declare isTired: boolean
  #timer: ReturnType<typeof setTimeout> | undefined
  #untilMs = 0

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.payment = ''
    this.error = null
    this.status = 'pending'
    this.isTired = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#begin()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearTimeout(this.#timer)
  }

  #begin(): void {
    this.isTired = false
    this.#untilMs = performance.now() + PATIENCE_MS
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask(), 0)
  }

  async #ask(): Promise<void> {
    try {
      const { status, is_enrolled } = await get<PaymentStatusJson>(
        `/api/payments/${encodeURIComponent(this.payment)}/status/`,
      )
      this.error = null
      this.status = status
      if (is_enrolled) {
        this.dispatchEvent(new Event('paid'))
        return
      }
      if (status !== 'pending' && status !== 'completed') return
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
      if (error.status >= 400 && error.status < 500 && error.status !== 429) return
    }
    if (!this.isConnected) return
    if (performance.now() > this.#untilMs) this.isTired = true
    else this.#timer = setTimeout(() => void this.#ask(), EVERY_MS)
  }

  protected override render() {
    if (this.error)
      return html`<notice-box style="margin-bottom: 20px" .error=${this.error} retries @retry=${() => this.#begin()}></notice-box>`
    if (this.status === 'pending' || this.status === 'completed') {
      return html`<div class="box" role="status">
        ${this.isTired ? nothing : html`<i aria-hidden="true"></i>`}
        <p>${
          this.isTired
            ? msg(
                'The payment is still on its way. The course opens by itself when it arrives; you need not wait here.',
              )
            : msg('Waiting for the payment to be confirmed. It usually takes a few seconds…')
        }</p>
        ${this.isTired ? html`<button class="button quiet" @click=${() => this.#begin()}>${msg('Look again')}</button>` : nothing}
      </div>`
    }
    const words =
      this.status === 'refunded'
        ? msg('This payment was given back.')
        : msg('The payment did not go through, and nothing was charged. You can try again.')
    return html`<div class="box bad" role="alert"><p>${words}</p></div>`
  }
}
customElements.define('payment-wait', PaymentWait)

declare global {
  interface HTMLElementTagNameMap {
    'payment-wait': PaymentWait
  }
}
