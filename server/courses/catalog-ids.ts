import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { PageRequest } from '../http/page.ts'
import type { CatalogCache } from './catalog-cache.ts'
import type { Order, Piece } from './catalog-filter.ts'

/** Which courses in which order. */
export interface Selection {
  where: readonly Piece[]
  order: Order
}

export interface FoundIds {
  count: number
  /** The one that was meant: `last` is a number by now. */
  page: number
  ids: number[]
}

/** Where counts and ids are kept for whoever comes next, until anything in the catalogue changes. */
export interface SelectionMemory {
  cache: Pick<CatalogCache, 'peek' | 'keep'>
  /** What tells these courses from others, in whatever order. */
  courses: string
  /** What tells their order from others. */
  order: string
}

interface Window {
  limit: number
  offset: number
}

/**
 * Ids are looked up and kept by so many: whoever turns pages finds the next ones, and a walk far into the list is made once for all
 * the pages around it.
 */
const RUN = 250
/** Not more than this are expected; an order of magnitude is enough. */
const COURSES = 100_000
/** Courses that may be walked past along an order's index until a page is full: as dear as to find all that match and sort them. */
const WALKED_ROWS = 10_000
/** The same, where each has to fetch what lies out of line. */
const FETCHED_ROWS = 200

/**
 * The ids of a page, from indexes alone as far as they go, and how many courses there are in all.
 *
 * @param memory null for courses that only the caller is shown
 * @throws {DomainError} `invalid_page` past the end
 */
export async function findIds(
  em: EntityManager,
  selection: Selection,
  { page, pageSize }: PageRequest,
  memory: SelectionMemory | null,
): Promise<FoundIds> {
  if (page === 'last') {
    const last = lastPage(await countOf(em, selection.where, memory), pageSize)
    return findIds(em, selection, { page: last, pageSize }, memory)
  }
  const wanted = { limit: pageSize, offset: (page - 1) * pageSize }
  const { count, ids } = memory
    ? await recall(em, selection, wanted, memory)
    : await withIndexes(em, (tx) => lookAndCount(tx, selection, wanted))
  if (page > 1 && ids.length === 0) throw new DomainError('invalid_page')
  return { count, page, ids }
}

export function lastPage(count: number, pageSize: number): number {
  return Math.max(1, Math.ceil(count / pageSize))
}

/** What was kept, or else a look at all the runs that the page stands in. */
async function recall(
  em: EntityManager,
  selection: Selection,
  wanted: Window,
  { cache, courses, order }: SelectionMemory,
): Promise<{ count: number; ids: number[] }> {
  const first = Math.floor(wanted.offset / RUN)
  const runs = Math.floor((wanted.offset + wanted.limit - 1) / RUN) - first + 1
  const countKey = countKeyOf(courses)
  const runKeys = Array.from({ length: runs }, (_, at) => `ids:${courses}&ordering=${order}#${first + at}`)
  const { version, texts } = await cache.peek([countKey, ...runKeys])
  const [countText, ...runTexts] = texts
  const known = countText ? Number(countText) : undefined
  if (known !== undefined && wanted.offset >= known) return { count: known, ids: [] }
  const inWindow = (ids: readonly number[]) =>
    ids.slice(wanted.offset - first * RUN, wanted.offset - first * RUN + wanted.limit)
  const kept = runTexts.map((text) => (text ? (JSON.parse(text) as number[]) : null))
  if (known !== undefined && !kept.includes(null))
    return { count: known, ids: inWindow(kept.flatMap((run) => run ?? [])) }
  const whole = { limit: runs * RUN, offset: first * RUN }
  if (known !== undefined && isOutOfLine(selection.where)) {
    // A whole run would have to fetch each of its courses.
    return { count: known, ids: await withIndexes(em, (tx) => lookAlong(tx, selection, known, wanted)) }
  }
  const found =
    known === undefined
      ? await withIndexes(em, (tx) => lookAndCount(tx, selection, whole))
      : { count: known, ids: await lookAlong(em, selection, known, whole) }
  const ids = inWindow(found.ids)
  if (ids.length > 0) {
    await cache.keep(version, [
      ...(known === undefined ? [[countKey, String(found.count)] as const] : []),
      ...runKeys.map((key, at) => [key, JSON.stringify(found.ids.slice(at * RUN, (at + 1) * RUN))] as const),
    ])
  }
  return { count: found.count, ids }
}

