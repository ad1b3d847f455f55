import { Profile } from '../accounts/profile.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueMail } from '../mail/queue-mail.ts'
import { writeAudit } from './audit-log.ts'
import type { By } from './edit-user.ts'

export interface Verdict {
  status: Profile['verificationStatus']
  comment: string
}

/**
 * Says whether a teacher is who they claim to be, and tells them. Saying the same again tells nobody.
 *
 * @throws {DomainError} `profile_not_found`, `not_a_teacher`
 */
export async function verifyTeacher(
  em: EntityManager,
  profileId: number,
  { status, comment }: Verdict,
  by: By,
  queue: Queue,
): Promise<Profile> {
  return em.transactional(async (tx) => {
    await tx.execute('select from profile where id = ? for update', [profileId])
    const profile = await tx.findOne(Profile, { id: profileId }, { populate: ['user'], refresh: true })
    if (!profile || profile.user.deletedAt) throw new DomainError('profile_not_found')
    if (profile.user.role === 'student') throw new DomainError('not_a_teacher')
    const before = profile.verificationStatus
    if (before === status) return profile
    profile.verificationStatus = status
    writeAudit(tx, {
      ...by,
      action: 'profile.verification',
      object: `profile:${profile.id}`,
      details: { verificationStatus: [before, status], comment },
    })
    await tx.flush()
    await queueMail(queue, tx, {
      to: profile.user.email,
      template: 'teacher-verification',
      language: profile.user.language,
      data: { name: profile.user.firstName, status, comment },
    })
    return profile
  })
}
