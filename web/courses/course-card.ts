import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { CourseCardJson } from '../../server/courses/catalog-contract.ts'
import { icon } from '../ui/icons.ts'
import { picture } from '../ui/picture.ts'
import { base } from '../ui/styles.ts'
import { difficultyText, lessonsText, minutesText, priceText, ratingText } from './course-words.ts'

/** One column on a phone, two on a tablet, then about 300 pixels. */
const CARD = { sizes: '(max-width: 600px) calc(100vw - 32px), (max-width: 900px) 45vw, 300px', width: 400, height: 225 }

/** A course of a list; the whole card is one link. */
export class CourseCard extends LitElement {
  static override styles = [
    base,
    css`
      :host { height: 100% }
      a { display: flex; flex-direction: column; height: 100%; border: 1px solid var(--line); border-radius: 18px; overflow: hidden; background: var(--surface); color: inherit; text-decoration: none; transition: border-color 0.15s, box-shadow 0.15s }
      a:hover { border-color: var(--accent); box-shadow: var(--shadow) }
      a:hover h3 { color: var(--accent) }
      a:focus-visible { border-radius: 18px }
      .picture { position: relative; aspect-ratio: 16 / 9; display: grid; place-items: center; background: linear-gradient(135deg, var(--accent-tint), var(--sunken)); color: var(--accent) }
      img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover }
      .words { display: flex; flex-direction: column; flex: 1; gap: 6px; padding: 14px 16px 16px }
      h3 { overflow-wrap: anywhere; line-height: 1.32; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden }
      .about { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere }
      .foot { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 4px 12px; margin-top: auto; padding-top: 8px }
      .price { font-weight: 700; font-size: 1.0625rem; font-variant-numeric: tabular-nums }
      .rating { display: inline-flex; align-items: center; gap: 4px; font-weight: 600; font-variant-numeric: tabular-nums }
      .rating svg { fill: currentColor; color: var(--star) }
      .bar { height: 6px; border-radius: 3px; background: var(--sunken); overflow: hidden }
      .bar i { display: block; height: 100%; background: var(--accent) }
    `,
  ]
  static override properties = { course: { attribute: false } }

  declare course: CourseCardJson | null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
  }

  #price(course: CourseCardJson) {
    const { enrollment } = course
    if (enrollment?.status !== 'active' && enrollment?.status !== 'completed') {
      return html`<span class="price">${priceText(course.price, course.currency)}</span>`
    }
    const percent = enrollment.progress_percent
    return html`<span class="soft small">${percent >= 100 ? msg('Completed') : msg(str`${percent}% done`)}</span>
      <span class="bar" style="flex: 1 1 100%" aria-hidden="true"><i style="width: ${percent}%"></i></span>`
  }

  protected override render() {
    const { course } = this
    if (!course) return nothing
    const rating = ratingText(course.average_rating, course.reviews_count)
    return html`<a href="/courses/${course.slug}">
      <div class="picture">
        ${icon('book', 36)}
        ${course.thumbnail_url ? picture(course.thumbnail_url, CARD) : nothing}
      </div>
      <div class="words">
        <h3>${course.title}</h3>
        ${course.teacher ? html`<p class="soft small">${course.teacher.display_name}</p>` : nothing}
        ${course.short_description ? html`<p class="about small">${course.short_description}</p>` : nothing}
        <p class="soft small">
          ${difficultyText(course.difficulty)} · ${lessonsText(course.total_lessons)}${course.duration_minutes > 0 ? ` · ${minutesText(course.duration_minutes)}` : ''}
        </p>
        <div class="foot">
          ${this.#price(course)}
          ${rating ? html`<span class="rating small" role="img" aria-label=${msg(str`Rated ${rating} of 5`)}>${icon('star', 16)}${rating} <span class="soft">(${course.reviews_count})</span></span>` : nothing}
        </div>
      </div>
    </a>`
  }
}
customElements.define('course-card', CourseCard)

declare global {
  interface HTMLElementTagNameMap {
    'course-card': CourseCard
  }
}
