import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { formControls } from '../learn/form-controls.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { problemText } from './caption-words.ts'
import { type CueProblem, type EditedCue, firstProblem, secondsOf, timeText, withCueAt } from './cues.ts'

/** A lecture has thousands; so many rows are light on a phone. */
const PAGE = 50

/**
 * Captions as rows: when each begins and ends, and what it says. A row's times can be taken from what plays.
 *
 * @fires change - Something was changed since the last save.
 * @fires save - `detail`: all of them, each one fit to be saved.
 * @fires cancel
 */
export class CueEditor extends LitElement {
  static override styles = [
    base,
    buttons,
    formControls,
    css`
      :host { display: grid; gap: 14px }
      .bar { display: flex; flex-wrap: wrap; gap: 10px; align-items: center }
      .bar .small { flex: 1 }
      ol { display: grid; gap: 8px }
      li { display: grid; grid-template-columns: 9.5em 9.5em minmax(0, 1fr) auto; gap: 8px; align-items: start; padding: 8px; border: 1px solid var(--line); border-radius: var(--radius-small) }
      li:focus-within { border-color: var(--accent) }
      .time { display: flex }
      .time .field { min-width: 0; padding-inline: 10px; border-start-end-radius: 0; border-end-end-radius: 0; font-variant-numeric: tabular-nums }
      .time button { flex: none; width: 44px; border: 1px solid color-mix(in oklab, var(--ink-soft) 55%, transparent); border-inline-start: 0; border-radius: 0 var(--radius-small) var(--radius-small) 0; background: var(--sunken); color: var(--ink); cursor: pointer }
      textarea.field { min-height: 46px; max-height: 9em }
      .acts { display: flex }
      .acts button { display: grid; place-content: center; width: 44px; height: 46px; padding: 0; border: 0; border-radius: var(--radius-small); background: transparent; color: var(--ink-soft); cursor: pointer }
      .acts button:hover { background: var(--sunken); color: var(--ink) }
      [aria-invalid='true'] { border-color: var(--bad-ink) }
      .bad { grid-column: 1 / -1; color: var(--bad-ink) }
      .foot { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 10px; position: sticky; bottom: 0; padding: 10px 0; background: var(--surface) }
      @media (max-width: 720px) {
        li { grid-template-columns: 1fr 1fr auto }
        textarea.field { grid-column: 1 / -1; grid-row: 2 }
      }
      @media (max-width: 460px) {
        li { grid-template-columns: 1fr 1fr }
        .acts { grid-column: 1 / -1; grid-row: 3; justify-content: flex-end }
      }
    `,
  ]
  static override properties = {
    cues: { attribute: false },
    video: { attribute: false },
    busy: { type: Boolean },
    page: { state: true },
    problem: { state: true },
  }

