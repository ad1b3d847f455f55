import helmet from 'helmet'
import type { Middleware } from 'koa'

/** The API answers JSON and redirects: nothing in it may be run, framed or guessed at. Pages get theirs from nginx. */
export function securityHeaders(publicUrl: string): Middleware {
  const isHttps = publicUrl.startsWith('https:')
  const apply = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
  })
  return async (ctx, next) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    apply(ctx.req, ctx.res, (error?: unknown) => (error ? reject(error) : resolve()))
    await promise
    return next()
  }
}
