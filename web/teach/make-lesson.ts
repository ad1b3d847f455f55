import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/dialog/dialog.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import '@awesome.me/webawesome/dist/components/checkbox/checkbox.js'
import type { CourseCardJson } from '../../server/courses/catalog-contract.ts'
import type { CourseJson } from '../../server/courses/contract.ts'
import type { LessonJson, ModuleJson } from '../../server/courses/lesson-contract.ts'
import { type ApiError, get, send } from '../api.ts'
import { lessonAddress } from '../courses/standing.ts'
import { formControls } from '../learn/form-controls.ts'
import { attempt } from '../ui/attempt.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { loadOwnCourses } from './own-courses.ts'
import { courseStatusText } from './status-words.ts'

const NEW = 0

/**
 * Turns a recording or an uploaded video into a lesson: which course, which module, and it is done. Both may be made on the way.
 *
 * @fires made - It is a lesson.
 */
export class MakeLesson extends LitElement {
  static override styles = [
    base,
    buttons,
    formControls,
    css`
      :host { display: inline-block }
      form { display: grid; gap: 16px }
      label.labelled { display: grid; gap: 6px }
      .foot { display: flex; justify-content: flex-end; flex-wrap: wrap; gap: 10px }
      .made { display: grid; justify-items: start; gap: 14px }
      .made svg { color: var(--accent) }
    `,
  ]
  static override properties = {
    recording: {},
    video: {},
    heading: {},
    isOpen: { state: true },
    courses: { state: true },
    modules: { state: true },
    course: { state: true },
    module: { state: true },
    made: { state: true },
    error: { state: true },
    isBusy: { state: true },
  }

  /** Id of what it is made of: a recording, or a video. */
  declare recording: string
  declare video: string
  /** Its title, to begin with. */
  declare heading: string
  declare isOpen: boolean
  /** Null until they are known. */
  declare courses: Pick<CourseCardJson, 'id' | 'slug' | 'title' | 'status'>[] | null
  declare modules: Pick<ModuleJson, 'id' | 'title'>[]
  /** 0 for one that is made on the way. */
  declare course: number
  declare module: number
  declare made: { lesson: number; slug: string } | null
  declare error: ApiError | null
  declare isBusy: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.recording = ''
    this.video = ''
    this.heading = ''
    this.isOpen = false
    this.courses = null
    this.modules = []
    this.course = NEW
    this.module = NEW
    this.made = null
    this.error = null
    this.isBusy = false
  }

  #open(): Promise<boolean> {
    this.isOpen = true
    this.made = null
    return attempt(this, async () => {
      this.courses = await loadOwnCourses()
      await this.#choose(this.courses[0]?.id ?? NEW)
    })
  }

  async #choose(course: number): Promise<void> {
    this.course = course
    this.modules = []
    this.module = NEW
    if (course === NEW) return
    const { modules } = await get<CourseJson>(`/api/courses/${course}/`)
    if (this.course !== course) return
    this.modules = modules
    // The newest show most likely goes on where the course has come to.
    this.module = modules.at(-1)?.id ?? NEW
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    const text = (name: string) => String(fields.get(name) ?? '').trim()
    void attempt(this, async () => {
      // What was made stays chosen: after a failure nothing is made twice.
      if (this.course === NEW) {
        const course = await send<CourseJson>('POST', '/api/courses/', { title: text('course') })
        this.courses = [course, ...(this.courses ?? [])]
        this.course = course.id
      }
      if (this.module === NEW) {
        const title = text('module') || msg('Lessons')
        const module = await send<ModuleJson>('POST', `/api/courses/${this.course}/modules/`, { title })
        this.modules = [...this.modules, module]
        this.module = module.id
      }
      const source = this.video ? `/api/videos/${this.video}` : `/api/recordings/${this.recording}`
      const body = { module: this.module, title: text('title'), is_free: fields.has('is_free') }
      const { id } = await send<LessonJson>('POST', `${source}/lesson/`, body)
      this.made = { lesson: id, slug: this.courses?.find((one) => one.id === this.course)?.slug ?? '' }
      this.dispatchEvent(new Event('made'))
    })
  }

  #select(label: string, value: number, options: { id: number; text: string }[], onChange: (id: number) => void) {
    return html`<label class="labelled">${label}
      <select class="field" .value=${String(value)} @change=${(event: Event) => onChange(Number((event.target as HTMLSelectElement).value))}>
        ${options.map(({ id, text }) => html`<option value=${id} ?selected=${id === value}>${text}</option>`)}
      </select>
    </label>`
  }

  #form() {
    const courses = [
      ...(this.courses ?? []).map(({ id, title, status }) => ({
        id,
        text: status === 'published' ? title : `${title} (${courseStatusText(status)})`,
      })),
      { id: NEW, text: msg('A new course…') },
    ]
    const modules = [
      ...this.modules.map(({ id, title }) => ({ id, text: title })),
      { id: NEW, text: msg('A new module…') },
    ]
    return html`<form id="form" @submit=${this.#onSubmit}>
      ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      ${this.#select(msg('Course'), this.course, courses, (id) => void attempt(this, () => this.#choose(id)))}
      ${this.course === NEW ? html`<wa-input name="course" label=${msg('Title of the new course')} maxlength="200" required></wa-input>` : nothing}
      ${
        this.course === NEW
          ? nothing
          : this.#select(msg('Module'), this.module, modules, (id) => {
              this.module = id
            })
      }
      ${this.module === NEW ? html`<wa-input name="module" label=${msg('Title of the new module')} maxlength="200" placeholder=${msg('Lessons')}></wa-input>` : nothing}
      <wa-input name="title" label=${msg('Title of the lesson')} value=${this.heading} maxlength="200" required></wa-input>
      <wa-checkbox name="is_free">${msg('Free preview: also for those who have not enrolled')}</wa-checkbox>
    </form>`
  }

  #done({ lesson, slug }: NonNullable<typeof this.made>) {
    return html`<div class="made" role="status">
      ${icon('circle-check', 40)}
      <p>${msg('It is a lesson now: with its length, its picture, and learners whose progress is counted.')}</p>
      <a class="button" href=${lessonAddress({ slug }, lesson)}>${msg('See the lesson')}</a>
      <a class="button quiet" href="/teach/${slug}">${msg('Go on with the course')}</a>
    </div>`
  }

  #onHide(event: Event): void {
    if (event.target === event.currentTarget) this.isOpen = false
  }

  protected override render() {
    return html`<button class="button" @click=${() => this.#open()}>${icon('book')}${msg('Make it a lesson')}</button>
      <wa-dialog label=${msg('Make it a lesson')} ?open=${this.isOpen} @wa-hide=${this.#onHide}>
        ${this.made ? this.#done(this.made) : this.courses || this.error ? this.#form() : html`<p class="soft">${msg('One moment…')}</p>`}
        ${
          this.made
            ? nothing
            : html`<div slot="footer" class="foot">
                <wa-button appearance="outlined" @click=${() => (this.isOpen = false)}>${msg('Cancel')}</wa-button>
                <wa-button variant="brand" ?loading=${this.isBusy} @click=${() => this.renderRoot.querySelector('form')?.requestSubmit()}>${msg('Make the lesson')}</wa-button>
              </div>`
        }
      </wa-dialog>`
  }
}
customElements.define('make-lesson', MakeLesson)

declare global {
  interface HTMLElementTagNameMap {
    'make-lesson': MakeLesson
  }
}
