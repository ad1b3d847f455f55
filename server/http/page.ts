import type { Context as KoaContext } from 'koa'
import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { isFromProxy } from './address.ts'

/** One page of a list, as Django REST Framework answers it; the links are absolute. */
export interface PageJson<Item> {
  count: number
  next: string | null
  previous: string | null
  results: Item[]
}

/** The schema of such a page, for a route's `answers`. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    count: z.int(),
    next: z.string().nullable(),
    previous: z.string().nullable(),
    results: z.array(item),
  })
}

/** Which rows a request asks for. */
export interface PageRequest {
  /** From 1; `last` is known once the rows are counted. */
  page: number | 'last'
  pageSize: number
}

const DEFAULT_SIZE = 20
const MAX_SIZE = 100

/** @throws {DomainError} `invalid_page` */
export function parsePage(query: Record<string, string | string[] | undefined>): PageRequest {
  const size = Number(first(query.page_size))
  const pageSize = Number.isInteger(size) && size > 0 ? Math.min(size, MAX_SIZE) : DEFAULT_SIZE
  const text = first(query.page) ?? '1'
  if (text === 'last') return { page: 'last', pageSize }
  // Deeper than any list; PostgreSQL's offset would take a larger one as an error.
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new DomainError('invalid_page')
  return { page: Number(text), pageSize }
}

/**
 * @param fetch rows and their count in all
 * @throws {DomainError} `invalid_page` past the end
 */
export async function paginate<Row, Item>(
  ctx: KoaContext,
  publicUrl: string,
  fetch: (limit: number, offset: number) => Promise<[Row[], number]>,
  present: (rows: Row[]) => Promise<Item[]> | Item[],
): Promise<PageJson<Item>> {
  const { page: asked, pageSize } = parsePage(ctx.query)
  let page = asked === 'last' ? 1 : asked
  let [rows, count] = await fetch(pageSize, (page - 1) * pageSize)
  const last = Math.max(1, Math.ceil(count / pageSize))
  if (asked === 'last' && last > 1) {
    page = last
    ;[rows, count] = await fetch(pageSize, (page - 1) * pageSize)
  }
  if (page > last) throw new DomainError('invalid_page')
  const link = (to: number) => {
    const url = new URL(`${ctx.path.replace(/\/$/, '')}/?${ctx.querystring}`, originOf(ctx, publicUrl))
    url.searchParams.set('page', String(to))
    return url.href
  }
  return {
    count,
    next: page < last ? link(page + 1) : null,
    previous: page > 1 ? link(page - 1) : null,
    results: await present(rows),
  }
}

/** The origin that the visitor typed, when our proxy passed it on. */
export function originOf(ctx: KoaContext, publicUrl: string): string {
  const scheme = isFromProxy(ctx.req) ? ctx.get('x-forwarded-proto') : ''
  const protocol = scheme === 'https' || scheme === 'http' ? `${scheme}:` : new URL(publicUrl).protocol
  return (URL.parse(`${protocol}//${ctx.host}`) ?? new URL(publicUrl)).origin
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
