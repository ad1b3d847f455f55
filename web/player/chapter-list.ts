import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { ChaptersJson } from '../../server/captions/contract.ts'
import { durationText, durationWords } from '../ui/format.ts'
import { base } from '../ui/styles.ts'

/**
 * The chapters of a video, the playing one marked: a click goes there, arrows move among them.
 *
 * @fires jump - To the beginning of a chapter: `detail` in seconds.
 */
export class ChapterList extends LitElement {
  static override styles = [
    base,
    css`
      section { padding: 12px 0 0 }
      h2 { font-size: 0.9375rem; margin-bottom: 6px }
      ol { display: grid; max-height: 15.5em; overflow-y: auto; overscroll-behavior: contain; padding: 4px; border: 1px solid var(--line); border-radius: var(--radius-small) }
      button { display: flex; align-items: baseline; gap: 14px; width: 100%; min-height: 44px; padding: 9px 12px; border: 0; border-radius: calc(var(--radius-small) - 3px); background: transparent; color: var(--ink); font: inherit; text-align: start; cursor: pointer }
      button:hover { background: var(--sunken) }
      button:focus-visible { outline-offset: -3px }
      [aria-current] { background: var(--accent-tint); font-weight: 620 }
      time { flex: none; min-width: 3.4em; color: var(--ink-soft); font-variant-numeric: tabular-nums }
      [aria-current] time { color: var(--accent) }
      span { overflow-wrap: anywhere }
      @media (max-width: 640px) { section { padding-inline: var(--gutter) } }
    `,
  ]
  static override properties = { chapters: { attribute: false }, current: { type: Number } }

  declare chapters: ChaptersJson
  /** Index of the playing one. */
  declare current: number

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.chapters = []
    this.current = -1
  }

  /** The playing one stays in sight, within the list alone. */
  protected override updated(changes: Map<string, unknown>): void {
    if (!changes.has('current')) return
    const list = this.renderRoot.querySelector('ol')
    const row = list?.children[this.current]
    if (!list || !(row instanceof HTMLElement) || list.matches(':hover, :focus-within')) return
    list.scrollTop = row.offsetTop - list.offsetTop - (list.clientHeight - row.offsetHeight) / 2
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const rows = [...this.renderRoot.querySelectorAll('button')]
    const row = rows[rows.indexOf(event.target as HTMLButtonElement) + step]
    if (step === 0 || !row) return
    event.preventDefault()
    row.focus()
  }

  protected override render() {
    if (this.chapters.length === 0) return nothing
    return html`<section aria-labelledby="name">
      <h2 id="name">${msg('Chapters')}</h2>
      <ol @keydown=${this.#onKey}>
        ${this.chapters.map(
          ({ start, title }, index) => html`<li>
            <button aria-current=${index === this.current ? 'true' : nothing} @click=${() => this.dispatchEvent(new CustomEvent('jump', { detail: start }))}>
              <time aria-label=${durationWords(start)}>${durationText(Math.floor(start))}</time><span>${title}</span>
            </button>
          </li>`,
        )}
      </ol>
    </section>`
  }
}
customElements.define('chapter-list', ChapterList)

declare global {
  interface HTMLElementTagNameMap {
    'chapter-list': ChapterList
  }
}