async function countOf(em: EntityManager, where: readonly Piece[], memory: SelectionMemory | null): Promise<number> {
  const kept = await memory?.cache.peek([countKeyOf(memory.courses)])
  if (kept?.texts[0]) return Number(kept.texts[0])
  const count = await withIndexes(em, (tx) => countCourses(tx, where))
  if (memory && kept) await memory.cache.keep(kept.version, [[countKeyOf(memory.courses), String(count)]])
  return count
}

async function countCourses(em: EntityManager, where: readonly Piece[]): Promise<number> {
  const { text, values } = allOf(where)
  const [row] = await em.execute<{ count: string }[]>(`select count(*) as count from course c where ${text}`, values)
  return Number(row?.count ?? 0)
}

/** Counted first, since that says which way is the shortest; in one look where each costs too much for a second one. */
async function lookAndCount(
  em: EntityManager,
  selection: Selection,
  window: Window,
): Promise<{ count: number; ids: number[] }> {
  const { where, order } = selection
  if (!isOutOfLine(where) && order.reversed !== null) {
    const count = await countCourses(em, where)
    return { count, ids: window.offset < count ? await lookAlong(em, selection, count, window) : [] }
  }
  const { text, values } = allOf(where)
  const [row] = await em.execute<{ count: string; ids: number[] }[]>(
    `with matching as materialized (select ${order.columns} from course c where ${text})
     select (select count(*) from matching) as count,
            array(select c.id from matching c order by ${order.text} limit ? offset ?) as ids`,
    [...values, ...order.values, window.limit, window.offset],
  )
  return { count: Number(row?.count ?? 0), ids: row?.ids ?? [] }
}

/**
 * The planner would look at every row rather than into an index when half of them match: three times the work, and much more where
 * it fetches what lies out of line for each.
 */
export function withIndexes<Result>(em: EntityManager, run: (em: EntityManager) => Promise<Result>): Promise<Result> {
  return em.transactional(
    async (tx) => {
      await tx.execute('set local enable_seqscan = off')
      return run(tx)
    },
    { readOnly: true },
  )
}

/**
 * Along the order's index as long as that fills the page soon, from whichever end is nearer; else all that match are found first,
 * which is never longer than one look at every course. Left alone, the planner takes the index also for what is nowhere near its
 * beginning.
 */
async function lookAlong(
  em: EntityManager,
  { where, order }: Selection,
  count: number,
  { limit, offset }: Window,
): Promise<number[]> {
  const { text, values } = allOf(where)
  const ids = async (sql: string, ...page: number[]) =>
    (await em.execute<{ id: number }[]>(sql, [...values, ...order.values, ...page])).map(({ id }) => id)
  const behind = Math.max(0, count - offset - limit)
  const walked = (Math.min(offset, behind) + limit) * (COURSES / Math.max(1, count))
  const most = isOutOfLine(where) ? FETCHED_ROWS : WALKED_ROWS
  if (order.reversed === null || (walked > most && where.length > 1)) {
    return ids(
      `with matching as materialized (select ${order.columns} from course c where ${text})
       select c.id from matching c order by ${order.text} limit ? offset ?`,
      limit,
      offset,
    )
  }
  const along = `select c.id from course c where ${text} order by`
  if (offset <= behind) return ids(`${along} ${order.text} limit ? offset ?`, limit, offset)
  return (await ids(`${along} ${order.reversed} limit ? offset ?`, Math.min(limit, count - offset), behind)).reverse()
}

export function allOf(where: readonly Piece[]): { text: string; values: unknown[] } {
  return { text: where.map(({ text }) => text).join(' and '), values: where.flatMap(({ values }) => [...values]) }
}

function isOutOfLine(where: readonly Piece[]): boolean {
  return where.some((piece) => piece.isOutOfLine)
}

function countKeyOf(courses: string): string {
  return `count:${courses}`
}
