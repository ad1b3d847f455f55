import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { Task } from '@lit/task'
import type { Commands, RouterLocation } from '@vaadin/router'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import type { CourseCardJson } from '../../server/courses/catalog-contract.ts'
import type { CourseJson } from '../../server/courses/contract.ts'
import { ApiError, send } from '../api.ts'
import { learnersText, lessonsText, priceText } from '../courses/course-words.ts'
import { go } from '../router.ts'
import { loadViewer } from '../session.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { picture } from '../ui/picture.ts'
import { base, buttons } from '../ui/styles.ts'
import { loadOwnCourses } from './own-courses.ts'
import { courseStatusText } from './status-words.ts'
import { statusBadge } from './teach-styles.ts'

/** The courses that one runs, and the beginning of a new one. */
export class TeachPage extends LitElement {
  static override styles = [
    base,
    buttons,
    statusBadge,
    css`
      h1 { margin-bottom: 18px }
      .new { display: flex; flex-wrap: wrap; gap: 12px; align-items: end; padding: 20px; margin-bottom: 26px; border-radius: 20px; background: var(--accent-tint) }
      wa-input { flex: 1 1 260px }
      .list { display: grid; gap: 12px }
      .row { display: grid; grid-template-columns: 132px minmax(0, 1fr) auto; align-items: center; gap: 18px; padding: 12px; border: 1px solid var(--line); border-radius: 18px; background: var(--surface); color: inherit; text-decoration: none }
      .row:hover { border-color: var(--accent); color: inherit }
      .picture { position: relative; aspect-ratio: 16 / 9; border-radius: 10px; overflow: hidden; display: grid; place-items: center; background: var(--sunken); color: var(--ink-soft) }
      img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover }
      h2 { font-size: 1.0625rem; overflow-wrap: anywhere }
      .empty { display: grid; justify-items: center; gap: 12px; padding: 48px 24px; border: 1px dashed var(--line); border-radius: var(--radius); text-align: center }
      notice-box { margin-bottom: 16px }
      @media (max-width: 560px) { .row { grid-template-columns: 84px minmax(0, 1fr) } .status { grid-column: 2; justify-self: start } }
    `,
  ]
  static override properties = { error: { state: true }, isBusy: { state: true } }

  declare error: ApiError | null
  declare isBusy: boolean
  readonly #courses = new Task(this, { task: (_, { signal }) => loadOwnCourses(signal), args: () => [] })

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.error = null
    this.isBusy = false
  }

  /** Called by the router: for who is signed in. */
  async onBeforeEnter(_location: RouterLocation, commands: Commands) {
    const viewer = await loadViewer().catch(() => undefined)
    if (viewer !== null) return undefined
    go('/sign-in?next=/teach')
    return commands.prevent()
  }

  readonly #onNew = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const title = String(new FormData(event.target as HTMLFormElement).get('title') ?? '')
    this.error = null
    this.isBusy = true
    try {
      const { slug } = await send<CourseJson>('POST', '/api/courses/', { title })
      go(`/teach/${slug}`)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    } finally {
      this.isBusy = false
    }
  }

  #row(course: CourseCardJson) {
    return html`<li><a class="row" href="/teach/${course.slug}">
      <div class="picture">${icon('book', 26)}${course.thumbnail_url ? picture(course.thumbnail_url, { sizes: '160px', width: 160, height: 90 }) : nothing}</div>
      <div>
        <h2>${course.title}</h2>
        <p class="soft small">${priceText(course.price, course.currency)} · ${lessonsText(course.total_lessons)} · ${learnersText(course.students_count)}</p>
      </div>
      <span class="status ${course.status}">${courseStatusText(course.status)}</span>
    </a></li>`
  }

  #list() {
    return this.#courses.render({
      pending: () => html`<p class="soft">${msg('One moment…')}</p>`,
      error: (error) =>
        html`<notice-box .error=${error as ApiError} retries @retry=${() => this.#courses.run()}></notice-box>`,
      complete: (courses) =>
        courses.length === 0
          ? html`<div class="empty">${icon('book', 36)}<p>${msg('No courses yet. Begin with a title; lessons come from your recordings, or from anything you write.')}</p></div>`
          : html`<ul class="list">${courses.map((course) => this.#row(course))}</ul>`,
    })
  }

  protected override render() {
    document.title = `${msg('Your courses')} · Ustat`
    return html`
      <h1>${msg('Your courses')}</h1>
      ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      <form class="new" @submit=${this.#onNew}>
        <wa-input name="title" label=${msg('A new course')} placeholder=${msg('What is it about?')} maxlength="200" required></wa-input>
        <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Create')}</wa-button>
      </form>
      ${this.#list()}
    `
  }
}
customElements.define('teach-page', TeachPage)

declare global {
  interface HTMLElementTagNameMap {
    'teach-page': TeachPage
  }
}
