import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import type { CourseJson } from '../../server/courses/contract.ts'
import type { LessonOutlineJson, ModuleOutlineJson } from '../../server/courses/lesson-contract.ts'
import { ApiError, send } from '../api.ts'
import { contentTypeIcons, contentTypeText, minutesText } from '../courses/course-words.ts'
import { formControls } from '../learn/form-controls.ts'
import '../ui/confirm-dialog.ts'
import { type IconName, icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons, liveBadge } from '../ui/styles.ts'
import './lesson-dialog.ts'
import { moved, orderWith, stepOf } from './reorder.ts'
import { toolButtons } from './teach-styles.ts'

/**
 * Modules and lessons in their order: added, named, moved by dragging or by buttons, deleted.
 *
 * @fires changed
 */
export class OutlineEditor extends LitElement {
  static override styles = [
    base,
    buttons,
    liveBadge,
    formControls,
    toolButtons,
    css`
      :host { display: grid; gap: 16px; max-width: 860px }
      .module { border: 1px solid var(--line); border-radius: 18px; background: var(--surface) }
      .head { display: flex; align-items: center; gap: 4px; padding: 10px 12px 10px 18px }
      .head h3 { flex: 1; min-width: 0; overflow-wrap: anywhere }
      .head form { flex: 1; display: flex; gap: 8px }
      ol { border-top: 1px solid var(--line) }
      li { display: grid; grid-template-columns: 24px 24px minmax(0, 1fr) auto; align-items: center; gap: 8px; min-height: 52px; padding: 4px 12px 4px 14px; border-top: 1px solid color-mix(in oklab, var(--line) 60%, transparent) }
      li:first-child { border-top: 0 }
      li[draggable='true'] .grip { cursor: grab; color: var(--ink-soft) }
      li.over { box-shadow: inset 0 3px 0 var(--accent) }
      ol.over-end { box-shadow: inset 0 -3px 0 var(--accent) }
      .kind { color: var(--ink-soft); display: grid }
      .title { min-width: 0; overflow-wrap: anywhere; line-height: 1.3 }
      .title button { padding: 0; border: 0; background: none; color: inherit; font: inherit; text-align: left; cursor: pointer }
      .title button:disabled { cursor: default }
      .title button:enabled:hover { color: var(--accent); text-decoration: underline; text-underline-offset: 3px }
      .small { display: flex; flex-wrap: wrap; gap: 2px 10px; color: var(--ink-soft); font-size: 0.8125rem }
      .tools { display: flex }
      .foot { padding: 8px 12px; border-top: 1px solid var(--line) }
      .plain { display: inline-flex; align-items: center; gap: 8px; min-height: 40px; padding: 0 10px; border: 0; border-radius: 9px; background: none; color: var(--accent); font: inherit; font-weight: 600; cursor: pointer }
      .plain:hover { background: var(--sunken) }
      .new { display: flex; flex-wrap: wrap; gap: 10px; align-items: end }
      .new wa-input { flex: 1 1 240px }
      @media (max-width: 560px) { li { grid-template-columns: 24px minmax(0, 1fr) } .grip { display: none } .tools { grid-column: 2 } .head { flex-wrap: wrap } .head h3 { flex: 1 1 100% } }
    `,
  ]
  static override properties = {
    course: { attribute: false },
    modules: { state: true },
    error: { state: true },
    renaming: { state: true },
    over: { state: true },
    asked: { state: true },
  }

