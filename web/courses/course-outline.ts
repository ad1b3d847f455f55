import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { CourseJson } from '../../server/courses/contract.ts'
import type { LessonOutlineJson } from '../../server/courses/lesson-contract.ts'
import { dateText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { base, liveBadge } from '../ui/styles.ts'
import { contentTypeIcons, contentTypeText, lessonsText, minutesText } from './course-words.ts'
import { lessonAddress } from './standing.ts'

/** Modules and lessons of a course: what is open is a link, what is done has its mark. */
export class CourseOutline extends LitElement {
  static override styles = [
    base,
    liveBadge,
    css`
      :host { display: grid; gap: 12px }
      details { border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); overflow: hidden }
      summary { display: flex; align-items: center; gap: 10px; min-height: 52px; padding: 10px 16px; font-weight: 640; cursor: pointer; list-style: none; overflow-wrap: anywhere }
      summary::-webkit-details-marker { display: none }
      summary > svg { flex: none; transition: transform 0.15s; color: var(--ink-soft) }
      details[open] summary > svg { transform: rotate(180deg) }
      summary span:first-of-type { flex: 1 }
      summary .soft { font-weight: 400; white-space: nowrap }
      ol { border-top: 1px solid var(--line) }
      li + li { border-top: 1px solid color-mix(in oklab, var(--line) 60%, transparent) }
      .row { display: grid; grid-template-columns: 22px minmax(0, 1fr) auto; align-items: center; gap: 4px 12px; min-height: 48px; padding: 8px 16px; color: inherit; text-decoration: none }
      a.row:hover { background: var(--sunken); color: inherit }
      a.row:focus-visible { outline-offset: -3px }
      a.row[aria-current] { background: var(--accent-tint); font-weight: 620 }
      .mark { display: grid; place-items: center; color: var(--ink-soft) }
      .mark.done { color: var(--accent) }
      .title { overflow-wrap: anywhere; line-height: 1.35 }
      .locked .title { color: var(--ink-soft) }
      .more { display: flex; align-items: center; gap: 8px; font-size: 0.8125rem; color: var(--ink-soft); white-space: nowrap; font-weight: 400 }
      .free { padding: 2px 9px; border-radius: 999px; background: var(--accent-tint); color: var(--accent); font-weight: 620 }
      .hidden { padding: 2px 9px; border-radius: 999px; background: var(--warn-tint); color: var(--warn-ink) }
      .half { position: relative; width: 20px; height: 20px; border-radius: 50%; background: conic-gradient(var(--accent) var(--part), var(--line) 0) }
      .half::after { content: ''; position: absolute; inset: 3.5px; border-radius: 50%; background: var(--surface) }
      :host([compact]) { gap: 8px }
      :host([compact]) .row { grid-template-columns: 22px minmax(0, 1fr); padding: 8px 14px }
      :host([compact]) .more { grid-column: 2; white-space: normal; flex-wrap: wrap }
      @media (max-width: 520px) { .row { grid-template-columns: 22px minmax(0, 1fr) } .more { grid-column: 2 } }
    `,
  ]
  static override properties = {
    course: { attribute: false },
    current: { type: Number },
    compact: { type: Boolean, reflect: true },
    done: { attribute: false },
  }

  declare course: CourseJson | null
  /** The lesson that is shown; 0 for none. */
  declare current: number
  /** In a narrow column: what is said of a lesson stands under it. */
  declare compact: boolean
  /** Progress that is newer than the course's answer: lesson → percent. */
  declare done: ReadonlyMap<number, number>

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.current = 0
    this.compact = false
    this.done = new Map()
  }

  #percent(lesson: number): number {
    const known = this.course?.progress?.lessons.find((one) => one.lesson === lesson)
    const said = known?.status === 'completed' ? 100 : Math.min(99, known?.progress ?? 0)
    return Math.max(said, this.done.get(lesson) ?? 0)
  }

  #mark(lesson: LessonOutlineJson) {
    const percent = this.#percent(lesson.id)
    if (lesson.locked) return html`<span class="mark">${icon('lock', 18)}</span>`
    if (percent >= 100)
      return html`<span class="mark done">${icon('circle-check')}<span class="visually-hidden">${msg('Completed.')}</span></span>`
    if (percent > 0)
      return html`<span class="mark"><i class="half" style="--part: ${percent}%"></i><span class="visually-hidden">${percent}%.</span></span>`
    return html`<span class="mark">${icon(contentTypeIcons[lesson.content_type], 18)}</span>`
  }

  #lesson(course: CourseJson, lesson: LessonOutlineJson, isFree: boolean) {
    const inside = html`${this.#mark(lesson)}
      <span class="title">${lesson.title}${lesson.locked ? html`<span class="visually-hidden"> ${msg('(for learners of the course)')}</span>` : nothing}</span>
      <span class="more">
        ${lesson.state === 'live' ? html`<span class="live-badge">${msg('Live')}</span>` : nothing}
        ${lesson.state === 'scheduled' && lesson.starts_at ? html`<span>${dateText(lesson.starts_at)}</span>` : nothing}
        ${lesson.is_published ? nothing : html`<span class="hidden">${msg('hidden')}</span>`}
        ${isFree && !course.enrollment && Number(course.price) > 0 ? html`<span class="free">${msg('Free preview')}</span>` : nothing}
        <span>${contentTypeText(lesson.content_type)}</span>
        ${lesson.duration_minutes > 0 ? html`<span>${minutesText(lesson.duration_minutes)}</span>` : nothing}
      </span>`
    return html`<li>${
      lesson.locked
        ? html`<div class="row locked">${inside}</div>`
        : html`<a class="row" href=${lessonAddress(course, lesson.id)} aria-current=${lesson.id === this.current ? 'page' : nothing}>${inside}</a>`
    }</li>`
  }

  protected override render() {
    const { course } = this
    if (!course) return nothing
    if (course.modules.length === 0) return html`<p class="soft">${msg('The lessons are still to come.')}</p>`
    return course.modules.map((module, at) => {
      const isOpen = at === 0 || this.current > 0 || course.modules.length <= 4
      const minutes = module.lessons.reduce((sum, lesson) => sum + lesson.duration_minutes, 0)
      return html`<details ?open=${isOpen}>
        <summary>
          <span>${module.title}</span>
          <span class="soft small">${lessonsText(module.lessons.length)}${minutes > 0 && !this.compact ? ` · ${minutesText(minutes)}` : ''}</span>
          ${icon('chevron-down', 18)}
        </summary>
        <ol>${module.lessons.map((lesson) => this.#lesson(course, lesson, lesson.is_free || module.is_free))}</ol>
      </details>`
    })
  }
}
customElements.define('course-outline', CourseOutline)

declare global {
  interface HTMLElementTagNameMap {
    'course-outline': CourseOutline
  }
}
