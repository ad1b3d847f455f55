import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { SuggestionJson } from '../../server/courses/catalog-contract.ts'
import { get } from '../api.ts'
import { go } from '../router.ts'
import { icon } from '../ui/icons.ts'
import { base } from '../ui/styles.ts'

const PAUSE_MS = 180

/**
 * The catalogue's search field with titles and teachers under it: a combobox as WAI-ARIA's pattern has it.
 *
 * @fires search - The words are to be looked for; `words` holds them.
 */
export class CourseSearch extends LitElement {
  static override styles = [
    base,
    css`
      :host { position: relative; flex: 1; min-width: 0 }
      form { position: relative; display: flex }
      form > svg { position: absolute; left: 16px; top: 13px; color: var(--ink-soft); pointer-events: none }
      input { width: 100%; min-height: 48px; padding: 0 16px 0 46px; border: 1px solid color-mix(in oklab, var(--ink-soft) 55%, transparent); border-radius: 999px; background: var(--surface); color: var(--ink); font: inherit }
      input:focus-visible { outline-offset: 0; border-radius: 999px }
      input::placeholder { color: var(--ink-soft) }
      ul { position: absolute; z-index: 4; inset-inline: 0; top: calc(100% + 6px); padding: 6px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); box-shadow: var(--shadow) }
      li { display: flex; align-items: center; gap: 12px; min-height: 44px; padding: 6px 12px; border-radius: var(--radius-small); cursor: pointer; overflow-wrap: anywhere }
      li[aria-selected='true'], li:hover { background: var(--sunken) }
      li svg { flex: none; color: var(--ink-soft) }
    `,
  ]
  static override properties = { words: {}, found: { state: true }, chosen: { state: true } }

  declare words: string
  declare found: SuggestionJson[]
  /** Which suggestion the arrow keys are on; −1 for the field itself. */
  declare chosen: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking: AbortController | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.words = ''
    this.found = []
    this.chosen = -1
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#close()
  }

  readonly #onInput = (event: Event): void => {
    this.words = (event.target as HTMLInputElement).value
    this.chosen = -1
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#suggest(), PAUSE_MS)
  }

  async #suggest(): Promise<void> {
    this.#asking?.abort()
    const words = this.words.trim()
    if (!words) {
      this.#close()
      return
    }
    this.#asking = new AbortController()
    const { signal } = this.#asking
    const query = new URLSearchParams({ search: words.slice(0, 200), suggest: '1' })
    // A suggestion that does not come is no loss: the search itself says what is wrong.
    const found = await get<SuggestionJson[]>(`/api/courses/search/?${query}`, signal).catch(() => [])
    if (!signal.aborted) this.found = found
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#asking?.abort()
    this.found = []
    this.chosen = -1
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.isComposing) return
    const count = this.found.length
    if (event.key === 'Escape' && count > 0) this.#close()
    else if (event.key === 'ArrowDown' && count > 0) this.chosen = this.chosen + 1 >= count ? -1 : this.chosen + 1
    else if (event.key === 'ArrowUp' && count > 0) this.chosen = this.chosen < 0 ? count - 1 : this.chosen - 1
    else return
    event.preventDefault()
  }

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault()
    const suggestion = this.found[this.chosen]
    if (suggestion) {
      this.#open(suggestion)
      return
    }
    this.#close()
    this.dispatchEvent(new Event('search'))
  }

  #open({ kind, slug }: SuggestionJson): void {
    this.#close()
    if (kind === 'teacher') this.words = ''
    go(kind === 'course' ? `/courses/${slug}` : `/courses?teacher=${encodeURIComponent(slug)}`)
  }

  readonly #onBlur = (): void => this.#close()

  #list() {
    if (this.found.length === 0) return nothing
    return html`<ul id="list" role="listbox" aria-label=${msg('Suggestions')}>
      ${this.found.map(
        (one, at) => html`<li id="option-${at}" role="option" aria-selected=${at === this.chosen}
          @pointerdown=${(event: Event) => event.preventDefault()} @click=${() => this.#open(one)}>
          ${icon(one.kind === 'course' ? 'book' : 'user')}<span>${one.text}</span>
        </li>`,
      )}
    </ul>`
  }

  protected override render() {
    const isOpen = this.found.length > 0
    return html`<form role="search" @submit=${this.#onSubmit}>
        ${icon('search', 22)}
        <input type="search" role="combobox" aria-label=${msg('Search courses')} placeholder=${msg('What would you like to learn?')}
          aria-autocomplete="list" aria-expanded=${isOpen} aria-controls="list" aria-activedescendant=${this.chosen < 0 ? nothing : `option-${this.chosen}`}
          autocomplete="off" maxlength="200" enterkeyhint="search" .value=${this.words}
          @input=${this.#onInput} @keydown=${this.#onKey} @blur=${this.#onBlur} @search=${(event: Event) => event.stopPropagation()} />
      </form>
      ${this.#list()}
      <p class="visually-hidden" aria-live="polite">${isOpen ? msg(str`Suggestions: ${this.found.length}`) : ''}</p>`
  }
}
customElements.define('course-search', CourseSearch)

declare global {
  interface HTMLElementTagNameMap {
    'course-search': CourseSearch
  }
}