  declare cues: EditedCue[]
  declare video: HTMLVideoElement | null
  declare busy: boolean
  declare page: number
  declare problem: CueProblem | null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.cues = []
    this.video = null
    this.busy = false
    this.page = 0
    this.problem = null
  }

  get #now(): number {
    return this.video?.currentTime ?? 0
  }

  #change(row: number, changes: Partial<EditedCue>): void {
    const there = this.cues[row]
    if (!there) return
    this.cues = this.cues.with(row, { ...there, ...changes })
    if (this.problem?.row === row) this.problem = null
    this.dispatchEvent(new Event('change'))
  }

  #add(): void {
    const { cues, row } = withCueAt(this.cues, this.#now)
    this.cues = cues
    this.problem = null
    this.dispatchEvent(new Event('change'))
    void this.#focus(row, 'textarea')
  }

  #delete(row: number): void {
    this.cues = this.cues.toSpliced(row, 1)
    this.page = Math.min(this.page, Math.max(0, Math.ceil(this.cues.length / PAGE) - 1))
    this.problem = null
    this.dispatchEvent(new Event('change'))
    void this.#focus(Math.min(row, this.cues.length - 1), '[name=delete]')
  }

  async #focus(row: number, what: string): Promise<void> {
    this.page = Math.max(0, Math.floor(row / PAGE))
    await this.updateComplete
    const field = this.renderRoot.querySelector<HTMLElement>(`[data-row="${row}"] ${what}`)
    field?.focus()
    field?.scrollIntoView({ block: 'nearest' })
  }

  /** To the row whose words are on the picture. */
  #find(): void {
    const now = this.#now
    const row = this.cues.findLastIndex(({ start }) => (secondsOf(start) ?? 0) <= now)
    void this.#focus(Math.max(0, row), 'textarea')
  }

  #play({ start }: EditedCue): void {
    if (!this.video) return
    this.video.currentTime = secondsOf(start) ?? 0
    void this.video.play().catch(() => undefined)
  }

  #save(): void {
    this.problem = firstProblem(this.cues)
    if (this.problem) {
      const { row, kind } = this.problem
      void this.#focus(row, kind === 'start' ? '[name=start]' : kind === 'text' ? 'textarea' : '[name=end]')
      return
    }
    this.dispatchEvent(new CustomEvent('save', { detail: this.cues }))
  }

  #time(row: number, which: 'start' | 'end', value: string) {
    const name = which === 'start' ? msg('Begins') : msg('Ends')
    const isBad =
      this.problem?.row === row && (this.problem.kind === which || (this.problem.kind === 'order' && which === 'end'))
    return html`<span class="time">
      <input class="field" name=${which} inputmode="decimal" aria-label=${name} aria-invalid=${isBad} .value=${value}
        @change=${(event: Event) => this.#change(row, { [which]: (event.target as HTMLInputElement).value })} />
      <button aria-label=${which === 'start' ? msg('Begins now') : msg('Ends now')} title=${msg('Take the time of what plays')} @click=${() => this.#change(row, { [which]: timeText(this.#now) })}>${icon('clock', 18)}</button>
    </span>`
  }

  #row(cue: EditedCue, row: number) {
    const isBad = this.problem?.row === row
    return html`<li data-row=${row}>
      ${this.#time(row, 'start', cue.start)}${this.#time(row, 'end', cue.end)}
      <textarea class="field" rows="1" maxlength="2000" aria-label=${msg('Words')} aria-invalid=${isBad && this.problem?.kind === 'text'} .value=${cue.text}
        @input=${(event: Event) => this.#change(row, { text: (event.target as HTMLTextAreaElement).value })}></textarea>
      <span class="acts">
        <button aria-label=${msg('Play from here')} title=${msg('Play from here')} @click=${() => this.#play(cue)}>${icon('play', 20)}</button>
        <button name="delete" aria-label=${msg('Delete the row')} title=${msg('Delete the row')} @click=${() => this.#delete(row)}>${icon('trash', 20)}</button>
      </span>
      ${isBad && this.problem ? html`<p class="bad small" role="alert">${problemText(this.problem.kind)}</p>` : nothing}
    </li>`
  }

  #pages() {
    const pages = Math.ceil(this.cues.length / PAGE)
    const [from, to, all] = [this.page * PAGE + 1, Math.min(this.cues.length, (this.page + 1) * PAGE), this.cues.length]
    if (pages < 2) return nothing
    return html`<div class="bar">
      <button class="button quiet" aria-label=${msg('Rows before')} ?disabled=${this.page === 0} @click=${() => (this.page -= 1)}>${icon('chevron-left')}</button>
      <span class="small soft">${msg(str`${from}–${to} of ${all}`)}</span>
      <button class="button quiet" aria-label=${msg('Rows after')} ?disabled=${this.page >= pages - 1} @click=${() => (this.page += 1)}>${icon('chevron-right')}</button>
    </div>`
  }

  protected override render() {
    const first = this.page * PAGE
    return html`
      <div class="bar">
        <button class="button" @click=${() => this.#add()}>${icon('plus')}${msg('Add at the current time')}</button>
        ${this.cues.length > 0 ? html`<button class="button quiet" @click=${() => this.#find()}>${msg('Go to what is said now')}</button>` : nothing}
      </div>
      ${this.cues.length === 0 ? html`<p class="soft">${msg('Play the video, stop where somebody begins to speak, and add what is said.')}</p>` : nothing}
      <ol>${this.cues.slice(first, first + PAGE).map((cue, index) => this.#row(cue, first + index))}</ol>
      ${this.#pages()}
      <div class="foot">
        <button class="button quiet" @click=${() => this.dispatchEvent(new Event('cancel'))}>${msg('Cancel')}</button>
        <button class="button" ?disabled=${this.busy || this.cues.length === 0} @click=${() => this.#save()}>${icon('check')}${msg('Save')}</button>
      </div>
    `
  }
}
customElements.define('cue-editor', CueEditor)

declare global {
  interface HTMLElementTagNameMap {
    'cue-editor': CueEditor
  }
}
