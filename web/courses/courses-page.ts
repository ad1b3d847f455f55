import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { Task } from '@lit/task'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/drawer/drawer.js'
import type { CoursePageJson } from '../../server/courses/catalog-contract.ts'
import type { CategoryTreeJson } from '../../server/courses/contract.ts'
import { ApiError, get } from '../api.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import '../ui/skeleton-cards.ts'
import { base, buttons, cardGrid } from '../ui/styles.ts'
import {
  addressOf,
  countFilters,
  type Filters,
  orderings,
  pageLinks,
  pagesOf,
  parseFilters,
  requestOf,
  withFilter,
  withoutFilters,
} from './catalog-query.ts'
import './course-card.ts'
import './course-filters.ts'
import './course-search.ts'
import './own-learning.ts'

const narrow = matchMedia('(max-width: 900px)')

/** The catalogue. Its whole state is in the address: what is shared, bookmarked or gone back to looks the same. */
export class CoursesPage extends LitElement {
  static override styles = [
    base,
    buttons,
    cardGrid,
    css`
      .top { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; margin-bottom: 24px }
      h1 { flex: 1 1 100% }
      .layout { display: grid; grid-template-columns: 230px minmax(0, 1fr); gap: 40px; align-items: start }
      .line { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 10px 18px; min-height: 42px; margin-bottom: 16px }
      label { display: inline-flex; align-items: center; gap: 8px }
      select { min-height: 42px; padding: 0 12px; border: 1px solid color-mix(in oklab, var(--ink-soft) 55%, transparent); border-radius: var(--radius-small); background: var(--surface); color: var(--ink); font: inherit }
      .grid { gap: 22px; transition: opacity 0.15s }
      .grid[aria-busy='true'] { opacity: 0.55 }
      .empty { display: grid; justify-items: center; gap: 14px; padding: 56px 24px; border: 1px dashed var(--line); border-radius: var(--radius); text-align: center }
      .pages { display: flex; flex-wrap: wrap; justify-content: center; gap: 6px; margin-top: 36px }
      .pages a, .pages span { display: grid; place-items: center; min-width: 44px; min-height: 44px; padding: 0 8px; border-radius: var(--radius-small); color: var(--ink); text-decoration: none; font-variant-numeric: tabular-nums }
      .pages a:hover { background: var(--sunken) }
      .pages a[aria-current] { background: var(--accent-tint); color: var(--accent); font-weight: 700 }
      notice-box { margin-bottom: 20px }
      @media (max-width: 900px) { .layout { grid-template-columns: minmax(0, 1fr) } .top { margin-bottom: 14px } }
    `,
  ]
  static override properties = {
    filters: { state: true },
    isNarrow: { state: true },
    isDrawerOpen: { state: true },
    categories: { state: true },
  }

