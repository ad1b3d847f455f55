import type { Context as KoaContext, Middleware } from 'koa'
import type { Context } from '../context.ts'

/**
 * Guests who ask for the same page of the catalogue in the same words are answered from memory, before anything is parsed,
 * counted or looked up: that costs less than to count how often they may.
 */
export function rememberedAnswers({ catalogCache }: Pick<Context, 'catalogCache'>): Middleware {
  return (ctx, next) => {
    if ((ctx.method !== 'GET' && ctx.method !== 'HEAD') || mayBeKnown(ctx)) return next()
    const answer = catalogCache.answerFor(visitOf(ctx))
    if (!answer) return next()
    Object.assign(ctx, { _matchedRoute: answer.route })
    publish(ctx, answer.etag, 'hit')
    if (ctx.status === 200) ctx.body = answer.body
    return Promise.resolve()
  }
}

/** All that an answer to a guest depends on: the address, and what its links begin with. */
export function visitOf({ req: { url, headers } }: KoaContext): string {
  return `${url}\n${headers.host}\n${headers['x-forwarded-proto']}`
}

export function routeOf(ctx: KoaContext): string {
  return String((ctx as { _matchedRoute?: string | RegExp })._matchedRoute ?? 'none')
}

/** The head of an answer that is the same for every guest; of status 304 when they have it already. */
export function publish(ctx: KoaContext, etag: string, cache: 'hit' | 'miss' | 'bypass'): void {
  ctx.set({
    'X-Cache': cache,
    // Kept by whoever likes, and asked about each time: nobody is shown an old price.
    'Cache-Control': 'public, no-cache',
    'Content-Type': 'application/json; charset=utf-8',
    ETag: etag,
  })
  ctx.vary('Cookie, Authorization')
  ctx.status = 200
  if (ctx.req.headers['if-none-match'] !== undefined && ctx.fresh) ctx.status = 304
}

/** Not decided here who it is: whoever brings a session or a token goes the long way. */
function mayBeKnown({ req: { headers } }: KoaContext): boolean {
  return headers.authorization !== undefined || headers.cookie?.includes('ustat_session') === true
}
