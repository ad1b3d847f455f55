import type { Context as KoaContext, Middleware } from 'koa'
import { isCurrent, verifyAccessToken } from '../accounts/access-token.ts'
import { hashSecret, subjectOf, type Viewer } from '../accounts/viewer.ts'
import type { Viewers } from '../accounts/viewers.ts'
import { DomainError } from '../errors.ts'
import type { Audience } from '../vod/playback.ts'
import type { RequestState } from './request.ts'
import type { Cookies } from './session-cookie.ts'

/**
 * Finds out who asks: by the bearer's token, else by the session cookie, else nobody. A cookie that is no longer good makes
 * a guest; a bad token is an error, since a client must know that it has to refresh.
 */
export function identify(options: { viewers: Viewers; cookies: Cookies; jwtSecret: string }): Middleware<RequestState> {
  return async (ctx, next) => {
    ctx.state.viewer = await viewerOf(ctx, options)
    return next()
  }
}

async function viewerOf(
  ctx: KoaContext,
  { viewers, cookies, jwtSecret }: { viewers: Viewers; cookies: Cookies; jwtSecret: string },
): Promise<Viewer | null> {
  const bearer = /^Bearer (\S+)$/i.exec(ctx.get('authorization'))?.[1]
  if (bearer !== undefined) {
    const claims = verifyAccessToken(bearer, jwtSecret)
    const viewer = claims && (await viewers.findByFamily(claims.family))
    if (!claims || !isCurrent(claims, viewer)) throw new DomainError('token_invalid')
    return viewer
  }
  const cookie = cookies.readSession(ctx)
  return cookie ? viewers.findBySession(hashSecret(cookie)) : null
}

/** Whom a playback URL in this answer is for; a guest is given a name to be revoked by. */
export function audienceOf(ctx: KoaContext, viewer: Viewer | null, cookies: Cookies): Audience {
  if (viewer) return { subject: subjectOf(viewer), expiresAtMs: viewer.expiresAtMs }
  return { subject: `g${cookies.guest(ctx)}`, expiresAtMs: null }
}

/**
 * Answers with an ETag over the JSON and 304 when the client has it: what it polls costs it nothing while nothing changes.
 * Personal, so nobody in between may keep it.
 */
export function answerIfChanged(ctx: KoaContext, body: object): void {
  const text = JSON.stringify(body)
  ctx.set('Cache-Control', 'private, no-cache')
  ctx.vary('Cookie')
  ctx.vary('Authorization')
  ctx.type = 'json'
  ctx.status = 200
  ctx.etag = hashSecret(text).slice(0, 27)
  if (ctx.fresh) ctx.status = 304
  else ctx.body = text
}
