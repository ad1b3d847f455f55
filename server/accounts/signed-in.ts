import type { Context as KoaContext } from 'koa'
import { Channel } from '../channels/channel.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { csrfToken } from '../http/csrf.ts'
import type { RequestState } from '../http/request.ts'
import { signAccessToken } from './access-token.ts'
import type { AuthToken } from './auth-token.ts'
import { type AccountJson, presentAccount, type SignedInJson, type SignedInWithTokensJson } from './contract.ts'
import { Profile } from './profile.ts'
import { openFamily, openSession } from './sign-in.ts'
import type { User } from './user.ts'

/** Signs somebody in who has proven who they are: a browser gets its cookie, a client its tokens. */
export async function answerSignedIn(
  ctx: KoaContext & { state: RequestState },
  user: User,
  isBrowser: boolean,
  { cookies, config }: Pick<Context, 'cookies' | 'config'>,
): Promise<SignedInJson | SignedInWithTokensJson> {
  const { em, address } = ctx.state
  const device = { userAgent: ctx.get('user-agent'), address }
  const { secret, token } = await (isBrowser ? openSession : openFamily)(em, user, device)
  const account = await describeAccount(em, user)
  if (!isBrowser) return { access: accessFor(user, token, config.secrets.jwt), refresh: secret, user: account }
  cookies.writeSession(ctx, secret, token.expiresAt)
  return { user: account, csrf_token: csrfToken(token.family, config.secrets.jwt) }
}

export function accessFor(user: User, token: AuthToken, jwtSecret: string): string {
  return signAccessToken({ userId: user.id, family: token.family, tokenVersion: user.tokenVersion }, jwtSecret)
}

export async function describeAccount(em: EntityManager, user: User): Promise<AccountJson> {
  const profile = await em.findOneOrFail(Profile, { user })
  const channel = await em.findOne(Channel, { owner: user })
  return presentAccount(user, profile, channel?.slug ?? null)
}
