import { LockMode } from '@mikro-orm/core'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import { AuthToken } from '../accounts/auth-token.ts'
import { CustomUrlHistory } from '../accounts/custom-url-history.ts'
import { Education } from '../accounts/education.ts'
import type { Passwords } from '../accounts/password.ts'
import { Profile } from '../accounts/profile.ts'
import { revokeSignIns, type SignOutPorts } from '../accounts/sign-out.ts'
import { newSecret } from '../accounts/viewer.ts'
import { WorkExperience } from '../accounts/work-experience.ts'
import { Channel } from '../channels/channel.ts'
import { ChannelFollow } from '../channels/channel-follow.ts'
import { newId } from '../db/base.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { Notification } from '../notices/notification.ts'
import { dropPicture } from '../pictures/keep-picture.ts'
import { eraseWork } from '../progress/erase-work.ts'
import { writeAudit } from './audit-log.ts'
import { type By, requireAccount } from './edit-user.ts'
import { keepOneAdmin } from './keep-one-admin.ts'

/**
 * Takes the person out of an account. The row stays, for the books, reviews, grades and courses that hang on it; whose it
 * was, and what they handed in, is gone for good, and the address is free again.
 *
 * @throws {DomainError} `user_not_found`, `last_admin`
 */
export async function deleteUser(
  em: EntityManager,
  userId: number,
  by: By,
  { passwords, store, queue, ...ports }: SignOutPorts & { passwords: Passwords; store: ObjectStore; queue: Queue },
): Promise<void> {
  // Not in the transaction: it may wait for its turn while rows are locked.
  const passwordHash = await passwords.hash(newSecret())
  const { tell, pictures } = await em.transactional(async (tx) => {
    await keepOneAdmin(tx, userId)
    const user = await requireAccount(tx, userId)
    const { role } = user
    const tell = await revokeSignIns(tx, user)
    Object.assign(user, {
      // Not by its id alone: somebody could have signed up with that.
      email: `deleted-${user.id}@${newId()}.invalid`,
      firstName: 'Deleted',
      lastName: 'account',
      phone: null,
      passwordHash,
      role: 'student',
      isActive: false,
      isVerified: false,
      deletedAt: new Date(),
    })
    const profile = await tx.findOne(Profile, { user })
    // The lock that a new picture takes, too: none slips in between.
    const channel = await tx.findOne(Channel, { owner: user }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    const pictures = [profile?.avatar, channel?.picture].filter((key) => typeof key === 'string')
    if (channel) {
      Object.assign(channel, {
        title: 'Deleted account',
        slug: `deleted-${newId()}`,
        description: '',
        picture: null,
      })
    }
    if (profile) {
      Object.assign(profile, { displayName: 'Deleted account', avatar: null, bio: '', customUrl: null })
      await tx.nativeDelete(Education, { profile })
      await tx.nativeDelete(WorkExperience, { profile })
      await tx.nativeDelete(CustomUrlHistory, { profile })
    }
    await tx.nativeDelete(Notification, { user })
    await tx.nativeDelete(ChannelFollow, { user })
    await eraseWork(tx, queue, userId)
    // Without the address and the device it came from, a token row says nothing of a person.
    await tx.nativeUpdate(AuthToken, { user }, { userAgent: '', address: '' })
    writeAudit(tx, { ...by, action: 'user.delete', object: `user:${user.id}`, details: { role: [role, null] } })
    await tx.flush()
    return { tell, pictures }
  })
  await tell(ports)
  // Without the store the pictures stay, under names that nothing leads to any more.
  for (const key of pictures) await dropPicture(store, key).catch(() => {})
}
