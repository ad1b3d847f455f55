import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import type { RouterLocation } from '@vaadin/router'
import { css, html, LitElement, nothing } from 'lit'
import type { CourseJson } from '../../server/courses/contract.ts'
import { ApiError, get } from '../api.ts'
import { Session } from '../session.ts'
import { face, faceStyles } from '../ui/face.ts'
import { icon } from '../ui/icons.ts'
import '../ui/not-found-page.ts'
import '../ui/notice-box.ts'
import { picture } from '../ui/picture.ts'
import '../ui/rich-html.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import './course-outline.ts'
import './course-reviews.ts'
import { courseTypeText, difficultyText, languageText, lessonsText, minutesText, ratingText } from './course-words.ts'
import './enroll-panel.ts'
import './payment-wait.ts'

/** Beside the text, above it on a narrow screen. */
const COVER = { sizes: '(max-width: 900px) 100vw, 350px', width: 1280, height: 720, isFirst: true }

/** What a course is, who teaches it, what is in it and what it costs. */
export class CoursePage extends LitElement {
  static override styles = [
    base,
    buttons,
    faceStyles,
    css`
      .layout { display: grid; grid-template-columns: minmax(0, 1fr) 350px; gap: 32px 48px; align-items: start }
      aside { position: sticky; top: 20px; display: grid; gap: 18px; grid-column: 2; grid-row: 1 / span 3 }
      .picture { position: relative; aspect-ratio: 16 / 9; border-radius: 18px; overflow: hidden; display: grid; place-items: center; background: linear-gradient(135deg, var(--accent-tint), var(--sunken)); color: var(--accent) }
      .picture img, .picture video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover }
      header { display: grid; gap: 14px }
      .path { display: flex; flex-wrap: wrap; gap: 6px; font-size: 0.875rem }
      .lead { font-size: 1.125rem; max-width: 62ch; overflow-wrap: anywhere }
      h1 { overflow-wrap: anywhere }
      .facts { display: flex; flex-wrap: wrap; gap: 8px 18px; color: var(--ink-soft) }
      .facts .rating { display: inline-flex; align-items: center; gap: 5px; color: var(--ink); font-weight: 640 }
      .rating svg { fill: currentColor; color: var(--star) }
      .teachers { display: flex; flex-wrap: wrap; gap: 12px 24px }
      .teachers a, .teachers div { display: flex; align-items: center; gap: 10px; color: inherit; text-decoration: none; font-weight: 600 }
      .teachers a:hover { color: var(--accent) }
      .tags { display: flex; flex-wrap: wrap; gap: 8px }
      .tags a { padding: 4px 12px; border-radius: 999px; background: var(--sunken); color: var(--ink-soft); font-size: 0.875rem; text-decoration: none }
      .tags a:hover { color: var(--ink) }
      .body { display: grid; gap: 36px; min-width: 0 }
      .body h2 { margin-bottom: 12px }
      .draft { padding: 12px 18px; margin-bottom: 20px; border-radius: var(--radius); background: var(--warn-tint); color: var(--warn-ink) }
      .bone { border-radius: 18px; background: var(--sunken) }
      @media (max-width: 900px) { .layout { grid-template-columns: minmax(0, 1fr) } aside { position: static; grid-column: 1; grid-row: auto } .picture { margin-inline: calc(-1 * var(--gutter)); border-radius: 0; order: -1 } }
    `,
  ]
  static override properties = { course: { state: true }, error: { state: true }, payment: { state: true } }

