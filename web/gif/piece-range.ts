import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement } from 'lit'
import { durationWords } from '../ui/format.ts'
import { base } from '../ui/styles.ts'
import { moveBoth, moveEnd, moveStart, type Stretch, shownAround } from './stretch.ts'

type Grip = 'start' | 'end' | 'both'

/**
 * A line with two handles that a piece is picked with: dragged, or by the arrow keys in tenths of a second.
 *
 * @fires pick - `detail` is the `Stretch`, and which of its ends moved.
 */
export class PieceRange extends LitElement {
  static override styles = [
    base,
    css`
      .track { position: relative; height: 56px; touch-action: none; cursor: pointer }
      .piece { position: absolute; inset-block: 0; min-width: 4px; background: color-mix(in oklab, var(--accent) 34%, transparent); border-block: 3px solid var(--accent); cursor: grab }
      .handle { position: absolute; top: 0; bottom: 0; width: 26px; border: 0; padding: 0; background: var(--accent); cursor: ew-resize; touch-action: none }
      .handle::after { content: ''; position: absolute; inset: 18px 11px; background: var(--on-accent); border-radius: 2px }
      .handle.start { transform: translateX(-100%); border-radius: 12px 0 0 12px }
      .handle.end { border-radius: 0 12px 12px 0 }
      .frame { padding-inline: 26px; border-radius: 12px; background: var(--sunken) }
    `,
  ]
  static override properties = {
    total: { type: Number },
    longest: { type: Number },
    piece: { attribute: false },
    window: { state: true },
  }

  /** Seconds of what it is a piece of. */
  declare total: number
  /** Seconds that it may have. */
  declare longest: number
  declare piece: Stretch
  /** What the line shows; it stands still while something is dragged over it. */
  declare window: { from: number; to: number } | null
  #grip: { what: Grip; offset: number } | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.total = 1
    this.longest = 30
    this.piece = { start: 0, duration: 1 }
    this.window = null
  }

  get #shown(): { from: number; to: number } {
    return this.window ?? shownAround(this.piece, this.total)
  }

  #pick(what: Grip, to: number): void {
    const move = { start: moveStart, end: moveEnd, both: moveBoth }[what]
    this.piece = move(this.piece, to, { total: this.total, longest: this.longest })
    this.dispatchEvent(new CustomEvent('pick', { detail: { ...this.piece, moved: what } }))
  }

  #secondsAt(event: PointerEvent): number {
    const { left, width } = this.renderRoot.querySelector('.track')?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1)
    const { from, to } = this.#shown
    return from + ((event.clientX - left) / width) * (to - from)
  }

  #hold(event: PointerEvent, what: Grip): void {
    if (event.button !== 0) return
    event.stopPropagation()
    const target = event.currentTarget as HTMLElement
    target.setPointerCapture(event.pointerId)
    target.focus()
    this.window = this.#shown
    const { start, duration } = this.piece
    this.#grip = { what, offset: this.#secondsAt(event) - (what === 'end' ? start + duration : start) }
  }

  readonly #onMove = (event: PointerEvent): void => {
    if (this.#grip) this.#pick(this.#grip.what, this.#secondsAt(event) - this.#grip.offset)
  }

  readonly #onRelease = (): void => {
    this.#grip = null
    this.window = null
  }

  #onTrack(event: PointerEvent): void {
    this.#pick('both', this.#secondsAt(event) - this.piece.duration / 2)
  }

  #onKey(event: KeyboardEvent, what: 'start' | 'end'): void {
    const at = what === 'start' ? this.piece.start : this.piece.start + this.piece.duration
    const step = event.shiftKey ? 1 : 0.1
    const to = {
      ArrowLeft: at - step,
      ArrowDown: at - step,
      ArrowRight: at + step,
      ArrowUp: at + step,
      PageDown: at - 5,
      PageUp: at + 5,
      Home: 0,
      End: this.total,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    this.#pick(what, to)
  }

  #handle(what: 'start' | 'end', label: string, seconds: number, place: string) {
    return html`<div class="handle ${what}" style="left: ${place}" role="slider" tabindex="0" aria-label=${label}
      aria-valuemin="0" aria-valuemax=${this.total} aria-valuenow=${seconds} aria-valuetext=${durationWords(seconds)}
      @pointerdown=${(event: PointerEvent) => this.#hold(event, what)} @pointermove=${this.#onMove}
      @pointerup=${this.#onRelease} @pointercancel=${this.#onRelease}
      @keydown=${(event: KeyboardEvent) => this.#onKey(event, what)}></div>`
  }

  protected override render() {
    const { start, duration } = this.piece
    const { from, to } = this.#shown
    const place = (seconds: number) =>
      `${Math.min(100, Math.max(0, ((seconds - from) / Math.max(0.1, to - from)) * 100))}%`
    const end = start + duration
    return html`<div class="frame"><div class="track" @pointerdown=${this.#onTrack}>
      <div class="piece" style="left: ${place(start)}; right: calc(100% - ${place(end)})"
        @pointerdown=${(event: PointerEvent) => this.#hold(event, 'both')} @pointermove=${this.#onMove}
        @pointerup=${this.#onRelease} @pointercancel=${this.#onRelease}></div>
      ${this.#handle('start', msg('Beginning of the piece'), start, place(start))}
      ${this.#handle('end', msg('End of the piece'), end, place(end))}
    </div></div>`
  }
}
customElements.define('piece-range', PieceRange)

declare global {
  interface HTMLElementTagNameMap {
    'piece-range': PieceRange
  }
}
