import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import type { LessonJson } from '../../server/courses/lesson-contract.ts'
import type { SubmissionJson } from '../../server/progress/submission-contract.ts'
import { type ApiError, get, type Page, send } from '../api.ts'
import { attempt } from '../ui/attempt.ts'
import { dateText, sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { formControls } from './form-controls.ts'

/**
 * An assignment: handing in, and what the teacher said of it.
 *
 * @fires submitted - Something was handed in.
 */
export class LessonAssignment extends LitElement {
  static override styles = [
    base,
    formControls,
    css`
      :host { display: grid; gap: 20px }
      .card { display: grid; gap: 12px; padding: 20px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      .head { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px }
      .head strong { flex: 1 1 12em }
      .state { padding: 3px 12px; border-radius: 999px; background: var(--warn-tint); color: var(--warn-ink); font-size: 0.875rem; font-weight: 620 }
      .state.good { background: var(--accent-tint); color: var(--accent) }
      .state.bad { background: var(--bad-tint); color: var(--bad-ink) }
      .text { white-space: pre-line; overflow-wrap: anywhere; max-height: 20em; overflow-y: auto }
      .comment { padding: 12px 16px; border-left: 3px solid var(--accent); background: var(--accent-tint); border-radius: 0 var(--radius-small) var(--radius-small) 0; white-space: pre-line; overflow-wrap: anywhere }
      .files { display: flex; flex-wrap: wrap; gap: 8px }
      .files a, .files span { display: inline-flex; align-items: center; gap: 8px; min-height: 40px; padding: 4px 14px; border: 1px solid var(--line); border-radius: 999px; font-size: 0.9375rem; overflow-wrap: anywhere; text-decoration: none }
      .files button { display: grid; place-items: center; width: 30px; height: 30px; margin-right: -8px; border: 0; border-radius: 50%; background: none; color: inherit; cursor: pointer }
      form { display: grid; gap: 14px }
      label.pick { display: inline-flex; align-items: center; gap: 8px; min-height: 44px; padding: 0 18px; border: 1px dashed var(--ink-soft); border-radius: 999px; cursor: pointer; width: max-content; max-width: 100% }
      label.pick:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px }
      label.pick input { position: absolute; opacity: 0; width: 1px; height: 1px }
      wa-button { justify-self: start }
    `,
  ]
  static override properties = {
    lesson: { attribute: false },
    work: { state: true },
    files: { state: true },
    error: { state: true },
    isBusy: { state: true },
  }

  declare lesson: LessonJson | null
  /** Newest first; null until it is known. */
  declare work: SubmissionJson[] | null
  declare files: File[]
  declare error: ApiError | null
  declare isBusy: boolean
  #loaded = 0

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.lesson = null
    this.work = null
    this.files = []
    this.error = null
    this.isBusy = false
  }

  protected override willUpdate(): void {
    if (!this.lesson || this.lesson.id === this.#loaded) return
    this.#loaded = this.lesson.id
    this.work = null
    this.files = []
    void attempt(this, () => this.#load())
  }

  async #load(): Promise<void> {
    this.work = (await get<Page<SubmissionJson>>(`/api/lessons/${this.lesson?.id}/submissions/`)).results
  }

  readonly #onFiles = (event: Event): void => {
    const field = event.target as HTMLInputElement
    this.files = [...this.files, ...(field.files ?? [])].slice(0, this.lesson?.assignment?.max_files ?? 0)
    field.value = ''
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const text = String(new FormData(form).get('text') ?? '')
    void attempt(this, async () => {
      const body = new FormData()
      body.set('text', text)
      for (const file of this.files) body.append('files', file)
      await send('POST', `/api/lessons/${this.lesson?.id}/submissions/`, this.files.length > 0 ? body : { text })
      form.reset()
      this.files = []
      await this.#load()
      this.dispatchEvent(new Event('submitted'))
      await toast(msg('Handed in.'))
    })
  }

  #submission(work: SubmissionJson) {
    const { max_grade: max = 100, pass_grade: pass = 0 } = this.lesson?.assignment ?? {}
    const isGraded = work.grade !== null
    const isGood = (work.grade ?? 0) >= pass
    return html`<article class="card">
      <p class="head">
        <strong>${msg(str`Handed in on ${dateText(work.created_at)}`)}</strong>
        <span class="state ${isGraded ? (isGood ? 'good' : 'bad') : ''}">${isGraded ? msg(str`${work.grade} of ${max}`) : msg('waits for the teacher')}</span>
      </p>
      ${work.text ? html`<p class="text">${work.text}</p>` : nothing}
      ${work.files.length > 0 ? html`<p class="files">${work.files.map(({ url, name, size }) => html`<a href=${url} download>${icon('file', 18)}${name} <span class="soft" style="all: unset">${sizeText(size)}</span></a>`)}</p>` : nothing}
      ${work.comment ? html`<div><p class="small soft">${msg('The teacher says')}</p><p class="comment">${work.comment}</p></div>` : nothing}
    </article>`
  }

  #form(max: number) {
    const isAgain = (this.work?.length ?? 0) > 0
    return html`<form class="card" @submit=${this.#onSubmit}>
      <h3>${isAgain ? msg('Hand in again') : msg('Hand in your work')}</h3>
      <textarea class="field" name="text" maxlength="20000" aria-label=${msg('Your work')} placeholder=${msg('Write here, or add files')}></textarea>
      ${this.files.length > 0 ? html`<p class="files">${this.files.map((file) => html`<span>${icon('file', 18)}${file.name}<button type="button" aria-label=${msg(str`Remove ${file.name}`)} @click=${() => (this.files = this.files.filter((one) => one !== file))}>${icon('xmark', 16)}</button></span>`)}</p>` : nothing}
      ${this.files.length < max ? html`<label class="pick">${icon('plus', 18)}${msg(str`Add a file (${max - this.files.length} more)`)}<input type="file" multiple @change=${this.#onFiles} /></label>` : nothing}
      <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Hand in')}</wa-button>
    </form>`
  }

  protected override render() {
    const { assignment } = this.lesson ?? {}
    if (!assignment) return nothing
    const { completion, max_grade, pass_grade, max_files } = assignment
    return html`
      <p class="soft">${completion === 'graded' ? msg(str`The teacher grades it; ${pass_grade} of ${max_grade} are needed.`) : msg('Handing it in completes the lesson.')}</p>
      ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      ${this.work?.map((work) => this.#submission(work))}
      ${this.work ? this.#form(max_files) : nothing}
    `
  }
}
customElements.define('lesson-assignment', LessonAssignment)

declare global {
  interface HTMLElementTagNameMap {
    'lesson-assignment': LessonAssignment
  }
}
