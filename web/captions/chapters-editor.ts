import { msg } from '@lit/localize'
import { css, html, nothing } from 'lit'
import type { ChaptersJson } from '../../server/captions/contract.ts'
import { get, send } from '../api.ts'
import { formControls } from '../learn/form-controls.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { markUnsaved, mayDiscard } from '../ui/unsaved.ts'
import { secondsOf, timeText } from './cues.ts'
import { type EditedChapter, firstChapterProblem, fromJson, inOrder, toJson } from './edited-chapters.ts'
import { FilmEditor } from './film-editor.ts'

/**
 * The chapters of a film as rows: where each begins, and its name.
 *
 * @fires saved
 */
export class ChaptersEditor extends FilmEditor {
  static override styles = [
    base,
    buttons,
    formControls,
    css`
      :host { display: grid; gap: 14px }
      ol { display: grid; gap: 8px }
      li { display: grid; grid-template-columns: 8em minmax(0, 1fr) auto; gap: 8px; align-items: start }
      .time { font-variant-numeric: tabular-nums }
      .acts { display: flex }
      .acts button { display: grid; place-content: center; width: 44px; height: 46px; padding: 0; border: 0; border-radius: var(--radius-small); background: transparent; color: var(--ink-soft); cursor: pointer }
      .acts button:hover { background: var(--sunken); color: var(--ink) }
      [aria-invalid='true'] { border-color: var(--bad-ink) }
      .foot { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 10px }
      .bad { padding: 12px 16px; border-radius: var(--radius-small); background: var(--bad-tint); color: var(--bad-ink) }
      @media (max-width: 640px) {
        li { grid-template-columns: minmax(0, 1fr) auto }
        li .name { grid-column: 1 / -1; grid-row: 2 }
        li + li { border-top: 1px solid var(--line); padding-top: 8px }
      }
    `,
  ]
  static override properties = {
    rows: { state: true },
    bad: { state: true },
    isChanged: { state: true },
  }

  declare rows: EditedChapter[] | null
  /** Row that cannot be saved. */
  declare bad: number
  declare isChanged: boolean

  constructor() {
    super()
    this.rows = null
    this.bad = -1
    this.isChanged = false
  }

  protected override async load(): Promise<void> {
    this.#take(await get<ChaptersJson>(`${this.film}chapters/`))
  }

  #take(chapters: ChaptersJson): void {
    this.rows = fromJson(chapters)
    this.isChanged = false
    markUnsaved(this, false)
  }

  protected override do(act: () => Promise<void>): Promise<void> {
    this.bad = -1
    return super.do(act)
  }

  #change(rows: EditedChapter[]): void {
    this.rows = rows
    this.bad = -1
    this.problem = ''
    this.isChanged = true
    markUnsaved(this, true)
  }

  async #add(): Promise<void> {
    const seconds = this.rows?.length === 0 ? 0 : (this.video?.currentTime ?? 0)
    const made = { start: timeText(seconds), title: '' }
    this.#change(inOrder([...(this.rows ?? []), made]))
    await this.updateComplete
    this.renderRoot.querySelectorAll<HTMLElement>('.name')[this.rows?.indexOf(made) ?? 0]?.focus()
  }

  #save(): void {
    const rows = this.rows ?? []
    const problem = firstChapterProblem(rows)
    if (problem) {
      this.bad = problem.row
      this.problem =
        problem.kind === 'start' ? msg('Write a time such as 1:02.500.') : msg('Name this chapter, or delete it.')
      return
    }
    void this.do(async () => {
      this.#take(await send<ChaptersJson>('PUT', `${this.film}chapters/`, toJson(rows)))
      this.dispatchEvent(new Event('saved'))
      await toast(msg('Saved.'))
    })
  }

  async #cancel(): Promise<void> {
    if (await mayDiscard(this)) await this.do(() => this.load())
  }

  #show(start: string): void {
    if (this.video) this.video.currentTime = secondsOf(start) ?? 0
  }

  #row(rows: EditedChapter[], { start, title }: EditedChapter, row: number) {
    const set = (changes: Partial<EditedChapter>) => this.#change(rows.with(row, { start, title, ...changes }))
    const value = (event: Event) => (event.target as HTMLInputElement).value
    return html`<li>
      <input class="field time" inputmode="decimal" aria-label=${msg('Begins')} aria-invalid=${this.bad === row} .value=${start} @change=${(event: Event) => set({ start: value(event) })} />
      <input class="field name" maxlength="100" aria-label=${msg('Name of the chapter')} aria-invalid=${this.bad === row} .value=${title} @input=${(event: Event) => set({ title: value(event) })} />
      <span class="acts">
        <button aria-label=${msg('Play from here')} title=${msg('Play from here')} @click=${() => this.#show(start)}>${icon('play', 20)}</button>
        <button aria-label=${msg('Delete the chapter')} title=${msg('Delete the chapter')} @click=${() => this.#change(rows.toSpliced(row, 1))}>${icon('trash', 20)}</button>
      </span>
    </li>`
  }

  protected override render() {
    const { rows, problem } = this
    return html`
      ${rows?.length === 0 ? html`<p class="soft">${msg('Chapters are marked on the seek bar and listed under the video. The first one begins at 0:00.')}</p>` : nothing}
      ${rows ? html`<ol>${rows.map((one, row) => this.#row(rows, one, row))}</ol>` : nothing}
      ${problem ? html`<p class="bad" role="alert">${problem}</p>` : nothing}
      <div class="foot">
        <button class="button quiet" style="margin-inline-end: auto" ?disabled=${rows === null} @click=${() => void this.#add()}>${icon('plus')}${msg('Add at the current time')}</button>
        ${this.isChanged ? html`<button class="button quiet" @click=${() => void this.#cancel()}>${msg('Cancel')}</button>` : nothing}
        <button class="button" ?disabled=${this.isBusy || !this.isChanged} @click=${() => this.#save()}>${icon('check')}${msg('Save')}</button>
      </div>
    `
  }
}
customElements.define('chapters-editor', ChaptersEditor)

declare global {
  interface HTMLElementTagNameMap {
    'chapters-editor': ChaptersEditor
  }
}
