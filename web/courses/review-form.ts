import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import '@awesome.me/webawesome/dist/components/textarea/textarea.js'
import type { ReviewJson } from '../../server/reviews/contract.ts'
import { type ApiError, send } from '../api.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'

/**
 * A learner's word on a course, new or rewritten.
 *
 * @fires saved
 * @fires cancel
 */
export class ReviewForm extends LitElement {
  static override styles = [
    base,
    css`
      form { display: grid; gap: 14px; padding: 20px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      fieldset { display: flex; gap: 2px; margin: 0; padding: 0; border: 0 }
      legend { padding: 0; margin-bottom: 4px; font-weight: 620 }
      label { position: relative; display: grid; place-items: center; width: 44px; height: 44px; font-size: 1.8rem; line-height: 1; color: var(--line); cursor: pointer }
      label.lit { color: var(--star) }
      label:hover { transform: scale(1.1) }
      label input { position: absolute; inset: 0; opacity: 0; cursor: pointer }
      label:has(:focus-visible) { outline: 3px solid var(--accent); border-radius: 8px }
      .foot { display: flex; gap: 10px }
    `,
  ]
  static override properties = {
    course: { type: Number },
    review: { attribute: false },
    rating: { state: true },
    error: { state: true },
    isBusy: { state: true },
  }

  declare course: number
  /** The one that is rewritten. */
  declare review: ReviewJson | null
  declare rating: number
  declare error: ApiError | null
  declare isBusy: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = 0
    this.review = null
    this.rating = 0
    this.error = null
    this.isBusy = false
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('review') && this.review) this.rating = this.review.rating
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    const text = (name: string) => String(fields.get(name) ?? '')
    const body = { rating: this.rating, title: text('title'), content: text('content') }
    await attempt(this, async () => {
      if (this.review) await send('PUT', `/api/reviews/${this.review.id}/`, body)
      else await send('POST', `/api/courses/${this.course}/reviews/`, body)
      this.dispatchEvent(new Event('saved'))
      await toast(msg('Thank you for your review.'))
    })
  }

  protected override render() {
    return html`<form @submit=${this.#onSubmit}>
      ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      <fieldset>
        <legend>${msg('How do you like the course?')}</legend>
        ${[1, 2, 3, 4, 5].map(
          (stars) => html`<label class=${stars <= this.rating ? 'lit' : ''}>★
            <input type="radio" name="rating" required .checked=${stars === this.rating} value=${stars} aria-label=${msg(str`${stars} of 5`)} @change=${() => (this.rating = stars)} />
          </label>`,
        )}
      </fieldset>
      <wa-input name="title" label=${msg('In a few words')} maxlength="200" value=${this.review?.title ?? ''}></wa-input>
      <wa-textarea name="content" label=${msg('What should others know?')} rows="3" maxlength="5000" resize="auto" value=${this.review?.content ?? ''}></wa-textarea>
      <div class="foot">
        <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Save the review')}</wa-button>
        ${this.review ? html`<wa-button appearance="outlined" @click=${() => this.dispatchEvent(new Event('cancel'))}>${msg('Cancel')}</wa-button>` : nothing}
      </div>
    </form>`
  }
}
customElements.define('review-form', ReviewForm)

declare global {
  interface HTMLElementTagNameMap {
    'review-form': ReviewForm
  }
}
