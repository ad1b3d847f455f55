import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { ExportJson } from '../../server/exports/contract.ts'
import { ApiError, send } from '../api.ts'
import { icon } from '../ui/icons.ts'
import { errorText } from '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import './made-file.ts'
import './piece-form.ts'
import type { WantedPiece } from './piece-form.ts'
import type { Stretch } from './stretch.ts'

/** Where what is cut stands, in seconds. */
export interface Place {
  at: number
  total: number
}

/**
 * Cuts a piece out of what plays on the page, which goes on playing above it: a button among the tools around it, and what it
 * opens below them.
 */
export class CutPiece extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      :host { display: contents }
      section { flex: 1 1 100%; order: 1; min-width: 0; scroll-margin-top: var(--above, 0px); display: grid; gap: 16px; margin-top: 2px; padding: clamp(14px, 3vw, 22px); border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      .head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 10px }
      .bad { color: var(--bad-ink) }
    `,
  ]
  static override properties = {
    of: { attribute: false },
    where: { attribute: false },
    show: { attribute: false },
    isOpen: { state: true },
    total: { state: true },
    piece: { state: true },
    job: { state: true },
    isMaking: { state: true },
    problem: { state: true },
  }

  declare of: { video: string } | { recording: string } | { broadcast: string } | null
  declare where: () => Promise<Place | null>
  /** Brings the player to a moment; null where it is better left alone. */
  declare show: ((seconds: number) => void) | null
  declare isOpen: boolean
  declare total: number | null
  declare piece: Stretch
  declare job: string | null
  declare isMaking: boolean
  declare problem: string

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.of = null
    this.where = async () => null
    this.show = null
    this.isOpen = false
    this.total = null
    this.piece = { start: 0, duration: 3 }
    this.job = null
    this.isMaking = false
    this.problem = ''
  }

  async #open(): Promise<void> {
    this.isOpen = true
    await this.#here('start')
    await this.updateComplete
    this.renderRoot.querySelector<HTMLElement>('section')?.focus()
  }

  /** The piece begins, or ends, where the player is. */
  async #here(what: 'start' | 'end'): Promise<void> {
    this.problem = ''
    const place = await this.where().catch(() => null)
    if (!place || place.total < 0.2) {
      this.problem = msg('Nothing can be cut yet. Try again in a few seconds.')
      return
    }
    const { at, total } = place
    const { start, duration } = this.piece
    this.total = total
    // At the edge of a running show there is nothing behind it: then the last seconds are meant.
    const from = what === 'end' ? start : Math.min(at, Math.max(0, total - duration))
    const length = what === 'end' && at > start ? at - start : Math.min(duration, total - from)
    this.piece = { start: Math.round(from * 10) / 10, duration: Math.max(0.1, Math.round(length * 10) / 10) }
  }

  #onPick({ detail }: CustomEvent<Stretch & { moved: string }>): void {
    const { start, duration, moved } = detail
    this.piece = { start, duration }
    this.show?.(moved === 'end' ? start + duration : start)
  }

  async #make({ detail }: CustomEvent<WantedPiece>): Promise<void> {
    this.problem = ''
    this.isMaking = true
    this.job = null
    try {
      this.job = (await send<ExportJson>('POST', '/api/exports/', { ...this.of, ...detail })).id
    } catch (error) {
      this.isMaking = false
      if (!(error instanceof ApiError)) throw error
      this.problem = error.code === 'too_many_exports' ? error.message : errorText(error)
    }
  }

  protected override render() {
    if (!this.isOpen) {
      return html`<button class="button quiet" @click=${() => this.#open()}>${icon('scissors')}${msg('Cut a piece')}</button>`
    }
    return html`<section tabindex="-1" aria-label=${msg('Cut a piece')}>
      <div class="head">
        <h2>${msg('Cut a piece')}</h2>
        <button class="button quiet" @click=${() => (this.isOpen = false)}>${icon('xmark')}${msg('Close')}</button>
      </div>
      <p class="soft">${msg('A GIF, a clip or the sound alone, as a file to keep. Watch above, and take the moment that plays.')}</p>
      <div class="head" style="justify-content: flex-start">
        <button class="button quiet" @click=${() => this.#here('start')}>${msg('Begin here')}</button>
        <button class="button quiet" @click=${() => this.#here('end')}>${msg('End here')}</button>
      </div>
      ${this.problem ? html`<p class="bad" role="alert">${this.problem}</p>` : nothing}
      <piece-form .total=${this.total} .piece=${this.piece} ?busy=${this.isMaking} @pick=${this.#onPick} @make=${this.#make}></piece-form>
      ${this.job ? html`<made-file .job=${this.job} @done=${() => (this.isMaking = false)}></made-file>` : nothing}
    </section>`
  }
}
customElements.define('cut-piece', CutPiece)

declare global {
  interface HTMLElementTagNameMap {
    'cut-piece': CutPiece
  }
}