  declare course: CourseJson | null
  declare error: ApiError | null
  /** The one that its buyer comes back from. */
  declare payment: string
  readonly #session = new Session(this)
  #slug = ''
  #viewer: number | null | undefined

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.error = null
    this.payment = ''
  }

  /** Called by the router before the page is shown. */
  onBeforeEnter({ params }: RouterLocation): void {
    this.#slug = String(params.slug)
    const payment = new URLSearchParams(location.search).get('payment') ?? ''
    this.payment = /^[0-9a-f]{24}$/.test(payment) ? payment : ''
    void this.#load()
  }

  protected override willUpdate(): void {
    const viewer = this.#session.viewer
    const id = viewer === undefined ? undefined : (viewer?.id ?? null)
    // Who signs out on this page is shown what a guest is.
    if (id !== undefined && this.#viewer !== undefined && id !== this.#viewer) void this.#load()
    if (id !== undefined) this.#viewer = id
  }

  async #load(): Promise<void> {
    try {
      this.course = await get<CourseJson>(`/api/courses/${encodeURIComponent(this.#slug)}/`)
      this.error = null
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    }
  }

  readonly #onPaid = async (): Promise<void> => {
    history.replaceState(null, '', location.pathname)
    await this.#load()
    this.payment = ''
    await toast(msg('The course is yours. Have a good time learning!'))
  }

  #preview({ preview_video_url: url, thumbnail_url, title }: CourseJson) {
    // A video elsewhere is only linked: a page of ours never plays what a stranger's server may change.
    const isOurs = url?.startsWith('/') || (url && new URL(url).origin === location.origin)
    return html`<div class="picture">
        ${icon('book', 44)}
        ${thumbnail_url && !isOurs ? picture(thumbnail_url, COVER) : nothing}
        ${isOurs ? html`<video src=${url} controls preload="none" poster=${thumbnail_url ?? nothing} aria-label=${msg(str`Preview of ${title}`)}></video>` : nothing}
      </div>
      ${url && !isOurs ? html`<a class="button quiet" href=${url} target="_blank" rel="noopener noreferrer nofollow">${icon('play')}${msg('Watch the preview')}</a>` : nothing}`
  }

  #teachers({ teachers }: CourseJson) {
    return html`<div class="teachers">${teachers.map(({ display_name: name, custom_url, avatar_url }) => {
      const shown = html`${face(name, avatar_url, 40)}${name}`
      return custom_url
        ? html`<a href="/courses?teacher=${encodeURIComponent(custom_url)}">${shown}</a>`
        : html`<div>${shown}</div>`
    })}</div>`
  }

  #facts(course: CourseJson) {
    const rating = ratingText(course.average_rating, course.reviews_count)
    return html`<p class="facts">
      ${rating ? html`<a class="rating" href="#reviews" @click=${this.#toReviews}>${icon('star', 18)}${rating} (${course.reviews_count})</a>` : nothing}
      <span>${difficultyText(course.difficulty)}</span>
      <span>${courseTypeText(course.type)}</span>
      <span>${lessonsText(course.total_lessons)}</span>
      ${course.duration_minutes > 0 ? html`<span>${minutesText(course.duration_minutes)}</span>` : nothing}
      <span>${languageText(course.language)}</span>
    </p>`
  }

  readonly #toReviews = (event: Event): void => {
    event.preventDefault()
    this.renderRoot.querySelector('#reviews')?.scrollIntoView({ behavior: 'smooth' })
  }

  #section(id: string, title: string, inside: unknown) {
    return html`<section id=${id} aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${inside}</section>`
  }

  #body(course: CourseJson) {
    const text = (id: string, title: string, html_: string) =>
      html_ ? this.#section(id, title, html`<rich-html .text=${html_}></rich-html>`) : nothing
    return html`<div class="body">
      ${text('about', msg('About the course'), course.description)}
      ${this.#section('lessons', msg('What is in it'), html`<course-outline .course=${course}></course-outline>`)}
      ${text('audience', msg('Who it is for'), course.target_audience)}
      ${text('requirements', msg('What you need'), course.requirements)}
      ${course.tags.length > 0 ? html`<p class="tags">${course.tags.map(({ slug, name }) => html`<a href="/courses?tags=${slug}">${name}</a>`)}</p>` : nothing}
      ${this.#section('reviews', msg('Reviews'), html`<course-reviews .course=${course}></course-reviews>`)}
    </div>`
  }

  protected override render() {
    const { course, error } = this
    if (error?.status === 404) return html`<not-found-page></not-found-page>`
    document.title = course ? `${course.title} · Ustat` : 'Ustat'
    if (!course) {
      return error
        ? html`<notice-box .error=${error} retries @retry=${() => this.#load()}></notice-box>`
        : html`<div class="layout" aria-hidden="true"><div class="bone" style="height: 320px"></div><aside><div class="bone" style="height: 300px"></div></aside></div>`
    }
    return html`
      ${this.payment ? html`<payment-wait .payment=${this.payment} @paid=${this.#onPaid}></payment-wait>` : nothing}
      ${course.status === 'published' ? nothing : html`<p class="draft">${course.status === 'archived' ? msg('This course is archived: its learners keep it, nobody new comes in.') : msg('This course is not published: only those who teach it see this page.')}</p>`}
      <div class="layout">
        <header>
          <p class="path"><a href="/courses">${msg('Courses')}</a>${course.category ? html`<span class="soft">›</span><a href="/courses?category=${course.category.slug}">${course.category.name}</a>` : nothing}</p>
          <h1>${course.title}</h1>
          ${course.short_description ? html`<p class="lead">${course.short_description}</p>` : nothing}
          ${this.#facts(course)}
          ${this.#teachers(course)}
        </header>
        <aside>
          ${this.#preview(course)}
          <enroll-panel .course=${course} @changed=${() => this.#load()}></enroll-panel>
        </aside>
        ${this.#body(course)}
      </div>
    `
  }
}
customElements.define('course-page', CoursePage)

declare global {
  interface HTMLElementTagNameMap {
    'course-page': CoursePage
  }
}
