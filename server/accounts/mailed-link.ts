import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { linkToken } from '../mail/link-token.ts'
import { queueMail } from '../mail/queue-mail.ts'
import { AuthToken } from './auth-token.ts'
import { lockUser } from './lock-user.ts'
import type { User } from './user.ts'
import { hashSecret, newFamily } from './viewer.ts'

export type LinkPurpose = 'verify_email' | 'reset_password'

const HOUR_MS = 3600 * 1000
const lifetimeMs: Record<LinkPurpose, number> = { verify_email: 72 * HOUR_MS, reset_password: HOUR_MS }
const mailOf = { verify_email: 'verify-email', reset_password: 'reset-password' } as const

export interface LinkPorts {
  queue: Queue
  /** The key that mailed links are made with. */
  linkSecret: string
}

/**
 * Mails an account a link with a one-time token, in the transaction of `tx`. Older links for the same thing end: what lies
 * in a mailbox that somebody else reads is good until the next is asked for.
 *
 *   mailed ──▶ used
 *     ├──(a newer one, a new password)──▶ revoked
 *     └──(one hour, three days)─────────▶ expired
 */
export async function mailLink(
  tx: EntityManager,
  user: User,
  purpose: LinkPurpose,
  { queue, linkSecret }: LinkPorts,
  now = new Date(),
): Promise<void> {
  // Of two at once one waits here, and then ends the other's.
  await lockUser(tx, user.id)
  await revokeLinks(tx, user, purpose, now)
  const family = newFamily()
  tx.create(AuthToken, {
    user,
    purpose,
    hash: hashSecret(linkToken(family, linkSecret)),
    family,
    expiresAt: new Date(now.getTime() + lifetimeMs[purpose]),
    signedInAt: now,
  })
  await tx.flush()
  await queueMail(queue, tx, {
    to: user.email,
    template: mailOf[purpose],
    language: user.language,
    data: { name: user.firstName, link: family },
  })
}

/** Ends the links that are still out, as after a change of the password by other means. */
export async function revokeLinks(
  tx: EntityManager,
  user: User,
  purpose: LinkPurpose,
  now = new Date(),
): Promise<void> {
  await tx.nativeUpdate(AuthToken, { user, purpose, usedAt: null, revokedAt: null }, { revokedAt: now })
}

/**
 * Uses a token up. Of fifty at once one gets through: the others wait for the account and find it used.
 *
 * @throws {DomainError} `token_used`, `link_invalid`
 */
export async function useLink(tx: EntityManager, purpose: LinkPurpose, token: string, now = new Date()): Promise<User> {
  const hash = hashSecret(token)
  const seen = await tx.findOne(AuthToken, { hash, purpose })
  const user = seen && (await lockUser(tx, seen.user.id))
  const found = seen && (await tx.findOne(AuthToken, { hash }, { refresh: true }))
  if (found?.usedAt) throw new DomainError('token_used')
  if (!found?.isOpen(now) || !user?.maySignIn()) throw new DomainError('link_invalid')
  found.usedAt = now
  await tx.flush()
  return user
}
