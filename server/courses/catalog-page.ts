import type { Config } from '../../config/config.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import type { PageRequest } from '../http/page.ts'
import type { Person } from './access.ts'
import { cardsOf, enrollmentsIn } from './catalog.ts'
import type { Cached, CatalogCache } from './catalog-cache.ts'
import type { CatalogQuery, CourseCardJson, CoursePageJson } from './catalog-contract.ts'
import { type CatalogScope, conditionsOf, orderOf, relevanceOf } from './catalog-filter.ts'
import { findIds, lastPage } from './catalog-ids.ts'

export interface CatalogRequest {
  /** Of the address, with its last slash. */
  path: string
  query: CatalogQuery
  page: PageRequest
  isByRelevance?: boolean
  scope?: CatalogScope
}

/** What everybody is shown: the links without an origin, since visitors come by several names. */
export interface SharedPage {
  text: string
  cache: 'hit' | 'miss' | 'bypass'
  /** For `rememberAnswer`. */
  stamp: string
}

/** What of an address counts, in one order, so that junk and the order of parameters make no other key. */
export function keyOf({ path, query, page: { page, pageSize } }: CatalogRequest): string {
  const known = new URLSearchParams(namesOf(query))
  known.set('page', String(page))
  known.set('page_size', String(pageSize))
  return `${path}?${known}`
}

/** A page as guests see it, from the cache as far as it goes. Its links begin with the path. */
export async function readPage(
  em: EntityManager,
  request: CatalogRequest,
  { config, catalogCache }: Pick<Context, 'config' | 'catalogCache'>,
): Promise<SharedPage> {
  const isPersonal = request.scope?.manager !== undefined
  const look = async () => JSON.stringify(await lookUp(em, request, config, isPersonal ? null : catalogCache))
  if (isPersonal) return { text: await look(), cache: 'bypass', stamp: '' }
  return shared(await catalogCache.read(keyOf(request), look))
}

export function shared({ text, isHit, stamp }: Cached): SharedPage {
  return { text, cache: isHit ? 'hit' : 'miss', stamp }
}

/** `status` narrows the courses that somebody manages; everybody is shown what is published whatever they ask for. */
export function scopeFor(person: Person | null, { status }: CatalogQuery): CatalogScope {
  const isPublic = !status || (status.length === 1 && status[0] === 'published')
  return person && !isPublic ? { manager: person } : {}
}

/** The caller's own enrollments beside the cards that everybody shares. */
export async function withEnrollments<List extends CourseCardJson[]>(
  em: EntityManager,
  userId: number,
  cards: List,
): Promise<CourseCardJson[]> {
  const own = await enrollmentsIn(
    em,
    userId,
    cards.map(({ id }) => id),
  )
  return cards.map((card) => ({ ...card, enrollment: own.get(card.id) ?? null }))
}

async function lookUp(
  em: EntityManager,
  { path, query, page: asked, isByRelevance = false, scope }: CatalogRequest,
  config: Config,
  cache: CatalogCache | null,
): Promise<CoursePageJson> {
  const selection = { where: conditionsOf(query, scope), order: isByRelevance ? relevanceOf(query) : orderOf(query) }
  const { ordering, ...filters } = query
  const memory = cache && {
    cache,
    courses: `${scope?.teacherId ?? ''}?${new URLSearchParams(namesOf(filters))}`,
    order: `${isByRelevance ? 'relevance' : ''}${ordering ?? ''}`,
  }
  const { count, page, ids } = await findIds(em, selection, asked, memory)
  const cards = await cardsOf(em, ids, config)
  const last = lastPage(count, asked.pageSize)
  const link = (to: number) => {
    const params = new URLSearchParams(namesOf(query))
    params.set('page', String(to))
    if (query.page_size) params.set('page_size', String(asked.pageSize))
    return `${path}?${params}`
  }
  return {
    count,
    next: page < last ? link(page + 1) : null,
    previous: page > 1 ? link(page - 1) : null,
    results: cards,
  }
}

/** The parameters that count, sorted, without the page. */
function namesOf(query: Partial<CatalogQuery>): [string, string][] {
  return Object.entries(query)
    .filter(([name, value]) => value !== undefined && value !== '' && name !== 'page' && name !== 'page_size')
    .map(([name, value]): [string, string] => [name, String(value)])
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}
