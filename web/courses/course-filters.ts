import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing, type TemplateResult } from 'lit'
import type { CategoryTreeJson } from '../../server/courses/contract.ts'
import { base, buttons } from '../ui/styles.ts'
import { addressOf, countFilters, type FilterKey, type Filters, withFilter, withoutFilters } from './catalog-query.ts'
import { courseTypeText, difficultyText, languageText } from './course-words.ts'

const languages = ['ru', 'en']

/**
 * What narrows the catalogue: lists of links, each to the address that it leads to.
 *
 * @fires choose - A filter was chosen; `chosen` holds all of them.
 */
export class CourseFilters extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      nav { display: grid; gap: 24px }
      h3 { margin-bottom: 6px; font-size: 0.8125rem; letter-spacing: 0.02em; color: var(--ink-soft) }
      a { display: flex; align-items: center; min-height: 36px; padding: 4px 12px; margin-inline: -12px; border-radius: var(--radius-small); color: var(--ink); text-decoration: none; overflow-wrap: anywhere }
      a:hover { background: var(--sunken); color: var(--ink) }
      a[aria-current] { color: var(--accent); font-weight: 620 }
      a.chosen { background: var(--accent-tint) }
      ul ul { padding-left: 16px }
      form { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 8px; margin-top: 8px }
      form .button { grid-column: 1 / -1; justify-self: start }
      input { width: 100%; min-height: 40px; padding: 0 10px; border: 1px solid color-mix(in oklab, var(--ink-soft) 55%, transparent); border-radius: var(--radius-small); background: var(--surface); color: var(--ink); font: inherit; appearance: textfield }
      .button { min-height: 40px; padding: 0 14px }
      .clear { width: 100% }
      @media (max-width: 900px) { a { min-height: 44px } }
    `,
  ]
  static override properties = { filters: { attribute: false }, categories: { attribute: false } }

  declare filters: Filters
  declare categories: CategoryTreeJson[]
  chosen: Filters = { page: 1 }

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.filters = { page: 1 }
    this.categories = []
  }

  #choose(filters: Filters): void {
    this.chosen = filters
    this.dispatchEvent(new Event('choose'))
  }

  /** A plain click stays on the page; every other one is the browser's, as on any link. */
  #onClick(event: MouseEvent, filters: Filters): void {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    this.#choose(filters)
  }

  #link(key: FilterKey, value: string | undefined, text: string): TemplateResult {
    const isHere = this.filters[key] === value
    // Pressed again, a filter goes; "any" stays.
    const next = withFilter(this.filters, { [key]: isHere ? undefined : value })
    return html`<a class=${isHere && value !== undefined ? 'chosen' : ''} href=${addressOf(next)} aria-current=${isHere ? 'true' : nothing} @click=${(event: MouseEvent) => this.#onClick(event, next)}>${text}</a>`
  }

  #group(id: string, title: string, links: TemplateResult[], more: unknown = nothing) {
    return html`<section aria-labelledby=${id}><h3 id=${id}>${title}</h3><ul>${links.map((link) => html`<li>${link}</li>`)}</ul>${more}</section>`
  }

  #branch(categories: CategoryTreeJson[]): TemplateResult[] {
    return categories.map(
      ({ slug, name, children }) =>
        html`${this.#link('category', slug, name)}${children.length > 0 ? html`<ul>${this.#branch(children).map((link) => html`<li>${link}</li>`)}</ul>` : nothing}`,
    )
  }

  readonly #onPrices = (event: SubmitEvent): void => {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    const price = (name: string) => String(fields.get(name) ?? '').trim() || undefined
    this.#choose(withFilter(this.filters, { price_min: price('price_min'), price_max: price('price_max') }))
  }

  #prices() {
    const field = (name: 'price_min' | 'price_max', label: string) =>
      html`<input name=${name} type="number" inputmode="decimal" min="0" max="99999999" step="any" aria-label=${label} placeholder=${label} .value=${this.filters[name] ?? ''} />`
    return html`<form @submit=${this.#onPrices}>
      ${field('price_min', msg('from'))}${field('price_max', msg('to'))}
      <button class="button quiet">${msg('Apply')}</button>
    </form>`
  }

  protected override render() {
    const any = msg('Any')
    const { filters } = this
    return html`<nav aria-label=${msg('Filters')}>
      ${countFilters(filters) > 0 ? html`<button class="button quiet clear" @click=${() => this.#choose(withoutFilters(filters))}>${msg('Clear filters')}</button>` : nothing}
      ${this.categories.length > 0 ? this.#group('category', msg('Category'), [this.#link('category', undefined, any), ...this.#branch(this.categories)]) : nothing}
      ${this.#group(
        'price',
        msg('Price'),
        [
          this.#link('is_free', undefined, any),
          this.#link('is_free', 'true', msg('Free')),
          this.#link('is_free', 'false', msg('Paid')),
        ],
        filters.is_free === 'true' ? nothing : this.#prices(),
      )}
      ${this.#group('difficulty', msg('Level'), [
        this.#link('difficulty', undefined, any),
        ...(['beginner', 'intermediate', 'advanced'] as const).map((one) =>
          this.#link('difficulty', one, difficultyText(one)),
        ),
      ])}
      ${this.#group('type', msg('Kind'), [
        this.#link('type', undefined, any),
        ...(['video', 'text', 'mixed'] as const).map((one) => this.#link('type', one, courseTypeText(one))),
      ])}
      ${this.#group('language', msg('Language'), [
        this.#link('language', undefined, any),
        ...languages.map((one) => this.#link('language', one, languageText(one))),
      ])}
    </nav>`
  }
}
customElements.define('course-filters', CourseFilters)

declare global {
  interface HTMLElementTagNameMap {
    'course-filters': CourseFilters
  }
}
