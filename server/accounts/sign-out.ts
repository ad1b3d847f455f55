import type { Revocations } from '../../media/storage/revocations.ts'
import type { EntityManager } from '../db/orm.ts'
import { PushSubscription } from '../notices/push-subscription.ts'
import { AuthToken } from './auth-token.ts'
import { lockUser } from './lock-user.ts'
import type { User } from './user.ts'
import { subjectOf } from './viewer.ts'
import type { Viewers } from './viewers.ts'

export interface SignOutPorts {
  viewers: Viewers
  revocations: Revocations
}

/** Ends one sign-in: its cookie or tokens, what is pushed to its browser, and whatever is being watched with it. */
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
  await em.nativeDelete(PushSubscription, { user: userId, family })
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
  const tell = await em.transactional(async (tx) => {
    const user = await lockUser(tx, userId)
    return user && revokeSignIns(tx, user, now)
  })
  await tell?.(ports)
}

/**
 * The same as a part of a transaction that changes more and has the account locked (`lockUser`), or a refresh at the same
 * time would outlive it; flushes nothing.
 *
 * @returns what must be called after the commit: until then others would remember what is still so
 */
export async function revokeSignIns(
  em: EntityManager,
  user: User,
  now = new Date(),
): Promise<(ports: SignOutPorts) => Promise<void>> {
  const tokens = await em.find(AuthToken, { user, purpose: { $in: ['session', 'refresh'] }, revokedAt: null })
  for (const token of tokens) token.revokedAt = now
  user.tokenVersion += 1
  await em.nativeDelete(PushSubscription, { user })
  return async ({ viewers, revocations }) => {
    await viewers.forget(tokens.flatMap((token) => [token.family, token.hash]))
    await revocations.revoke(`u${user.id}`, now)
  }
}
