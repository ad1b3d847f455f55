/** What the catalogue shows, as its address says it. Pure: the address bar holds the whole state. */

const difficulties = ['beginner', 'intermediate', 'advanced']
const types = ['video', 'text', 'mixed']
export const orderings = ['', '-students_count', '-average_rating', 'price', '-price', '-created_at'] as const
const PAGE_SIZE = 12

const isWord = (text: string) => /^[\p{L}\p{N}_-]{1,100}$/u.test(text)
const isPrice = (text: string) => /^\d{1,8}(\.\d{1,2})?$/.test(text)
const oneOf = (known: readonly string[]) => (text: string) => known.includes(text)

/** Named as the API names them; the order is that of the address. Anything else in an address is left out. */
const known = {
  search: (text: string) => text.length <= 200,
  category: isWord,
  is_free: oneOf(['true', 'false']),
  price_min: isPrice,
  price_max: isPrice,
  difficulty: oneOf(difficulties),
  type: oneOf(types),
  language: (text: string) => /^[a-z]{2,3}(-[A-Za-z]{2,4})?$/.test(text),
  tags: isWord,
  teacher: isWord,
  ordering: oneOf(orderings),
} satisfies Record<string, (text: string) => boolean>

export type FilterKey = keyof typeof known
const keys = Object.keys(known) as FilterKey[]
/** Those that narrow the list beside the words that are looked for. */
const narrowing = keys.filter((key) => key !== 'search' && key !== 'ordering')

export interface Filters extends Partial<Record<FilterKey, string>> {
  /** From 1. */
  page: number
}

/** @param search of an address, with or without its question mark */
export function parseFilters(search: string): Filters {
  const given = new URLSearchParams(search)
  const filters: Filters = { page: 1 }
  for (const key of keys) {
    const value = given.get(key)?.trim()
    if (value && known[key](value)) filters[key] = value
  }
  const page = given.get('page') ?? ''
  if (/^[1-9]\d{0,5}$/.test(page)) filters.page = Number(page)
  return filters
}

/** Another value begins at the first page; none takes the filter away. */
export function withFilter(filters: Filters, changes: Partial<Record<FilterKey, string | undefined>>): Filters {
  const next: Record<string, string | number | undefined> = { ...filters, ...changes, page: 1 }
  return parseFilters(
    new URLSearchParams(
      Object.entries(next).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
    ).toString(),
  )
}

/** What was looked for stays, and how it is ordered. */
export function withoutFilters({ search, ordering }: Filters): Filters {
  return withFilter({ page: 1 }, { search, ordering })
}

export function countFilters(filters: Filters): number {
  return narrowing.filter((key) => filters[key] !== undefined).length
}

export function addressOf(filters: Filters): string {
  const said = paramsOf(filters)
  if (filters.page > 1) said.set('page', String(filters.page))
  const text = said.toString()
  return text ? `/courses?${text}` : '/courses'
}

/** The API's path: by relevance when words are looked for and no other order is wanted. */
export function requestOf(filters: Filters): string {
  const said = paramsOf(filters)
  said.set('page', String(filters.page))
  said.set('page_size', String(PAGE_SIZE))
  const isByRelevance = filters.search !== undefined && filters.ordering === undefined
  return `/api/courses/${isByRelevance ? 'search/' : ''}?${said}`
}

export function pagesOf(count: number): number {
  return Math.max(1, Math.ceil(count / PAGE_SIZE))
}

/** First, last, this one and its neighbours; null where some are left out. */
export function pageLinks(page: number, pages: number): (number | null)[] {
  const shown = [...new Set([1, page - 1, page, page + 1, pages])].filter((one) => one >= 1 && one <= pages)
  return shown
    .toSorted((a, b) => a - b)
    .flatMap((one, at, all) => {
      const before = all[at - 1] ?? 0
      if (at === 0 || one - before === 1) return [one]
      return one - before === 2 ? [one - 1, one] : [null, one]
    })
}

function paramsOf(filters: Filters): URLSearchParams {
  const said = new URLSearchParams()
  for (const key of keys) {
    const value = filters[key]
    if (value !== undefined) said.set(key, value)
  }
  return said
}
