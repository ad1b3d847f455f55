import type { EntityManager } from '../db/orm.ts'
import { sanitizeHtml } from '../http/sanitize.ts'
import type { Language } from '../mail/queue-mail.ts'
import { lockOwnAccount } from './lock-user.ts'
import { Profile } from './profile.ts'
import { displayNameOf } from './sign-up.ts'

export interface ProfileChanges {
  firstName?: string | undefined
  lastName?: string | undefined
  /** Null: made of the names, as at the beginning. */
  displayName?: string | null | undefined
  phone?: string | null | undefined
  bio?: string | undefined
  language?: Language | undefined
}

/**
 * Changes what people may say of themselves; everything else of a profile is counted or checked by others.
 *
 * @throws {DomainError} `not_signed_in` when the account was deleted meanwhile
 */
export async function editProfile(em: EntityManager, userId: number, changes: ProfileChanges): Promise<void> {
  await em.transactional(async (tx) => {
    const user = await lockOwnAccount(tx, userId)
    const profile = await tx.findOneOrFail(Profile, { user }, { refresh: true })
    const { firstName, lastName, displayName, phone, bio, language } = changes
    // A public name that was never chosen follows the names it is made of.
    const isMade = profile.displayName === displayNameOf(user.firstName, user.lastName, user.role)
    if (firstName !== undefined) user.firstName = firstName
    if (lastName !== undefined) user.lastName = lastName
    if (phone !== undefined) user.phone = phone
    if (language !== undefined) user.language = language
    if (bio !== undefined) profile.bio = sanitizeHtml(bio)
    const isToFollow = displayName === null || (displayName === undefined && isMade)
    if (isToFollow) profile.displayName = displayNameOf(user.firstName, user.lastName, user.role)
    else if (displayName) profile.displayName = displayName
    await tx.flush()
  })
}

/**
 * @returns the key of the one before, whose object nobody needs any more
 * @throws {DomainError} `not_signed_in` when the account was deleted meanwhile
 */
export async function setAvatar(em: EntityManager, userId: number, key: string | null): Promise<string | null> {
  return em.transactional(async (tx) => {
    // Of two at once each deletes what it has replaced, and nothing is left behind.
    const user = await lockOwnAccount(tx, userId)
    const profile = await tx.findOneOrFail(Profile, { user }, { refresh: true })
    const before = profile.avatar ?? null
    profile.avatar = key
    await tx.flush()
    return before
  })
}
