import type { EntityManager } from '../db/orm.ts'
import { sanitizeHtml } from '../http/sanitize.ts'
import type { Language } from '../mail/queue-mail.ts'
import { lockUser } from './lock-user.ts'
import { Profile } from './profile.ts'
import { displayNameOf } from './sign-up.ts'
import { User } from './user.ts'

export interface ProfileChanges {
  firstName?: string | undefined
  lastName?: string | undefined
  /** Null: made of the names, as at the beginning. */
  displayName?: string | null | undefined
  phone?: string | null | undefined
  bio?: string | undefined
  language?: Language | undefined
}

/** Changes what people may say of themselves; everything else of a profile is counted or checked by others. */
export async function editProfile(em: EntityManager, userId: number, changes: ProfileChanges): Promise<void> {
  await em.transactional(async (tx) => {
    const profile = await tx.findOneOrFail(Profile, { user: userId }, { populate: ['user'] })
    const { user } = profile
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

/** @returns the key of the one before, whose object nobody needs any more */
export async function setAvatar(em: EntityManager, userId: number, key: string | null): Promise<string | null> {
  return em.transactional(async (tx) => {
    // Of two at once each deletes what it has replaced, and nothing is left behind.
    await lockUser(tx, userId)
    const profile = await tx.findOneOrFail(Profile, { user: tx.getReference(User, userId) }, { refresh: true })
    const before = profile.avatar ?? null
    profile.avatar = key
    await tx.flush()
    return before
  })
}
