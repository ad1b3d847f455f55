import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { AuthToken } from './auth-token.ts'
import { holdUser } from './lock-user.ts'
import { SESSION_MS } from './sign-in.ts'
import type { User } from './user.ts'
import { hashSecret, newSecret } from './viewer.ts'

/** Two requests of one client may both find their access token expired and refresh at once. */
const GRACE_MS = 10_000
/** However often it is refreshed, a sign-in ends. */
const FAMILY_MS = 3 * SESSION_MS

/**
 * Trades a refresh token for the next one of its family.
 *
 *   open ──▶ used ──(again within 10 s: a sibling)
 *              └────(again later: somebody has a copy)──▶ the whole family is revoked
 *
 * @throws {DomainError} `token_invalid`, with `family` to forget when it was revoked just now
 */
export async function refresh(
  em: EntityManager,
  secret: string,
  now = new Date(),
): Promise<{ secret: string; token: AuthToken; user: User }> {
  const result = await em.transactional(async (tx) => {
    const hash = hashSecret(secret)
    const seen = await tx.findOne(AuthToken, { hash, purpose: 'refresh' })
    if (!seen) return null
    const user = await holdUser(tx, seen.user.id)
    const token = await tx.findOneOrFail(AuthToken, { hash }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    if (token.revokedAt || token.expiresAt <= now || !user?.maySignIn()) return null
    if (token.usedAt && now.getTime() - token.usedAt.getTime() > GRACE_MS) {
      await tx.nativeUpdate(AuthToken, { family: token.family, revokedAt: null }, { revokedAt: now })
      return { stolen: token.family }
    }
    const next = newSecret()
    const last = token.signedInAt.getTime() + FAMILY_MS
    const successor = tx.create(AuthToken, {
      user,
      purpose: 'refresh',
      hash: hashSecret(next),
      family: token.family,
      expiresAt: new Date(Math.min(now.getTime() + SESSION_MS, last)),
      userAgent: token.userAgent,
      address: token.address,
      signedInAt: token.signedInAt,
    })
    token.usedAt ??= now
    token.replacedBy ??= successor
    await tx.flush()
    return { secret: next, token: successor, user }
  })
  // Thrown out here: a throw in there would take the revocation back.
  if (!result) throw new DomainError('token_invalid')
  if (result.stolen !== undefined) throw new RefreshReuse(result.stolen)
  return result
}

/** A refresh token was used twice: its family is revoked, and what is remembered of it must be forgotten. */
export class RefreshReuse extends DomainError {
  readonly family: string

  constructor(family: string) {
    super('token_invalid')
    this.family = family
  }
}
