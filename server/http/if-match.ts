import type { Context as KoaContext } from 'koa'

/**
 * The version that an `If-Match` names, as our ETags `"<number>"` of what can be edited do.
 *
 * @returns null without the header and of `*`; -1, which nothing has, of what is no such tag
 */
export function ifMatchOf(ctx: Pick<KoaContext, 'get'>): number | null {
  const header = ctx.get('if-match').trim()
  if (header === '' || header === '*') return null
  return Number(/^"(\d{1,15})"$/.exec(header)?.[1] ?? -1)
}
