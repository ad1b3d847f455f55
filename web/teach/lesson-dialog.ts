import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/checkbox/checkbox.js'
import '@awesome.me/webawesome/dist/components/drawer/drawer.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import type { LessonJson } from '../../server/courses/lesson-contract.ts'
import type { RecordingJson } from '../../server/vod/contract.ts'
import { type ApiError, get, type Page, send } from '../api.ts'
import { type ContentType, contentTypeIcons, contentTypeText } from '../courses/course-words.ts'
import { formControls } from '../learn/form-controls.ts'
import { loadViewer } from '../session.ts'
import { attempt } from '../ui/attempt.ts'
import { dateText, sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import '../ui/rich-editor.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { draftOf, emptyQuiz, lacks, type QuizDraft, quizOf } from './quiz-draft.ts'
import './quiz-editor.ts'

const kinds: ContentType[] = ['video', 'text', 'quiz', 'assignment']

/**
 * Makes a lesson, or changes one: of a recording, of a broadcast that is still to come, of a video elsewhere, a text, a quiz
 * or an assignment.
 *
 * @fires saved
 */
export class LessonDialog extends LitElement {
  static override styles = [
    base,
    buttons,
    formControls,
    css`
      wa-drawer { --size: min(680px, 100vw) }
      form { display: grid; gap: 18px; grid-template-columns: minmax(0, 1fr) }
      .kinds { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 8px; margin: 0; padding: 0; border: 0 }
      .kind { position: relative; display: grid; justify-items: center; gap: 6px; padding: 12px 4px; border: 1px solid var(--line); border-radius: var(--radius-small); font-size: 0.875rem; text-align: center; cursor: pointer }
      .kind:has(:checked) { border-color: var(--accent); background: var(--accent-tint); color: var(--accent); font-weight: 620 }
      .kind:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px }
      .kind input { position: absolute; opacity: 0; inset: 0; cursor: pointer }
      label.labelled { display: grid; gap: 6px }
      .hint { color: var(--ink-soft); font-size: 0.875rem; font-weight: 400 }
      .two { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px }
      .flags { display: grid; gap: 10px }
      .file { display: flex; flex-wrap: wrap; align-items: center; gap: 10px }
      .foot { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 10px }
      @media (max-width: 460px) { .kinds { grid-template-columns: repeat(2, minmax(0, 1fr)) } }
    `,
  ]
  static override properties = {
    isOpen: { state: true },
    lesson: { state: true },
    kind: { state: true },
    quiz: { state: true },
    isChecked: { state: true },
    recordings: { state: true },
    error: { state: true },
    isBusy: { state: true },
    isLoading: { state: true },
  }

  declare isOpen: boolean
  /** Null for a new one. */
  declare lesson: LessonJson | null
  declare kind: ContentType
  declare quiz: QuizDraft
  declare isChecked: boolean
  declare recordings: RecordingJson[]
  declare error: ApiError | null
  declare isBusy: boolean
  declare isLoading: boolean
  #module = 0

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.isOpen = false
    this.lesson = null
    this.kind = 'video'
    this.quiz = emptyQuiz()
    this.isChecked = false
    this.recordings = []
    this.error = null
    this.isBusy = false
    this.isLoading = false
  }

  /** @param lesson 0 for a new one at the end of the module */
  async open(lesson: number, module: number): Promise<void> {
    this.#module = module
    this.isOpen = true
    this.isLoading = true
    this.isChecked = false
    this.lesson = null
    this.kind = 'video'
    this.quiz = emptyQuiz()
    await attempt(this, async () => {
      const viewer = await loadViewer()
      const [known, recordings] = await Promise.all([
        lesson > 0 ? get<LessonJson>(`/api/lessons/${lesson}/`) : null,
        viewer?.channel ? get<Page<RecordingJson>>(`/api/recordings/?channel=${viewer.channel}&page_size=100`) : null,
      ])
      this.lesson = known
      this.kind = known?.content_type ?? 'video'
      if (known?.quiz) this.quiz = draftOf(known.quiz)
      this.recordings = (recordings?.results ?? []).filter(({ status }) => status === 'ready')
      this.isLoading = false
    })
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault()
    const quiz = this.renderRoot.querySelector('quiz-editor')?.quiz
    this.isChecked = true
    if (this.kind === 'quiz' && quiz?.questions.some((question) => lacks(question))) return
    void attempt(this, () => this.#save(new FormData(event.target as HTMLFormElement), quiz))
  }

  async #save(fields: FormData, quiz: QuizDraft | undefined): Promise<void> {
    const text = (name: string) => String(fields.get(name) ?? '').trim()
    const number = (name: string, usual: number) => (text(name) === '' ? usual : Number(text(name)))
    const recording = this.recordings.find(({ id }) => id === text('recording'))
    const minutes = recording ? Math.ceil(recording.duration_seconds / 60) : number('duration_minutes', 0)
    const body = {
      title: text('title'),
      content_type: this.kind,
      content: this.renderRoot.querySelector('rich-editor')?.value ?? '',
      duration_minutes: minutes,
      is_free: fields.has('is_free'),
      is_published: fields.has('is_published'),
      video_url: this.kind === 'video' ? text('video_url') : '',
      recording: this.kind === 'video' ? text('recording') || null : null,
      quiz: this.kind === 'quiz' && quiz ? quizOf(quiz) : null,
      assignment:
        this.kind === 'assignment'
          ? {
              completion: text('completion') === 'graded' ? 'graded' : 'submitted',
              max_grade: number('max_grade', 100),
              pass_grade: number('pass_grade', 60),
              max_files: number('max_files', 3),
            }
          : null,
    }
    this.lesson = this.lesson
      ? await send<LessonJson>('PATCH', `/api/lessons/${this.lesson.id}/`, body)
      : await send<LessonJson>('POST', `/api/modules/${this.#module}/lessons/`, body)
    const startsAt = text('starts_at')
    if (startsAt && !this.lesson.broadcast && !this.lesson.recording) {
      const { id, title } = this.lesson
      await send('POST', '/api/broadcasts/', { title, starts_at: new Date(startsAt).toISOString(), lesson: id })
    }
    const file = fields.get('file')
    if (file instanceof File && file.size > 0) {
      const form = new FormData()
      form.set('file', file)
      await send('PUT', `/api/lessons/${this.lesson.id}/file/`, form)
    }
    this.isOpen = false
    this.dispatchEvent(new Event('saved'))
    await toast(msg('Saved.'))
  }

  #removeFile(): Promise<boolean> {
    return attempt(this, async () => {
      if (!this.lesson) return
      await send('DELETE', `/api/lessons/${this.lesson.id}/file/`)
      this.lesson = { ...this.lesson, file: null }
    })
  }

  #video(lesson: LessonJson | null) {
    const own = lesson?.recording ?? ''
    const isKnown = this.recordings.some(({ id }) => id === own)
    const mayPlan = !lesson?.recording && !lesson?.broadcast
    return html`
      <label class="labelled">${msg('Recording')}
        <select class="field" name="recording">
          <option value="">${msg('None')}</option>
          ${own && !isKnown ? html`<option value=${own} selected>${msg('The one it has')}</option>` : nothing}
          ${this.recordings.map(({ id, title, created_at }) => html`<option value=${id} ?selected=${id === own}>${title} · ${dateText(created_at)}</option>`)}
        </select>
        <span class="hint">${msg('Of your channel: every show is here the moment it ends.')}</span>
      </label>
      ${
        mayPlan
          ? html`<label class="labelled">${msg('Or live, at')}
              <input class="field" type="datetime-local" name="starts_at" />
              <span class="hint">${msg('Announced to the learners; your next show on the channel becomes this lesson.')}</span>
            </label>`
          : lesson?.starts_at && !lesson.recording
            ? html`<p class="hint">${icon('broadcast', 18)} ${dateText(lesson.starts_at)}</p>`
            : nothing
      }
      <wa-input name="video_url" type="url" label=${msg('Or a video elsewhere')} placeholder="https://" maxlength="500" value=${lesson?.video_url ?? ''}></wa-input>
    `
  }

  #assignment(lesson: LessonJson | null) {
    const { completion = 'submitted', max_grade = 100, pass_grade = 60, max_files = 3 } = lesson?.assignment ?? {}
    const field = (name: string, label: string, value: number, max: number) =>
      html`<label class="labelled">${label}<input class="field" type="number" name=${name} min="0" max=${max} .value=${String(value)} /></label>`
    return html`<label class="labelled">${msg('Completed')}
        <select class="field" name="completion">
          <option value="submitted" ?selected=${completion === 'submitted'}>${msg('when it is handed in')}</option>
          <option value="graded" ?selected=${completion === 'graded'}>${msg('when it is graded well enough')}</option>
        </select></label>
      <div class="two">${field('max_grade', msg('Highest grade'), max_grade, 1000)}${field('pass_grade', msg('Needed grade'), pass_grade, 1000)}${field('max_files', msg('Files at most'), max_files, 10)}</div>`
  }

  #file(lesson: LessonJson | null) {
    return html`<div class="file">
      ${
        lesson?.file
          ? html`${icon('file')}<span>${lesson.file.file_name} <span class="hint">${sizeText(lesson.file.size_bytes)}</span></span>
            <wa-button size="s" appearance="outlined" @click=${() => this.#removeFile()}>${msg('Take it away')}</wa-button>`
          : html`<label class="labelled">${msg('A file to download, up to 100 MB')}<input class="field" type="file" name="file" /></label>`
      }
    </div>`
  }

  #form() {
    const { lesson, kind } = this
    return html`<form @submit=${this.#onSubmit}>
      ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      <fieldset class="kinds" aria-label=${msg('Kind of lesson')}>
        ${kinds.map((one) => html`<label class="kind">${icon(contentTypeIcons[one], 24)}${contentTypeText(one)}<input type="radio" name="kind" .checked=${one === kind} @change=${() => (this.kind = one)} /></label>`)}
      </fieldset>
      <wa-input name="title" label=${msg('Title')} maxlength="200" required value=${lesson?.title ?? ''}></wa-input>
      ${kind === 'video' ? this.#video(lesson) : nothing}
      ${kind === 'quiz' ? html`<quiz-editor .quiz=${this.quiz} .isChecked=${this.isChecked}></quiz-editor>` : nothing}
      ${kind === 'assignment' ? this.#assignment(lesson) : nothing}
      <rich-editor label=${kind === 'text' ? msg('Text') : kind === 'assignment' ? msg('The task') : msg('What stands under it')} .value=${lesson?.content ?? ''}></rich-editor>
      <label class="labelled">${msg('Length in minutes')}<input class="field" type="number" name="duration_minutes" min="0" max="100000" .value=${String(lesson?.duration_minutes ?? 0)} />
        ${kind === 'video' ? html`<span class="hint">${msg('Of a recording it is known by itself.')}</span>` : nothing}</label>
      ${this.#file(lesson)}
      <div class="flags">
        <wa-checkbox name="is_published" ?checked=${lesson?.is_published ?? true}>${msg('Learners see it')}</wa-checkbox>
        <wa-checkbox name="is_free" ?checked=${lesson?.is_free ?? false}>${msg('Free preview: also for those who have not enrolled')}</wa-checkbox>
      </div>
    </form>`
  }

  #onHide(event: Event): void {
    if (event.target === event.currentTarget) this.isOpen = false
  }

  protected override render() {
    const heading = this.lesson ? msg('Edit the lesson') : msg('A new lesson')
    return html`<wa-drawer label=${heading} ?open=${this.isOpen} @wa-hide=${this.#onHide}>
      ${this.isLoading ? (this.error ? html`<notice-box .error=${this.error}></notice-box>` : html`<p class="soft">${msg('One moment…')}</p>`) : this.#form()}
      <div slot="footer" class="foot">
        <wa-button appearance="outlined" @click=${() => (this.isOpen = false)}>${msg('Cancel')}</wa-button>
        <wa-button variant="brand" ?loading=${this.isBusy} ?disabled=${this.isLoading} @click=${() => this.renderRoot.querySelector('form')?.requestSubmit()}>${msg('Save')}</wa-button>
      </div>
    </wa-drawer>`
  }
}
customElements.define('lesson-dialog', LessonDialog)

declare global {
  interface HTMLElementTagNameMap {
    'lesson-dialog': LessonDialog
  }
}
