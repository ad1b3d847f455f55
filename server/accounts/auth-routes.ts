import { z } from 'zod'
import { deleteUser } from '../admin/delete-user.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { csrfToken } from '../http/csrf.ts'
import { requireUser, requireViewer } from '../http/request.ts'
import { AuthToken } from './auth-token.ts'
import { requireOwnPassword } from './change-password.ts'
import {
  accountJson,
  type CsrfJson,
  csrfJson,
  deleteAccountBody,
  loginBody,
  logoutBody,
  presentSession,
  type RegisteredJson,
  refreshBody,
  registerBody,
  registeredJson,
  sessionJson,
  sessionParams,
  signedInJson,
  signedInWithTokensJson,
  type TokensJson,
  tokensJson,
} from './contract.ts'
import { RefreshReuse, refresh } from './refresh.ts'
import { register } from './register.ts'
import { checkPassword } from './sign-in.ts'
import { signOut, signOutEverywhere } from './sign-out.ts'
import { accessFor, answerSignedIn, describeAccount } from './signed-in.ts'
import { hashSecret } from './viewer.ts'

/** Parse, call one operation, present. Rules live in the operations. */
export function authRoutes(context: Context): Api {
  const { cookies, limits, passwords, streamKeys, viewers, revocations, queue, catalogCache, store, settings } = context
  const { jwt: jwtSecret, token: linkSecret } = context.config.secrets
  const api = new Api('/api/auth', 'Accounts')

  api.post(
    '/register',
    {
      summary: 'Makes an account.',
      description: 'The answer is the same for an address that has one: what there is to say is mailed to its owner.',
      access: 'anyone',
      body: registerBody,
      answers: { 202: registeredJson },
    },
    async (ctx, { body }) => {
      if (!settings.get('registration_open')) throw new DomainError('registration_closed')
      await limits.take('register', ctx.state.address)
      const account = {
        email: body.email,
        password: body.password,
        firstName: body.first_name,
        lastName: body.last_name,
        phone: body.phone ?? null,
        role: body.role,
        language: ctx.acceptsLanguages('ru', 'en') === 'en' ? ('en' as const) : ('ru' as const),
      }
      await register(ctx.state.em, account, { passwords, streamKeys, queue, limits, linkSecret })
      ctx.status = 202
      ctx.body = { detail: 'The account is there, unless it was before. Sign in.' } satisfies RegisteredJson
    },
  )

  api.post(
    '/login',
    {
      summary: 'Signs in, with a cookie (`session: true`) or with tokens.',
      access: 'anyone',
      body: loginBody,
      answers: { 200: z.union([signedInJson, signedInWithTokensJson]) },
    },
    async (ctx, { body }) => {
      const { em, address } = ctx.state
      // Taken before the password is looked at, or parallel guesses would all pass.
      await limits.take('login_address', address)
      await limits.take('login_account', hashSecret(body.email))
      const user = await checkPassword(em, passwords, body.email, body.password)
      await Promise.all([
        limits.giveBack('login_address', address),
        limits.giveBack('login_account', hashSecret(body.email)),
      ])
      ctx.body = await answerSignedIn(ctx, user, body.session, context)
    },
  )

  api.post(
    '/refresh',
    {
      summary: 'Trades a refresh token for the next pair.',
      description: 'Used a second time more than ten seconds later, it ends the whole sign-in.',
      access: 'anyone',
      body: refreshBody,
      answers: { 200: tokensJson },
    },
    async (ctx, { body }) => {
      await limits.take('refresh', ctx.state.address)
      try {
        const { secret, token, user } = await refresh(ctx.state.em, body.refresh)
        ctx.body = { access: accessFor(user, token, jwtSecret), refresh: secret } satisfies TokensJson
      } catch (error) {
        if (error instanceof RefreshReuse) {
          await viewers.forget([error.family])
          context.log.warn('a refresh token was used twice; its family is revoked')
        }
        throw error
      }
    },
  )

  api.post(
    '/logout',
    {
      summary: 'Ends this sign-in: the cookie, the access token, or that of the refresh token sent.',
      access: 'anyone',
      body: logoutBody,
      answers: { 204: null },
    },
    async (ctx, { body }) => {
      const { em, viewer } = ctx.state
      const token = body.refresh
        ? await em.findOne(AuthToken, { hash: hashSecret(body.refresh), purpose: 'refresh' })
        : null
      if (token) await signOut(em, token.user.id, token.family, { viewers, revocations })
      if (viewer) await signOut(em, viewer.id, viewer.family, { viewers, revocations })
      if (cookies.readSession(ctx)) cookies.clearSession(ctx)
      ctx.status = 204
    },
  )

  api.post(
    '/logout-all',
    { summary: 'Ends every sign-in of this account.', access: 'signed-in', answers: { 204: null } },
    async (ctx) => {
      const viewer = requireViewer(ctx.state)
      await signOutEverywhere(ctx.state.em, viewer.id, { viewers, revocations })
      if (viewer.kind === 'browser') cookies.clearSession(ctx)
      ctx.status = 204
    },
  )

  api.get('/me', { summary: 'The own account.', access: 'signed-in', answers: { 200: accountJson } }, async (ctx) => {
    ctx.body = await describeAccount(ctx.state.em, await requireUser(ctx.state))
  })

  api.delete(
    '/me',
    {
      summary: 'Deletes the own account.',
      description:
        'The person is taken out of it for good, with what they handed in; payments, grades and reviews stay, without a name.',
      access: 'signed-in',
      body: deleteAccountBody,
      answers: { 204: null },
    },
    async (ctx, { body }) => {
      const { em, address } = ctx.state
      const viewer = requireViewer(ctx.state)
      await limits.take('login_account', `u${viewer.id}`)
      await requireOwnPassword(em, viewer.id, body.password, 'password', passwords)
      const ports = { passwords, viewers, revocations, store, queue }
      await deleteUser(em.fork(), viewer.id, { actor: viewer.id, address }, ports)
      await catalogCache.bump()
      if (viewer.kind === 'browser') cookies.clearSession(ctx)
      ctx.status = 204
    },
  )

  api.get(
    '/csrf',
    {
      summary: 'What a browser sends as `X-CSRF-Token` with every write; null without a session.',
      access: 'anyone',
      answers: { 200: csrfJson },
    },
    (ctx) => {
      const { viewer } = ctx.state
      ctx.body = {
        csrf_token: viewer?.kind === 'browser' ? csrfToken(viewer.family, jwtSecret) : null,
      } satisfies CsrfJson
    },
  )

  api.get(
    '/sessions',
    {
      summary: 'Where the account is signed in, last used first; a plain array.',
      access: 'signed-in',
      answers: { 200: z.array(sessionJson) },
    },
    async (ctx) => {
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
    },
  )

  api.delete(
    '/sessions/:id',
    { summary: 'Ends one of them.', access: 'signed-in', params: sessionParams, answers: { 204: null } },
    async (ctx, { params }) => {
      const viewer = requireViewer(ctx.state)
      const token = await ctx.state.em.findOne(AuthToken, {
        id: params.id,
        user: viewer.id,
        purpose: { $in: ['session', 'refresh'] },
      })
      const isEnded = token && (await signOut(ctx.state.em, viewer.id, token.family, { viewers, revocations }))
      if (!isEnded) throw new DomainError('session_not_found')
      ctx.status = 204
    },
  )

  return api
}
