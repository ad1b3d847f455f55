import { msg, updateWhenLocaleChanges } from '@lit/localize'
import type { Commands, RouterLocation } from '@vaadin/router'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/tab/tab.js'
import '@awesome.me/webawesome/dist/components/tab-group/tab-group.js'
import '@awesome.me/webawesome/dist/components/tab-panel/tab-panel.js'
import type { CourseJson } from '../../server/courses/contract.ts'
import { ApiError, get } from '../api.ts'
import { firstLesson, isTeaching, lessonAddress } from '../courses/standing.ts'
import { go } from '../router.ts'
import { loadViewer } from '../session.ts'
import '../ui/not-found-page.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import './about-form.ts'
import './grading-panel.ts'
import './learners-panel.ts'
import './outline-editor.ts'
import './publish-panel.ts'

/** A course as those who run it work on it. */
export class CourseEditorPage extends LitElement {
  static override styles = [
    base,
    css`
      .head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 6px 18px; margin-bottom: 16px }
      h1 { flex: 1 1 100%; overflow-wrap: anywhere }
      publish-panel { margin-bottom: 22px }
      .locked { padding: 12px 18px; margin-bottom: 18px; border-radius: var(--radius); background: var(--warn-tint); color: var(--warn-ink) }
      wa-tab-panel::part(base) { padding: 22px 0 }
      .bone { height: 320px; border-radius: 18px; background: var(--sunken) }
    `,
  ]
  static override properties = { course: { state: true }, error: { state: true }, tab: { state: true } }

  declare course: CourseJson | null
  declare error: ApiError | null
  declare tab: string
  #slug = ''

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.error = null
    this.tab = 'lessons'
  }

  /** Called by the router: for who is signed in. */
  async onBeforeEnter({ params }: RouterLocation, commands: Commands) {
    this.#slug = String(params.course)
    const viewer = await loadViewer().catch(() => undefined)
    if (viewer === null) {
      go(`/sign-in?next=${encodeURIComponent(location.pathname)}`)
      return commands.prevent()
    }
    void this.#load()
    return undefined
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

  /** Loaded when it is first looked at. */
  #panel(name: string, inside: () => unknown) {
    return html`<wa-tab-panel name=${name}>${this.tab === name ? inside() : nothing}</wa-tab-panel>`
  }

  #tabs(course: CourseJson) {
    const mayManage = course.rights.includes('manage_students')
    return html`<wa-tab-group .active=${this.tab} @wa-tab-show=${(event: CustomEvent<{ name: string }>) => (this.tab = event.detail.name)}>
      <wa-tab panel="lessons">${msg('Lessons')}</wa-tab>
      <wa-tab panel="about">${msg('About and price')}</wa-tab>
      ${mayManage ? html`<wa-tab panel="learners">${msg('Learners')}</wa-tab><wa-tab panel="grading">${msg('To grade')}</wa-tab>` : nothing}
      <wa-tab-panel name="lessons"><outline-editor .course=${course} @changed=${() => this.#load()}></outline-editor></wa-tab-panel>
      <wa-tab-panel name="about"><about-form .course=${course} @changed=${() => this.#load()}></about-form></wa-tab-panel>
      ${
        mayManage
          ? html`${this.#panel('learners', () => html`<learners-panel .course=${course.id}></learners-panel>`)}
            ${this.#panel('grading', () => html`<grading-panel .course=${course}></grading-panel>`)}`
          : nothing
      }
    </wa-tab-group>`
  }

  protected override render() {
    const { course, error } = this
    document.title = course ? `${course.title} · ${msg('Your courses')}` : 'Ustat'
    if (error?.status === 404 || (course && !isTeaching(course))) return html`<not-found-page></not-found-page>`
    const first = course && firstLesson(course)
    return html`
      ${error ? html`<notice-box .error=${error} retries @retry=${() => this.#load()}></notice-box>` : nothing}
      ${
        course
          ? html`<div class="head">
              <p class="small"><a href="/teach">${msg('Your courses')}</a></p>
              <h1>${course.title}</h1>
              <a href="/courses/${course.slug}">${msg('Its page')}</a>
              ${first ? html`<a href=${lessonAddress(course, first.id)}>${msg('See it as a learner')}</a>` : nothing}
            </div>
            <publish-panel .course=${course} @changed=${() => this.#load()}></publish-panel>
            ${course.can_edit ? nothing : html`<p class="locked">${msg('As it stands now, it cannot be changed by you.')}</p>`}
            ${this.#tabs(course)}`
          : error
            ? nothing
            : html`<div class="bone"></div>`
      }
    `
  }
}
customElements.define('course-editor-page', CourseEditorPage)

declare global {
  interface HTMLElementTagNameMap {
    'course-editor-page': CourseEditorPage
  }
}
