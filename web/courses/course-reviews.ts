import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import type { CourseJson } from '../../server/courses/contract.ts'
import type { ReviewJson } from '../../server/reviews/contract.ts'
import { ApiError, get, type Page, send } from '../api.ts'
import { serverClock } from '../server-clock.ts'
import '../ui/confirm-dialog.ts'
import { relativeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { ratingText } from './course-words.ts'
import './review-form.ts'

interface ReviewPage extends Page<ReviewJson> {
  average_rating: string
  reviews_count: number
  histogram: Record<1 | 2 | 3 | 4 | 5, number>
}

/** What learners say of a course, and the form of those who may say something too. */
export class CourseReviews extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      .sums { display: flex; flex-wrap: wrap; gap: 16px 36px; align-items: center; margin-bottom: 22px }
      .sum { display: grid; justify-items: center; gap: 2px }
      .sum strong { font-size: 2.4rem; line-height: 1; letter-spacing: -0.03em; font-variant-numeric: tabular-nums }
      dl { flex: 1; min-width: 220px; max-width: 420px; display: grid; gap: 4px }
      dl > div { display: grid; grid-template-columns: 44px 1fr 32px; align-items: center; gap: 10px; font-size: 0.875rem; font-variant-numeric: tabular-nums }
      dt { display: flex; align-items: center; gap: 4px }
      .bar { height: 8px; border-radius: 4px; background: var(--sunken); overflow: hidden }
      .bar i { display: block; height: 100%; background: var(--star) }
      .stars { color: var(--star); letter-spacing: 1px; white-space: nowrap }
      ol { display: grid; gap: 20px }
      article { display: grid; gap: 6px }
      .head { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline }
      .text { white-space: pre-line; overflow-wrap: anywhere; max-width: 72ch }
      .reply { margin-left: 20px; padding: 10px 16px; border-left: 3px solid var(--accent); background: var(--accent-tint); border-radius: 0 var(--radius-small) var(--radius-small) 0 }
      .more { margin-top: 20px }
      .tools { display: flex; gap: 14px }
      .plain { min-height: 32px; padding: 0; border: 0; background: none; color: var(--ink-soft); font: inherit; font-size: 0.875rem; text-decoration: underline; text-underline-offset: 3px; cursor: pointer }
      .verified { color: var(--accent) }
      review-form { margin-bottom: 24px }
      form { display: flex; flex-wrap: wrap; gap: 8px }
      textarea { flex: 1 1 280px; min-height: 44px; padding: 10px 14px; border: 1px solid color-mix(in oklab, var(--ink-soft) 55%, transparent); border-radius: var(--radius-small); background: var(--surface); color: var(--ink); font: inherit; field-sizing: content }
    `,
  ]
  static override properties = {
    course: { attribute: false },
    page: { state: true },
    error: { state: true },
    editing: { state: true },
    replying: { state: true },
  }

  declare course: CourseJson | null
  declare page: ReviewPage | null
  declare error: ApiError | null
  declare editing: boolean
  /** The review that is being answered; 0 for none. */
  declare replying: number
  #loaded = 0

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.page = null
    this.error = null
    this.editing = false
    this.replying = 0
  }

  protected override willUpdate(_changed: PropertyValues<this>): void {
    if (!this.course || this.course.id === this.#loaded) return
    this.#loaded = this.course.id
    void this.#load(1)
  }

  async #load(number: number): Promise<void> {
    if (!this.course) return
    try {
      const page = await get<ReviewPage>(`/api/courses/${this.course.id}/reviews/?page=${number}&page_size=10`)
      const before = number > 1 ? (this.page?.results ?? []) : []
      const known = new Set(before.map(({ id }) => id))
      this.page = { ...page, results: [...before, ...page.results.filter(({ id }) => !known.has(id))] }
      this.error = null
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    }
  }

  readonly #onSaved = async (): Promise<void> => {
    this.editing = false
    await this.#load(1)
  }

  async #delete(review: ReviewJson): Promise<void> {
    if (!(await this.renderRoot.querySelector('confirm-dialog')?.ask())) return
    await send('DELETE', `/api/reviews/${review.id}/`).then(
      () => this.#load(1),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error
        this.error = error
      },
    )
  }

  async #reply(event: SubmitEvent, review: ReviewJson): Promise<void> {
    event.preventDefault()
    const reply = String(new FormData(event.target as HTMLFormElement).get('reply') ?? '')
    try {
      await send('POST', `/api/reviews/${review.id}/reply/`, { reply })
      this.replying = 0
      await this.#load(1)
      await toast(msg('Your answer is there.'))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    }
  }

  #sums({ average_rating, reviews_count, histogram }: ReviewPage) {
    const rating = ratingText(average_rating, reviews_count)
    if (!rating) return nothing
    return html`<div class="sums">
      <div class="sum"><strong>${rating}</strong><span class="stars" role="img" aria-label=${msg(str`Rated ${rating} of 5`)}>${starsOf(Math.round(Number(average_rating)))}</span><span class="soft small">${msg(str`Reviews: ${reviews_count}`)}</span></div>
      <dl>${([5, 4, 3, 2, 1] as const).map((stars) => {
        const count = histogram[stars]
        return html`<div><dt>${stars} ${icon('star', 14)}</dt><dd class="bar" aria-hidden="true"><i style="width: ${(count / reviews_count) * 100}%"></i></dd><dd class="soft">${count}</dd></div>`
      })}</dl>
    </div>`
  }

  #tools(review: ReviewJson) {
    const mayReply = this.course?.rights.includes('reply_to_reviews') && !review.is_own
    if (!review.is_own && !mayReply) return nothing
    return html`<div class="tools">
      ${review.is_own && !review.is_hidden ? html`<button class="plain" @click=${() => (this.editing = true)}>${msg('Edit')}</button><button class="plain" @click=${() => this.#delete(review)}>${msg('Delete')}</button>` : nothing}
      ${mayReply ? html`<button class="plain" @click=${() => (this.replying = this.replying === review.id ? 0 : review.id)}>${review.teacher_reply ? msg('Edit the answer') : msg('Answer')}</button>` : nothing}
    </div>`
  }

  #review(review: ReviewJson) {
    if (review.is_own && this.editing) {
      return html`<li><review-form .course=${review.course} .review=${review} @saved=${this.#onSaved} @cancel=${() => (this.editing = false)}></review-form></li>`
    }
    return html`<li><article>
      <p class="head">
        <span class="stars" role="img" aria-label=${msg(str`Rated ${review.rating} of 5`)}>${starsOf(review.rating)}</span>
        <strong>${review.author.display_name || msg('A learner')}</strong>
        <time class="soft small" datetime=${review.created_at}>${relativeText(review.created_at, serverClock.now())}</time>
        ${review.is_verified ? html`<span class="verified small">${msg('learns here')}</span>` : nothing}
        ${review.is_hidden ? html`<span class="soft small">${msg(str`hidden: ${review.hidden_reason}`)}</span>` : nothing}
      </p>
      ${review.title ? html`<h3>${review.title}</h3>` : nothing}
      ${review.content ? html`<p class="text">${review.content}</p>` : nothing}
      ${review.teacher_reply ? html`<div class="reply"><p class="small"><strong>${msg('The teacher answers')}</strong></p><p class="text">${review.teacher_reply}</p></div>` : nothing}
      ${this.#tools(review)}
      ${
        this.replying === review.id
          ? html`<form @submit=${(event: SubmitEvent) => this.#reply(event, review)}>
            <textarea name="reply" maxlength="5000" aria-label=${msg('Answer')} .value=${review.teacher_reply}></textarea>
            <button class="button">${msg('Save')}</button>
          </form>`
          : nothing
      }
    </article></li>`
  }

  protected override render() {
    const { page, course } = this
    if (!course) return nothing
    const own = page?.results.find(({ is_own }) => is_own)
    const mayReview = course.enrollment && course.rights.includes('review') && page && !own
    return html`
      ${this.error ? html`<notice-box style="margin-bottom: 16px" .error=${this.error} retries @retry=${() => this.#load(1)}></notice-box>` : nothing}
      ${page ? this.#sums(page) : nothing}
      ${mayReview ? html`<review-form .course=${course.id} @saved=${this.#onSaved}></review-form>` : nothing}
      ${page?.count === 0 ? html`<p class="soft">${mayReview ? msg('You are the first to say something.') : msg('Nobody has reviewed this course yet.')}</p>` : nothing}
      <ol>${page?.results.map((review) => this.#review(review))}</ol>
      ${page && page.results.length < page.count ? html`<button class="button quiet more" @click=${() => this.#load(Math.floor(page.results.length / 10) + 1)}>${msg('Show more')}</button>` : nothing}
      <confirm-dialog heading=${msg('Delete your review?')} action=${msg('Delete')}></confirm-dialog>
    `
  }
}
customElements.define('course-reviews', CourseReviews)

function starsOf(rating: number): string {
  return '★★★★★☆☆☆☆☆'.slice(5 - rating, 10 - rating)
}

declare global {
  interface HTMLElementTagNameMap {
    'course-reviews': CourseReviews
  }
}
