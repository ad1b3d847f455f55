import type { EntityName, FilterQuery, RequiredEntityData } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Education } from './education.ts'
import { holdOwnAccount } from './lock-user.ts'
import { Profile } from './profile.ts'
import type { WorkExperience } from './work-experience.ts'

const MOST = 50

export type Entry = Education | WorkExperience

/**
 * Another line of somebody's education or work.
 *
 * @throws {DomainError} `too_many_entries`, `not_signed_in` when the account was deleted meanwhile
 */
export async function addEntry<E extends Entry>(
  em: EntityManager,
  kind: EntityName<E>,
  userId: number,
  data: Omit<RequiredEntityData<E>, 'profile'>,
): Promise<E> {
  return em.transactional(async (tx) => {
    await holdOwnAccount(tx, userId)
    // Counted under the profile's lock, or many at once would all find room.
    await tx.execute('select from profile where user_id = ? for update', [userId])
    const profile = await tx.findOneOrFail(Profile, { user: userId })
    if ((await tx.count(kind, { profile } as FilterQuery<E>)) >= MOST) throw new DomainError('too_many_entries')
    const entry = tx.create(kind, { ...data, profile } as RequiredEntityData<E>)
    await tx.flush()
    return entry
  })
}

/**
 * One's own entry: another's counts as missing.
 *
 * @throws {DomainError} `entry_not_found`
 */
export async function requireEntry<E extends Entry>(
  em: EntityManager,
  kind: EntityName<E>,
  userId: number,
  id: number,
): Promise<E> {
  const entry = await em.findOne(kind, { id, profile: { user: userId } } as FilterQuery<E>)
  if (!entry) throw new DomainError('entry_not_found')
  return entry as E
}
