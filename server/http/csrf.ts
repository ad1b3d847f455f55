import { createHmac } from 'node:crypto'
import type { Middleware } from 'koa'
import { DomainError } from '../errors.ts'
import type { RequestState } from './request.ts'
import { isSame } from './session-cookie.ts'

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Bound to one sign-in, so it needs no store and dies with it. */
export function csrfToken(family: string, secret: string): string {
  return createHmac('sha256', secret).update(`csrf:${family}`).digest('base64url')
}

/**
 * Another site can make a browser send its cookies, but cannot read our CSRF token, nor send JSON without asking first.
 * Requests without a session have nothing to steal; for them the origin still counts, so nobody is signed in by force.
 */
export function csrf(options: {
  secret: string
  publicUrl: string
  allowedHosts: readonly string[]
}): Middleware<RequestState> {
  const ours = new Set([new URL(options.publicUrl).hostname, ...options.allowedHosts.map(hostName)])
  return async (ctx, next) => {
    if (safe.has(ctx.method)) return next()
    const { origin } = ctx.headers
    if (origin !== undefined) {
      const from = URL.parse(origin)?.hostname
      if (!from || !(ours.has(from) || from === hostName(ctx.host))) throw new DomainError('origin_refused')
    }
    const { viewer } = ctx.state
    if (viewer?.kind === 'browser') {
      const sent = ctx.get('x-csrf-token')
      if (!isSame(sent, csrfToken(viewer.family, options.secret))) throw new DomainError('csrf_failed')
    }
    return next()
  }
}

/** Without the port. */
export function hostName(host: string): string {
  return URL.parse(`http://${host}`)?.hostname ?? host
}