  declare course: CourseJson | null
  /** As they are to be; the API says the same a moment later. */
  declare modules: ModuleOutlineJson[]
  declare error: ApiError | null
  /** The module whose title is being written; 0 for none. */
  declare renaming: number
  /** Where what is dragged would land. */
  declare over: { module: number; at: number } | null
  /** What is about to be deleted. */
  declare asked: { kind: 'module' | 'lesson'; id: number; title: string } | null
  #dragged = 0

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.modules = []
    this.error = null
    this.renaming = 0
    this.over = null
    this.asked = null
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('course')) this.modules = this.course?.modules ?? []
  }

  /** What fails is shown, and the list is as the server has it again. */
  async #do(act: () => Promise<unknown>): Promise<void> {
    this.error = null
    try {
      await act()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
      this.modules = this.course?.modules ?? []
    }
    this.dispatchEvent(new Event('changed'))
  }

  #moveModule(from: number, to: number): void {
    this.modules = moved(this.modules, from, to)
    const body = { course: this.course?.id, order: this.modules.map(({ id }) => id) }
    void this.#do(() => send('POST', '/api/modules/reorder/', body))
  }

  #moveLesson(lesson: number, to: { module: number; at: number }): void {
    const target = this.modules.find(({ id }) => id === to.module)
    const moving = this.modules.flatMap(({ lessons }) => lessons).find(({ id }) => id === lesson)
    if (!target || !moving) return
    const order = orderWith(target, lesson, to.at)
    const all = new Map([...target.lessons, moving].map((one) => [one.id, one]))
    this.modules = this.modules.map((module) =>
      module.id === to.module
        ? { ...module, lessons: order.flatMap((id) => all.get(id) ?? []) }
        : { ...module, lessons: module.lessons.filter(({ id }) => id !== lesson) },
    )
    void this.#do(() => send('POST', '/api/lessons/reorder/', { module: to.module, order }))
  }

  /** The button that was pressed is elsewhere afterwards: the focus goes with it. */
  async #step(lesson: number, step: -1 | 1): Promise<void> {
    const place = stepOf(this.modules, lesson, step)
    if (!place) return
    this.#moveLesson(lesson, place)
    await this.updateComplete
    this.renderRoot.querySelector<HTMLElement>(`#lesson-${lesson} .${step < 0 ? 'up' : 'down'}`)?.focus()
  }

  readonly #onNew = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const title = String(new FormData(form).get('title') ?? '')
    void this.#do(async () => {
      await send('POST', `/api/courses/${this.course?.id}/modules/`, { title })
      form.reset()
    })
  }

  #onRename(event: SubmitEvent, module: number): void {
    event.preventDefault()
    const title = String(new FormData(event.target as HTMLFormElement).get('title') ?? '')
    this.renaming = 0
    void this.#do(() => send('PATCH', `/api/modules/${module}/`, { title }))
  }

  async #delete(kind: 'module' | 'lesson', { id, title }: { id: number; title: string }): Promise<void> {
    this.asked = { kind, id, title }
    await this.updateComplete
    if (!(await this.renderRoot.querySelector('confirm-dialog')?.ask())) return
    await this.#do(() => send('DELETE', `/api/${kind}s/${id}/`))
  }

  #edit(lesson: number, module: number): void {
    void this.renderRoot.querySelector('lesson-dialog')?.open(lesson, module)
  }

  #onDrag(event: DragEvent, lesson: number): void {
    this.#dragged = lesson
    event.dataTransfer?.setData('text/plain', String(lesson))
    if (event.dataTransfer) event.dataTransfer.effectAllowed = 'move'
  }

  #onOver(event: DragEvent, module: number, at: number): void {
    if (this.#dragged === 0) return
    event.preventDefault()
    event.stopPropagation()
    if (this.over?.module !== module || this.over.at !== at) this.over = { module, at }
  }

  #onDrop(event: DragEvent): void {
    event.preventDefault()
    event.stopPropagation()
    const [lesson, place] = [this.#dragged, this.over]
    this.#onDragEnd()
    if (!lesson || !place) return
    const from = this.modules.find(({ id }) => id === place.module)?.lessons.findIndex(({ id }) => id === lesson) ?? -1
    // Taken out above the place it goes to, what follows moves up by one.
    this.#moveLesson(lesson, { module: place.module, at: from >= 0 && from < place.at ? place.at - 1 : place.at })
  }

  #onDragEnd(): void {
    this.#dragged = 0
    this.over = null
  }

  #tool(name: IconName, label: string, act: () => void, { isOff = false, style = '' } = {}) {
    return html`<button class="tool ${style}" type="button" aria-label=${label} title=${label} ?disabled=${isOff} @click=${act}>${icon(name, 18)}</button>`
  }

  #lesson(lesson: LessonOutlineJson, module: ModuleOutlineJson, at: number) {
    const isOver = this.over?.module === module.id && this.over.at === at
    const mayEdit = this.course?.can_edit === true
    return html`<li id="lesson-${lesson.id}" class=${isOver ? 'over' : ''} draggable=${mayEdit}
      @dragstart=${(event: DragEvent) => this.#onDrag(event, lesson.id)} @dragend=${() => this.#onDragEnd()}
      @dragover=${(event: DragEvent) => this.#onOver(event, module.id, at)} @drop=${(event: DragEvent) => this.#onDrop(event)}>
      <span class="grip" aria-hidden="true">${icon('grip')}</span>
      <span class="kind">${icon(contentTypeIcons[lesson.content_type], 18)}</span>
      <div class="title">
        <button type="button" ?disabled=${!mayEdit} @click=${() => this.#edit(lesson.id, module.id)}>${lesson.title}</button>
        <p class="small">
          <span>${contentTypeText(lesson.content_type)}</span>
          ${lesson.duration_minutes > 0 ? html`<span>${minutesText(lesson.duration_minutes)}</span>` : nothing}
          ${lesson.is_free ? html`<span>${msg('free preview')}</span>` : nothing}
          ${lesson.is_published ? nothing : html`<span>${msg('hidden')}</span>`}
          ${lesson.state === 'live' ? html`<span class="live-badge">${msg('Live')}</span>` : nothing}
          ${lesson.state === 'recorded' ? html`<span>${msg('recording')}</span>` : nothing}
        </p>
      </div>
      <div class="tools" ?hidden=${!mayEdit}>
        ${this.#tool('arrow-up', msg(str`Move “${lesson.title}” up`), () => void this.#step(lesson.id, -1), { isOff: !stepOf(this.modules, lesson.id, -1), style: 'up' })}
        ${this.#tool('arrow-down', msg(str`Move “${lesson.title}” down`), () => void this.#step(lesson.id, 1), { isOff: !stepOf(this.modules, lesson.id, 1), style: 'down' })}
        ${this.#tool('edit', msg(str`Edit “${lesson.title}”`), () => this.#edit(lesson.id, module.id))}
        ${this.#tool('trash', msg(str`Delete “${lesson.title}”`), () => void this.#delete('lesson', lesson), { style: 'bad' })}
      </div>
    </li>`
  }

  #module(module: ModuleOutlineJson, at: number) {
    const end = module.lessons.length
    const isOverEnd = this.over?.module === module.id && this.over.at === end
    return html`<section class="module" aria-label=${module.title}
      @dragover=${(event: DragEvent) => this.#onOver(event, module.id, end)} @drop=${(event: DragEvent) => this.#onDrop(event)}>
      <div class="head">
        ${
          this.renaming === module.id
            ? html`<form @submit=${(event: SubmitEvent) => this.#onRename(event, module.id)}>
                <input class="field" name="title" aria-label=${msg('Title of the module')} .value=${module.title} maxlength="200" required />
                <wa-button type="submit" variant="brand">${msg('Save')}</wa-button>
              </form>`
            : html`<h3>${module.title}</h3>`
        }
        <div class="tools" ?hidden=${this.course?.can_edit !== true}>
        ${this.#tool('arrow-up', msg(str`Move “${module.title}” up`), () => this.#moveModule(at, at - 1), { isOff: at === 0 })}
        ${this.#tool('arrow-down', msg(str`Move “${module.title}” down`), () => this.#moveModule(at, at + 1), { isOff: at === this.modules.length - 1 })}
        ${this.#tool('edit', msg(str`Rename “${module.title}”`), () => {
          this.renaming = this.renaming === module.id ? 0 : module.id
        })}
        ${this.#tool('trash', msg(str`Delete “${module.title}”`), () => void this.#delete('module', module), { style: 'bad' })}
        </div>
      </div>
      <ol class=${isOverEnd ? 'over-end' : ''}>${repeat(
        module.lessons,
        ({ id }) => id,
        (lesson, index) => this.#lesson(lesson, module, index),
      )}</ol>
      <div class="foot" ?hidden=${this.course?.can_edit !== true}><button class="plain" type="button" @click=${() => this.#edit(0, module.id)}>${icon('plus', 18)}${msg('Add a lesson')}</button></div>
    </section>`
  }

  protected override render() {
    if (!this.course) return nothing
    return html`
      ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      ${repeat(
        this.modules,
        ({ id }) => id,
        (module, at) => this.#module(module, at),
      )}
      <form class="new" ?hidden=${!this.course.can_edit} @submit=${this.#onNew}>
        <wa-input name="title" label=${msg('A new module')} placeholder=${this.modules.length === 0 ? msg('Begin with its first part') : ''} maxlength="200" required></wa-input>
        <wa-button type="submit" appearance="outlined">${msg('Add the module')}</wa-button>
      </form>
      <lesson-dialog @saved=${() => this.dispatchEvent(new Event('changed'))}></lesson-dialog>
      <confirm-dialog heading=${this.asked?.kind === 'module' ? msg('Delete the module?') : msg('Delete the lesson?')} action=${msg('Delete')}>
        <p>${this.asked?.kind === 'module' ? msg(str`“${this.asked.title}” goes with all its lessons. Recordings stay.`) : msg(str`“${this.asked?.title ?? ''}” goes for good. A recording in it stays.`)}</p>
      </confirm-dialog>
    `
  }
}
customElements.define('outline-editor', OutlineEditor)

declare global {
  interface HTMLElementTagNameMap {
    'outline-editor': OutlineEditor
  }
}