  declare filters: Filters
  declare isNarrow: boolean
  declare isDrawerOpen: boolean
  declare categories: CategoryTreeJson[]
  #shown: CoursePageJson | null = null
  readonly #courses = new Task(this, {
    task: async ([path], { signal }) => {
      this.#shown = await get<CoursePageJson>(path, signal)
    },
    args: () => [requestOf(this.filters)] as const,
  })

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.filters = parseFilters(location.search)
    this.isNarrow = narrow.matches
    this.isDrawerOpen = false
    this.categories = []
  }

  override connectedCallback(): void {
    super.connectedCallback()
    narrow.addEventListener('change', this.#onWidth)
    window.addEventListener('vaadin-router-location-changed', this.#onLocation)
    // Without them the catalogue is whole all the same.
    void get<CategoryTreeJson[]>('/api/categories/').then(
      (categories) => {
        this.categories = categories
      },
      () => undefined,
    )
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    narrow.removeEventListener('change', this.#onWidth)
    window.removeEventListener('vaadin-router-location-changed', this.#onLocation)
  }

  readonly #onWidth = (): void => {
    this.isNarrow = narrow.matches
    this.isDrawerOpen = false
  }

  /** Back, forward, or a link to the same page with another query. */
  readonly #onLocation = (): void => {
    if (location.pathname === '/courses') this.filters = parseFilters(location.search)
  }

  /** Parts inside of it hide too. */
  #onDrawerHide(event: Event): void {
    if (event.target === event.currentTarget) this.isDrawerOpen = false
  }

  #show(filters: Filters): void {
    this.filters = filters
    history.pushState(null, '', addressOf(filters))
  }

  #toPage(event: MouseEvent, page: number): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    this.#show({ ...this.filters, page })
    window.scrollTo({ top: 0 })
    this.renderRoot.querySelector<HTMLElement>('#results')?.focus({ preventScroll: true })
  }

  #order() {
    const words: Record<(typeof orderings)[number], string> = {
      '': this.filters.search ? msg('Best match') : msg('Newest'),
      '-students_count': msg('Most learners'),
      '-average_rating': msg('Best rated'),
      price: msg('Cheapest first'),
      '-price': msg('Dearest first'),
      '-created_at': msg('Newest'),
    }
    const shown = orderings.filter((one) => one !== '-created_at' || this.filters.search)
    const onChange = (event: Event) => {
      const ordering = (event.target as HTMLSelectElement).value || undefined
      this.#show(withFilter(this.filters, { ordering }))
    }
    return html`<label class="small"><span class="soft">${msg('Order')}</span>
      <select @change=${onChange}>${shown.map((one) => html`<option value=${one} ?selected=${one === (this.filters.ordering ?? '')}>${words[one]}</option>`)}</select>
    </label>`
  }

  #filterList() {
    return html`<course-filters .filters=${this.filters} .categories=${this.categories}
      @choose=${(event: Event) => this.#show((event.target as HTMLElementTagNameMap['course-filters']).chosen)}></course-filters>`
  }

  #nothingFound() {
    const isNarrowed = countFilters(this.filters) > 0 || this.filters.search !== undefined
    return html`<div class="empty">
      ${icon('search', 36)}
      <p>${isNarrowed ? msg('No course fits. Other words, or fewer filters?') : msg('There are no courses yet.')}</p>
      ${
        isNarrowed
          ? html`<button class="button" @click=${() => this.#show(countFilters(this.filters) > 0 ? withoutFilters(this.filters) : { page: 1 })}>
            ${countFilters(this.filters) > 0 ? msg('Clear filters') : msg('Show all courses')}
          </button>`
          : nothing
      }
    </div>`
  }

  #pages(count: number) {
    const pages = pagesOf(count)
    if (pages === 1) return nothing
    const { page } = this.filters
    return html`<nav class="pages" aria-label=${msg('Pages')}>
      ${pageLinks(page, pages).map((one) =>
        one === null
          ? html`<span class="soft">…</span>`
          : html`<a href=${addressOf({ ...this.filters, page: one })} aria-label=${msg(str`Page ${one}`)} aria-current=${one === page ? 'page' : nothing}
              @click=${(event: MouseEvent) => this.#toPage(event, one)}>${one}</a>`,
      )}
    </nav>`
  }

  #results() {
    const error = this.#courses.error
    const isBusy = this.#courses.status === 1
    const page = this.#shown
    if (error instanceof ApiError && !isBusy) {
      const isPastTheEnd = error.code === 'invalid_page'
      return isPastTheEnd
        ? html`<div class="empty"><p>${msg('The list is shorter than that by now.')}</p>
            <button class="button" @click=${() => this.#show({ ...this.filters, page: 1 })}>${msg('To the first page')}</button></div>`
        : html`<notice-box .error=${error} retries @retry=${() => this.#courses.run()}></notice-box>`
    }
    if (!page) return html`<skeleton-cards count="6"></skeleton-cards>`
    if (page.count === 0) return this.#nothingFound()
    return html`<ul class="grid" aria-busy=${isBusy}>${page.results.map((course) => html`<li><course-card .course=${course}></course-card></li>`)}</ul>
      ${this.#pages(page.count)}`
  }

  protected override render() {
    document.title = `${msg('Courses')} · Ustat`
    const count = countFilters(this.filters)
    const page = this.#shown
    return html`
      <div class="top">
        <h1>${msg('Courses')}</h1>
        <course-search .words=${this.filters.search ?? ''}
          @search=${(event: Event) => this.#show(withFilter(this.filters, { search: (event.target as HTMLElementTagNameMap['course-search']).words.trim() || undefined }))}></course-search>
      </div>
      ${this.filters.page === 1 && !this.filters.search && count === 0 ? html`<own-learning></own-learning>` : nothing}
      <div class="layout">
        ${this.isNarrow ? nothing : html`<aside>${this.#filterList()}</aside>`}
        <div id="results" tabindex="-1">
          <div class="line">
            ${
              this.isNarrow
                ? html`<button class="button quiet" aria-expanded=${this.isDrawerOpen} @click=${() => (this.isDrawerOpen = true)}>${icon('filter')}${count > 0 ? msg(str`Filters (${count})`) : msg('Filters')}</button>`
                : html`<p class="soft small" role="status">${page ? msg(str`Courses found: ${page.count}`) : ''}</p>`
            }
            ${this.#order()}
          </div>
          ${this.#results()}
        </div>
      </div>
      ${
        this.isNarrow
          ? html`<wa-drawer label=${msg('Filters')} placement="start" ?open=${this.isDrawerOpen}
              @wa-hide=${(event: Event) => this.#onDrawerHide(event)}>
              ${this.#filterList()}
              <button slot="footer" class="button" @click=${() => (this.isDrawerOpen = false)}>${page ? msg(str`Show courses: ${page.count}`) : msg('Show courses')}</button>
            </wa-drawer>`
          : nothing
      }
    `
  }
}
customElements.define('courses-page', CoursesPage)

declare global {
  interface HTMLElementTagNameMap {
    'courses-page': CoursesPage
  }
}
