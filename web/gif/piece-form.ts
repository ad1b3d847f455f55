import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { formControls } from '../learn/form-controls.ts'
import { decimalText } from '../ui/format.ts'
import { base, buttons } from '../ui/styles.ts'
import './piece-range.ts'
import { moveBoth, moveEnd, type Stretch } from './stretch.ts'

type Format = 'gif' | 'webp' | 'mp4' | 'mp3'

/** What the API takes of a piece. */
export interface WantedPiece extends Stretch {
  format: Format
  width?: number
  fps?: number
}

const names: Record<Format, string> = { gif: 'GIF', webp: 'WebP', mp4: 'MP4', mp3: 'MP3' }
/** Seconds, as the server has them. */
const longest: Record<Format, number> = { gif: 30, webp: 30, mp4: 600, mp3: 14_400 }
const widths = [240, 320, 480, 640, 800]
const largeWidths = [480, 640, 1280]
const rates = [5, 8, 10, 12, 15, 20, 25]

/**
 * Which piece, and as what.
 *
 * @fires pick - The piece changed: `detail` is the `Stretch` and which of its ends moved.
 * @fires make - `detail` is the `WantedPiece`.
 */
export class PieceForm extends LitElement {
  static override styles = [
    base,
    buttons,
    formControls,
    css`
      form { display: grid; gap: 18px }
      .row { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 130px), 1fr)); gap: 14px }
      label { display: grid; gap: 6px; align-content: end; font-weight: 560 }
      fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 8px }
      legend { padding: 0; margin-bottom: 6px; font-weight: 560 }
      .format { display: inline-flex; align-items: center; gap: 8px; min-height: 44px; padding: 0 16px; border: 1px solid var(--line); border-radius: 999px; cursor: pointer }
      .format:has(:checked) { border-color: var(--accent); background: var(--accent-tint) }
      .format:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px }
      .format input { accent-color: var(--accent); margin: 0 }
      .foot { display: flex; flex-wrap: wrap; align-items: center; gap: 12px 18px }
    `,
  ]
  static override properties = {
    total: { attribute: false },
    piece: { attribute: false },
    format: { state: true },
    width: { state: true },
    fps: { state: true },
    isBusy: { type: Boolean, attribute: 'busy' },
  }

  /** Seconds; null when nothing tells. */
  declare total: number | null
  declare piece: Stretch
  declare format: Format
  /** Null of an MP4 that keeps its own. */
  declare width: number | null
  declare fps: number
  /** One is under way. */
  declare isBusy: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.total = null
    this.piece = { start: 0, duration: 3 }
    this.format = 'gif'
    this.width = 480
    this.fps = 12
    this.isBusy = false
  }

  get #limits() {
    return { total: this.total ?? 86_400, longest: longest[this.format] }
  }

  #pick(piece: Stretch, moved: string): void {
    this.piece = { start: piece.start, duration: piece.duration }
    this.dispatchEvent(new CustomEvent('pick', { detail: { ...this.piece, moved } }))
  }

  #choose(format: Format): void {
    this.format = format
    this.width = format === 'mp4' ? null : 480
    const end = this.piece.start + Math.min(this.piece.duration, longest[format])
    this.#pick(moveEnd(this.piece, end, this.#limits), 'end')
  }

  #make(event: SubmitEvent): void {
    event.preventDefault()
    const isAnimated = this.format === 'gif' || this.format === 'webp'
    const detail: WantedPiece = {
      format: this.format,
      ...this.piece,
      ...(this.width !== null && this.format !== 'mp3' ? { width: this.width } : {}),
      ...(isAnimated ? { fps: this.fps } : {}),
    }
    this.dispatchEvent(new CustomEvent('make', { detail }))
  }

  #number(label: string, value: number, onChange: (value: number) => void) {
    return html`<label>${label}
      <input class="field" type="number" inputmode="decimal" min="0" step="0.1" required .value=${String(value)}
        @change=${(event: Event) => {
          const { valueAsNumber } = event.target as HTMLInputElement
          if (Number.isFinite(valueAsNumber)) onChange(valueAsNumber)
          this.requestUpdate()
        }} />
    </label>`
  }

  #select(label: string, value: number | null, options: [number | null, string][], onChange: (value: string) => void) {
    return html`<label>${label}
      <select class="field" @change=${(event: Event) => onChange((event.target as HTMLSelectElement).value)}>
        ${options.map(([option, text]) => html`<option value=${option ?? ''} ?selected=${option === value}>${text}</option>`)}
      </select>
    </label>`
  }

  #picture() {
    if (this.format === 'mp3') return nothing
    const own: [number | null, string][] = this.format === 'mp4' ? [[null, msg('As it is')]] : []
    const sizes = this.format === 'mp4' ? largeWidths : widths
    return html`
      ${this.#select(
        msg('Width, pixels'),
        this.width,
        [...own, ...sizes.map((size): [number, string] => [size, String(size)])],
        (value) => {
          this.width = value === '' ? null : Number(value)
        },
      )}
      ${
        this.format === 'mp4'
          ? nothing
          : this.#select(
              msg('Pictures a second'),
              this.fps,
              rates.map((rate) => [rate, String(rate)]),
              (value) => {
                this.fps = Number(value)
              },
            )
      }
    `
  }

  protected override render() {
    const { start, duration } = this.piece
    const most = this.format === 'mp4' ? msg('At most 10 minutes.') : msg('At most 30 seconds.')
    const end = decimalText(start + duration)
    return html`<form @submit=${this.#make}>
      ${
        this.total === null
          ? nothing
          : html`<piece-range .total=${this.total} .longest=${longest[this.format]} .piece=${this.piece}
              @pick=${(event: CustomEvent<Stretch & { moved: string }>) => this.#pick(event.detail, event.detail.moved)}></piece-range>`
      }
      <fieldset>
        <legend>${msg('Format')}</legend>
        ${(Object.keys(names) as Format[]).map(
          (format) => html`<label class="format">
            <input type="radio" name="format" value=${format} .checked=${format === this.format} @change=${() => this.#choose(format)} />
            ${names[format]}
          </label>`,
        )}
      </fieldset>
      <div class="row">
        ${this.#number(msg('Beginning, seconds'), start, (to) => this.#pick(moveBoth(this.piece, to, this.#limits), 'both'))}
        ${this.#number(msg('Length, seconds'), duration, (length) => {
          const end = start + Math.min(Math.max(length, 0.1), longest[this.format])
          this.#pick(moveEnd(this.piece, end, this.#limits), 'end')
        })}
        ${this.#picture()}
      </div>
      <div class="foot">
        <button class="button" ?disabled=${this.isBusy}>${msg(str`Make the ${names[this.format]}`)}</button>
        <span class="soft small">${msg(str`Up to second ${end}.`)} ${this.format === 'mp3' ? nothing : most}</span>
      </div>
    </form>`
  }
}
customElements.define('piece-form', PieceForm)

declare global {
  interface HTMLElementTagNameMap {
    'piece-form': PieceForm
  }
}
