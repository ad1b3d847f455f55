import { lockUser } from '../accounts/lock-user.ts'
import { Profile } from '../accounts/profile.ts'
import { mayHaveChannelUnasked, type Role } from '../accounts/roles.ts'
import { revokeSignIns, type SignOutPorts } from '../accounts/sign-out.ts'
import { displayNameOf } from '../accounts/sign-up.ts'
import type { User } from '../accounts/user.ts'
import { openChannel } from '../channels/open-channel.ts'
import type { StreamKeys } from '../channels/stream-key.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { type Deed, writeAudit } from './audit-log.ts'
import { keepOneAdmin } from './keep-one-admin.ts'

export interface UserChanges {
  firstName?: string
  lastName?: string
  role?: Role
  isActive?: boolean
  isVerified?: boolean
}

/** Who does it, and from where. */
export type By = Pick<Deed, 'actor' | 'address'>

export interface EditPorts extends SignOutPorts {
  streamKeys: StreamKeys
}

/**
 * Changes an account, with a line of what was and is. A new role or a closed account ends every sign-in: no token out there
 * says what is no longer so. A closed account's show ends with the next beat of its media process.
 *
 * @throws {DomainError} `user_not_found`, `last_admin`
 */
export async function editUser(
  em: EntityManager,
  userId: number,
  changes: UserChanges,
  by: By,
  ports: EditPorts,
): Promise<User> {
  const { user, tell } = await em.transactional(async (tx) => {
    const isLeaving = (changes.role !== undefined && changes.role !== 'admin') || changes.isActive === false
    if (isLeaving) await keepOneAdmin(tx, userId)
    const user = await requireAccount(tx, userId)
    const details = differences(user, changes)
    if (Object.keys(details).length === 0) return { user, tell: null }
    const formerName = displayNameOf(user.firstName, user.lastName, user.role)
    for (const [name, [, after]] of Object.entries(details)) Object.assign(user, { [name]: after })
    await renameProfile(tx, user, formerName)
    const tell = 'role' in details || 'isActive' in details ? await revokeSignIns(tx, user) : null
    writeAudit(tx, { ...by, action: actionOf(details), object: `user:${user.id}`, details })
    await tx.flush()
    if ('role' in details && mayHaveChannelUnasked(user.role)) await openChannel(tx, user, ports.streamKeys)
    return { user, tell }
  })
  await tell?.(ports)
  if (!tell) await ports.viewers.lookUpAgain(user.id)
  return user
}

/** The row, locked; who is gone counts as missing. */
export async function requireAccount(tx: EntityManager, userId: number): Promise<User> {
  const user = await lockUser(tx, userId)
  if (!user || user.deletedAt) throw new DomainError('user_not_found')
  return user
}

/** A public name that follows from the account goes on doing so; one that was chosen stays. */
async function renameProfile(tx: EntityManager, user: User, formerName: string): Promise<void> {
  const profile = await tx.findOne(Profile, { user })
  if (profile?.displayName === formerName) profile.displayName = displayNameOf(user.firstName, user.lastName, user.role)
}

function differences(user: User, changes: UserChanges): Record<string, [unknown, unknown]> {
  const names = (Object.keys(changes) as (keyof UserChanges)[]).filter(
    (name) => changes[name] !== undefined && changes[name] !== user[name],
  )
  return Object.fromEntries(names.map((name) => [name, [user[name], changes[name]]]))
}

/** The gravest of them names the line. */
function actionOf(details: Record<string, unknown>): string {
  if ('role' in details) return 'user.role'
  if ('isActive' in details) return 'user.active'
  return 'user.edit'
}
