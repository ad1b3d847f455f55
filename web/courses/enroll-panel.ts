import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import type { CourseJson } from '../../server/courses/contract.ts'
import type { EnrollmentJson, PaymentRequiredJson } from '../../server/courses/enrollment-contract.ts'
import type { PaymentJson } from '../../server/payments/contract.ts'
import { type ApiError, get, type Page, send } from '../api.ts'
import { serverClock } from '../server-clock.ts'
import { Session } from '../session.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/confirm-dialog.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { learnersText, moneyText, priceText } from './course-words.ts'
import { firstLesson, isLearning, isTeaching, lessonAddress } from './standing.ts'

/**
 * The way into a course: enrolling, buying, going on, and out again.
 *
 * @fires changed - The viewer's place in the course is another.
 */
export class EnrollPanel extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      :host { display: grid; gap: 14px; padding: 22px; border: 1px solid var(--line); border-radius: 20px; background: var(--surface); box-shadow: var(--shadow) }
      .price { font-size: 1.7rem; font-weight: 720; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
      .button { width: 100% }
      .bar { height: 8px; border-radius: 4px; background: var(--sunken); overflow: hidden }
      .bar i { display: block; height: 100%; background: var(--accent); transition: width 0.4s }
      form { display: flex; gap: 8px }
      form .button { width: auto; min-height: 44px }
      input { flex: 1; min-width: 0; min-height: 44px; padding: 0 14px; border: 1px solid color-mix(in oklab, var(--ink-soft) 55%, transparent); border-radius: 999px; background: var(--surface); color: var(--ink); font: inherit; text-transform: uppercase }
      input::placeholder { text-transform: none }
      .plain { justify-self: start; min-height: 36px; padding: 0; border: 0; background: none; color: var(--ink-soft); font: inherit; font-size: 0.875rem; text-decoration: underline; text-underline-offset: 3px; cursor: pointer }
      .plain:hover { color: var(--ink) }
      summary { min-height: 32px; cursor: pointer; color: var(--ink-soft); font-size: 0.875rem }
      ul { display: grid; gap: 8px; padding-top: 14px; border-top: 1px solid var(--line) }
      li { display: flex; gap: 10px; align-items: center }
      li svg { flex: none; color: var(--accent) }
    `,
  ]
  static override properties = {
    course: { attribute: false },
    error: { state: true },
    isBusy: { state: true },
    payment: { state: true },
  }

  declare course: CourseJson | null
  declare error: ApiError | null
  declare isBusy: boolean
  /** What a learner paid for this course, and could have back. */
  declare payment: PaymentJson | null
  readonly #session = new Session(this)
  #askedFor = 0

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.error = null
    this.isBusy = false
    this.payment = null
  }

  protected override updated(): void {
    const { course } = this
    if (!course || !isLearning(course) || this.#askedFor === course.id) return
    this.#askedFor = course.id
    // Without an answer there is just no way out shown.
    void get<Page<PaymentJson>>(`/api/payments/?course=${course.id}&status=completed`).then(
      ({ results }) => {
        this.payment = results.find(({ user }) => user === this.#session.viewer?.id) ?? null
      },
      () => undefined,
    )
  }

  #enroll(course: CourseJson, promoCode: string | null): Promise<boolean> {
    return attempt(this, async () => {
      const body = { promo_code: promoCode }
      const answer = await send<EnrollmentJson | PaymentRequiredJson>('POST', `/api/courses/${course.id}/enroll/`, body)
      if ('checkout_url' in answer) {
        location.assign(answer.checkout_url)
        return
      }
      this.dispatchEvent(new Event('changed'))
      await toast(msg('You are enrolled. Have a good time learning!'))
    })
  }

  readonly #onPromo = (event: SubmitEvent): void => {
    event.preventDefault()
    const code = String(new FormData(event.target as HTMLFormElement).get('promo') ?? '').trim()
    if (this.course && code) void this.#enroll(this.course, code.toUpperCase())
  }

  async #leave(course: CourseJson): Promise<void> {
    if (!(await this.renderRoot.querySelector<HTMLElementTagNameMap['confirm-dialog']>('#leave')?.ask())) return
    await attempt(this, async () => {
      await send('DELETE', `/api/courses/${course.id}/enroll/`)
      this.dispatchEvent(new Event('changed'))
      await toast(msg('You have left the course.'))
    })
  }

  async #refund(payment: PaymentJson): Promise<void> {
    if (!(await this.renderRoot.querySelector<HTMLElementTagNameMap['confirm-dialog']>('#refund')?.ask())) return
    await attempt(this, async () => {
      const { status } = await send<PaymentJson>('POST', `/api/payments/${payment.id}/refund/`, {})
      this.dispatchEvent(new Event('changed'))
      await toast(
        status === 'refunded'
          ? msg('Your money is on its way back.')
          : msg('The refund has begun; we write to you when it is done.'),
      )
    })
  }

  #learning(course: CourseJson) {
    const percent = course.progress?.percent ?? 0
    const next = course.enrollment?.last_lesson ?? firstLesson(course)?.id
    const { payment } = this
    return html`
      <p><strong>${percent >= 100 ? msg('You have completed this course') : msg('You learn here')}</strong></p>
      <div class="bar" role="progressbar" aria-label=${msg('Progress')} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}><i style="width: ${percent}%"></i></div>
      <p class="soft small">${msg(str`${percent}% · ${course.progress?.completed_lessons ?? 0} of ${course.total_lessons} lessons`)}</p>
      ${next ? html`<a class="button" href=${lessonAddress(course, next)}>${percent > 0 || course.enrollment?.last_lesson ? msg('Continue learning') : msg('Start learning')}</a>` : html`<p class="soft">${msg('The first lesson is still to come.')}</p>`}
      ${
        payment
          ? mayTakeBack(payment, percent)
            ? html`<button class="plain" ?disabled=${this.isBusy} @click=${() => this.#refund(payment)}>${msg('Ask for my money back')}</button>
            <confirm-dialog id="refund" heading=${msg('Leave the course and take the money back?')} action=${msg('Refund and leave')}>
              <p>${msg(str`${moneyText(payment.amount, payment.currency)} go back to where they came from, and the course closes for you at once.`)}</p>
            </confirm-dialog>`
            : nothing
          : html`<button class="plain" ?disabled=${this.isBusy} @click=${() => this.#leave(course)}>${msg('Leave the course')}</button>
            <confirm-dialog id="leave" heading=${msg('Leave the course?')} action=${msg('Leave the course')}>
              <p>${msg('Its lessons and its chat close for you. Your progress is kept in case you come back.')}</p>
            </confirm-dialog>`
      }
    `
  }

  #offer(course: CourseJson) {
    const { viewer } = this.#session
    const isFree = Number(course.price) === 0
    if (course.status !== 'published') {
      return html`<p class="soft">${msg('This course takes no new learners at the moment.')}</p>`
    }
    const words = isFree ? msg('Enroll for free') : msg('Buy the course')
    return html`
      <p class="price">${priceText(course.price, course.currency)}</p>
      ${
        viewer === null
          ? html`<a class="button" href="/sign-in?next=${encodeURIComponent(`/courses/${course.slug}`)}">${words}</a>
            <p class="soft small">${msg('You sign in first, then come back here.')}</p>`
          : html`<button class="button" ?disabled=${this.isBusy || viewer === undefined} @click=${() => this.#enroll(course, null)}>${this.isBusy ? msg('One moment…') : words}</button>`
      }
      ${
        !isFree && viewer
          ? html`<details><summary>${msg('I have a promo code')}</summary>
              <form @submit=${this.#onPromo}>
                <input name="promo" maxlength="50" autocomplete="off" autocapitalize="characters" aria-label=${msg('Promo code')} placeholder=${msg('Promo code')} required />
                <button class="button quiet" ?disabled=${this.isBusy}>${msg('Apply')}</button>
              </form>
            </details>`
          : nothing
      }
    `
  }

  #teaching(course: CourseJson) {
    const first = firstLesson(course)
    return html`
      <p><strong>${msg('You teach this course')}</strong></p>
      <a class="button" href="/teach/${course.slug}">${icon('edit')}${msg('Edit the course')}</a>
      ${first ? html`<a class="button quiet" href=${lessonAddress(course, first.id)}>${msg('See it as a learner')}</a>` : nothing}
    `
  }

  protected override render() {
    const { course } = this
    if (!course) return nothing
    return html`
      ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      ${isLearning(course) ? this.#learning(course) : isTeaching(course) ? this.#teaching(course) : this.#offer(course)}
      <ul class="small">
        ${course.students_count > 0 ? html`<li>${icon('users', 18)}${learnersText(course.students_count)}</li>` : nothing}
        <li>${icon('broadcast', 18)}${msg('Live lessons stay as recordings')}</li>
        <li>${icon('circle-check', 18)}${msg('Your progress is kept')}</li>
      </ul>
    `
  }
}
customElements.define('enroll-panel', EnrollPanel)

/** The server has the last word; what it would refuse is not offered. */
function mayTakeBack({ refundable_until: until, refundable_below: below }: PaymentJson, percent: number): boolean {
  return until !== null && serverClock.now() < Date.parse(until) && percent < below
}

declare global {
  interface HTMLElementTagNameMap {
    'enroll-panel': EnrollPanel
  }
}
