import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import type { CourseJson } from '../../server/courses/contract.ts'
import type { LessonJson } from '../../server/courses/lesson-contract.ts'
import type { SubmissionJson } from '../../server/progress/submission-contract.ts'
import { ApiError, get, type Page, send } from '../api.ts'
import { lessonsOf } from '../courses/standing.ts'
import { formControls } from '../learn/form-controls.ts'
import { serverClock } from '../server-clock.ts'
import { relativeText, sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'

interface Task {
  lesson: LessonJson
  work: SubmissionJson[]
}

/** Work that waits for a grade, assignment by assignment. */
export class GradingPanel extends LitElement {
  static override styles = [
    base,
    formControls,
    css`
      :host { display: grid; gap: 26px; max-width: 860px }
      section { display: grid; gap: 12px }
      article { display: grid; gap: 12px; padding: 18px 20px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      .text { white-space: pre-line; overflow-wrap: anywhere; max-height: 24em; overflow-y: auto }
      .files { display: flex; flex-wrap: wrap; gap: 8px }
      .files a { display: inline-flex; align-items: center; gap: 8px; min-height: 40px; padding: 4px 14px; border: 1px solid var(--line); border-radius: 999px; text-decoration: none; overflow-wrap: anywhere }
      form { display: grid; grid-template-columns: 130px minmax(0, 1fr) auto; gap: 10px; align-items: end }
      label { display: grid; gap: 4px; font-size: 0.875rem; font-weight: 560 }
      textarea.field { min-height: 46px }
      @media (max-width: 560px) { form { grid-template-columns: minmax(0, 1fr) } }
    `,
  ]
  static override properties = { course: { attribute: false }, tasks: { state: true }, error: { state: true } }

  declare course: CourseJson | null
  /** Null until they are known. */
  declare tasks: Task[] | null
  declare error: ApiError | null
  #loaded = 0

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.tasks = null
    this.error = null
  }

  protected override willUpdate(): void {
    if (!this.course || this.course.id === this.#loaded) return
    this.#loaded = this.course.id
    void this.#load()
  }

  async #load(): Promise<void> {
    if (!this.course) return
    const assignments = lessonsOf(this.course).filter(({ content_type }) => content_type === 'assignment')
    try {
      this.tasks = await Promise.all(
        assignments.map(async ({ id }) => {
          const [lesson, { results }] = await Promise.all([
            get<LessonJson>(`/api/lessons/${id}/`),
            get<Page<SubmissionJson>>(`/api/lessons/${id}/submissions/?ungraded=true&page_size=100`),
          ])
          return { lesson, work: results }
        }),
      )
      this.error = null
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    }
  }

  async #grade(event: SubmitEvent, work: SubmissionJson): Promise<void> {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    const body = { grade: Number(fields.get('grade')), comment: String(fields.get('comment') ?? '') }
    try {
      await send('PATCH', `/api/submissions/${work.id}/`, body)
      this.tasks = this.tasks?.map((task) => ({ ...task, work: task.work.filter((one) => one !== work) })) ?? null
      await toast(msg(str`${work.user.display_name} is told.`))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    }
  }

  #work(work: SubmissionJson, max: number) {
    return html`<article>
      <p><strong>${work.user.display_name}</strong> <span class="soft small">${relativeText(work.created_at, serverClock.now())}</span></p>
      ${work.text ? html`<p class="text">${work.text}</p>` : nothing}
      ${work.files.length > 0 ? html`<p class="files">${work.files.map(({ url, name, size }) => html`<a href=${url} download>${icon('file', 18)}${name} (${sizeText(size)})</a>`)}</p>` : nothing}
      <form @submit=${(event: SubmitEvent) => this.#grade(event, work)}>
        <label>${msg(str`Grade, of ${max}`)}<input class="field" type="number" name="grade" min="0" max=${max} required /></label>
        <label>${msg('What you say to it')}<textarea class="field" name="comment" maxlength="10000" rows="1"></textarea></label>
        <wa-button type="submit" variant="brand">${msg('Grade')}</wa-button>
      </form>
    </article>`
  }

  protected override render() {
    const { tasks } = this
    const waiting = tasks?.filter(({ work }) => work.length > 0) ?? []
    return html`
      ${this.error ? html`<notice-box .error=${this.error} retries @retry=${() => this.#load()}></notice-box>` : nothing}
      ${tasks && waiting.length === 0 ? html`<p class="soft">${tasks.length === 0 ? msg('The course has no assignments.') : msg('Nothing waits for a grade.')}</p>` : nothing}
      ${waiting.map(({ lesson, work }) => html`<section><h3>${lesson.title}</h3>${work.map((one) => this.#work(one, lesson.assignment?.max_grade ?? 100))}</section>`)}
    `
  }
}
customElements.define('grading-panel', GradingPanel)

declare global {
  interface HTMLElementTagNameMap {
    'grading-panel': GradingPanel
  }
}
