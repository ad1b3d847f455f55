import helmet from 'helmet'
import type { Middleware } from 'koa'
import { isSecure } from './address.ts'

/** The API answers JSON and redirects: nothing in it may be run, framed or guessed at. Pages get theirs from nginx. */
export function securityHeaders(publicUrl: string): Middleware {
  const headersFor = (strictTransportSecurity: { maxAge: number; includeSubDomains: boolean } | false) =>
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
      strictTransportSecurity,
      crossOriginResourcePolicy: { policy: 'same-origin' },
      referrerPolicy: { policy: 'no-referrer' },
    })
  const plain = headersFor(false)
  // Subdomains are not ours to decide for.
  const secure = headersFor({ maxAge: 31_536_000, includeSubDomains: false })
  return async (ctx, next) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const apply = isSecure(ctx.req, publicUrl) ? secure : plain
    apply(ctx.req, ctx.res, (error?: unknown) => (error ? reject(error) : resolve()))
    await promise
    return next()
  }
}
