import type { Revocations } from '../../media/storage/revocations.ts'
import type { EntityManager } from '../db/orm.ts'
import { AuthToken } from './auth-token.ts'
import { User } from './user.ts'
import { subjectOf } from './viewer.ts'
import type { Viewers } from './viewers.ts'

export interface SignOutPorts {
  viewers: Viewers
  revocations: Revocations
}

/** Ends one sign-in: its cookie or tokens, and whatever is being watched with it. */
export async function signOut(
  em: EntityManager,
  userId: number,
  family: string,
  ports: SignOutPorts,
  now = new Date(),
): Promise<boolean> {
  const tokens = await em.find(AuthToken, { user: userId, family, revokedAt: null })
  if (tokens.length === 0) return false
  for (const token of tokens) token.revokedAt = now
  await em.flush()
  await ports.viewers.forget([family, ...tokens.map((token) => token.hash)])
  await ports.revocations.revoke(subjectOf({ id: userId, family }), now)
  return true
}

/** Ends every sign-in of an account, and makes access tokens that are still out void. */
export async function signOutEverywhere(
  em: EntityManager,
  userId: number,
  ports: SignOutPorts,
  now = new Date(),
): Promise<void> {
  const tokens = await em.find(AuthToken, { user: userId, purpose: { $in: ['session', 'refresh'] }, revokedAt: null })
  for (const token of tokens) token.revokedAt = now
  const user = await em.findOneOrFail(User, { id: userId })
  user.tokenVersion += 1
  await em.flush()
  await ports.viewers.forget(tokens.flatMap((token) => [token.family, token.hash]))
  await ports.revocations.revoke(`u${userId}`, now)
}
