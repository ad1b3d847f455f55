import Router from '@koa/router'
import type { Context as KoaContext } from 'koa'
import { Channel } from '../channels/channel.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { csrfToken } from '../http/csrf.ts'
import { parse, parseBody, type RequestState, requireUser, requireViewer } from '../http/request.ts'
import { signAccessToken } from './access-token.ts'
import { AuthToken } from './auth-token.ts'
import {
  type AccountJson,
  type CsrfJson,
  loginBody,
  logoutBody,
  presentAccount,
  presentSession,
  type RegisteredJson,
  refreshBody,
  registerBody,
  type SignedInJson,
  type SignedInWithTokensJson,
  sessionParams,
  type TokensJson,
} from './contract.ts'
import { Profile } from './profile.ts'
import { RefreshReuse, refresh } from './refresh.ts'
import { checkPassword, type Device, openFamily, openSession } from './sign-in.ts'
import { signOut, signOutEverywhere } from './sign-out.ts'
import { signUp } from './sign-up.ts'
import type { User } from './user.ts'
import { hashSecret } from './viewer.ts'

/** Parse, call one operation, present. Rules live in the operations. */
export function accountRoutes(context: Context): Router<RequestState> {
  const { cookies, limits, passwords, streamKeys, viewers, revocations } = context
  const { jwt: jwtSecret } = context.config.secrets
  const router = new Router<RequestState>({ prefix: '/api/auth' })

  router.post('/register', async (ctx) => {
    await limits.take('register', ctx.state.address)
    const body = parseBody(registerBody, ctx.request.body)
    const account = {
      email: body.email,
      password: body.password,
      firstName: body.first_name,
      lastName: body.last_name,
      phone: body.phone ?? null,
      role: body.role,
    }
    await signUp(ctx.state.em, account, { passwords, streamKeys })
    ctx.status = 202
    ctx.body = { detail: 'The account is there, unless it was before. Sign in.' } satisfies RegisteredJson
  })

  router.post('/login', async (ctx) => {
    const body = parseBody(loginBody, ctx.request.body)
    const { em, address } = ctx.state
    // Taken before the password is looked at, or parallel guesses would all pass.
    await limits.take('login_address', address)
    await limits.take('login_account', hashSecret(body.email))
    const user = await checkPassword(em, passwords, body.email, body.password)
    await Promise.all([
      limits.giveBack('login_address', address),
      limits.giveBack('login_account', hashSecret(body.email)),
    ])
    const { secret, token } = await (body.session ? openSession : openFamily)(em, user, deviceOf(ctx, address))
    const account = await describe(em, user)
    if (body.session) {
      cookies.writeSession(ctx, secret, token.expiresAt)
      ctx.body = { user: account, csrf_token: csrfToken(token.family, jwtSecret) } satisfies SignedInJson
    } else {
      ctx.body = { access: accessFor(user, token), refresh: secret, user: account } satisfies SignedInWithTokensJson
    }
  })

  router.post('/refresh', async (ctx) => {
    await limits.take('refresh', ctx.state.address)
    const body = parseBody(refreshBody, ctx.request.body)
    try {
      const { secret, token, user } = await refresh(ctx.state.em, body.refresh)
      ctx.body = { access: accessFor(user, token), refresh: secret } satisfies TokensJson
    } catch (error) {
      if (error instanceof RefreshReuse) {
        await viewers.forget([error.family])
        context.log.warn('a refresh token was used twice; its family is revoked')
      }
      throw error
    }
  })

  /** With a session or an access token that one ends; a client may send its refresh token instead. */
  router.post('/logout', async (ctx) => {
    const body = parseBody(logoutBody, ctx.request.body)
    const { em, viewer } = ctx.state
    const token = body.refresh
      ? await em.findOne(AuthToken, { hash: hashSecret(body.refresh), purpose: 'refresh' })
      : null
    if (token) await signOut(em, token.user.id, token.family, { viewers, revocations })
    if (viewer) await signOut(em, viewer.id, viewer.family, { viewers, revocations })
    if (cookies.readSession(ctx)) cookies.clearSession(ctx)
    ctx.status = 204
  })

  router.post('/logout-all', async (ctx) => {
    const viewer = requireViewer(ctx.state)
    await signOutEverywhere(ctx.state.em, viewer.id, { viewers, revocations })
    if (viewer.kind === 'browser') cookies.clearSession(ctx)
    ctx.status = 204
  })

  router.get('/me', async (ctx) => {
    ctx.body = await describe(ctx.state.em, await requireUser(ctx.state))
  })

  router.get('/csrf', (ctx) => {
    const { viewer } = ctx.state
    ctx.body = {
      csrf_token: viewer?.kind === 'browser' ? csrfToken(viewer.family, jwtSecret) : null,
    } satisfies CsrfJson
  })

  router.get('/sessions', async (ctx) => {
    const viewer = requireViewer(ctx.state)
    const open = await ctx.state.em.find(
      AuthToken,
      {
        user: viewer.id,
        purpose: { $in: ['session', 'refresh'] },
        revokedAt: null,
        usedAt: null,
        expiresAt: { $gt: new Date() },
      },
      { orderBy: { lastSeenAt: 'desc', id: 'desc' }, limit: 100 },
    )
    ctx.body = open.map((token) => presentSession(token, viewer.family))
  })

  router.delete('/sessions/:id', async (ctx) => {
    const viewer = requireViewer(ctx.state)
    const { id } = parse(sessionParams, ctx.params)
    const token = await ctx.state.em.findOne(AuthToken, {
      id,
      user: viewer.id,
      purpose: { $in: ['session', 'refresh'] },
    })
    const isEnded = token && (await signOut(ctx.state.em, viewer.id, token.family, { viewers, revocations }))
    if (!isEnded) throw new DomainError('session_not_found')
    ctx.status = 204
  })

  function accessFor(user: User, token: AuthToken): string {
    return signAccessToken({ userId: user.id, family: token.family, tokenVersion: user.tokenVersion }, jwtSecret)
  }

  return router
}

async function describe(em: EntityManager, user: User): Promise<AccountJson> {
  const profile = await em.findOneOrFail(Profile, { user })
  const channel = await em.findOne(Channel, { owner: user })
  return presentAccount(user, profile, channel?.slug ?? null)
}

function deviceOf(ctx: KoaContext, address: string): Device {
  return { userAgent: ctx.get('user-agent'), address }
}
