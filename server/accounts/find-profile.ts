import { Channel } from '../channels/channel.ts'
import { type CourseRole, isAdmin, isStaff, mayHaveCustomUrl, type Person } from '../courses/access.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { CustomUrlHistory } from './custom-url-history.ts'
import { Education } from './education.ts'
import { Profile } from './profile.ts'
import type { ShownProfile } from './profile-contract.ts'
import { WorkExperience } from './work-experience.ts'

/** What goes on has no end and comes first. */
export const latestFirst = { endDate: 'desc nulls first', startDate: 'desc', id: 'desc' } as const
const MOST_SHOWN = 50

/**
 * A profile that this person may see. A teacher's is public; a student's is for themselves, for the staff of a course that
 * they are in, and for admins. To everybody else there is none, so nobody learns who studies here by counting up.
 *
 * @throws {DomainError} `profile_not_found`
 */
export async function findProfile(em: EntityManager, viewer: Person | null, profileId: number): Promise<ShownProfile> {
  const profile = await em.findOne(Profile, { id: profileId }, { populate: ['user'] })
  if (!profile?.user.maySignIn()) throw new DomainError('profile_not_found')
  const isPublic = mayHaveCustomUrl(profile.user)
  if (!isPublic && !(await maySeeStudent(em, viewer, profile.user.id))) throw new DomainError('profile_not_found')
  return withEntries(em, profile)
}

/** The own one. */
export async function ownProfile(em: EntityManager, userId: number): Promise<ShownProfile> {
  return withEntries(em, await em.findOneOrFail(Profile, { user: userId }, { populate: ['user'] }))
}

/**
 * A teacher by the address of their page, or where that has moved.
 *
 * @throws {DomainError} `profile_not_found`
 */
export async function findTeacher(
  em: EntityManager,
  customUrl: string,
): Promise<{ profile: Profile } | { movedTo: string }> {
  const url = customUrl.toLowerCase()
  const profile = await em.findOne(Profile, { customUrl: url }, { populate: ['user'] })
  if (profile) {
    if (!profile.user.maySignIn() || !mayHaveCustomUrl(profile.user)) throw new DomainError('profile_not_found')
    return { profile }
  }
  const former = await em.findOne(CustomUrlHistory, { customUrl: url }, { populate: ['profile.user'] })
  const owner = former?.profile
  if (!owner?.customUrl || !owner.user.maySignIn() || !mayHaveCustomUrl(owner.user)) {
    throw new DomainError('profile_not_found')
  }
  return { movedTo: owner.customUrl }
}

export async function withEntries(em: EntityManager, profile: Profile): Promise<ShownProfile> {
  const options = { orderBy: latestFirst, limit: MOST_SHOWN }
  const education = await em.find(Education, { profile }, options)
  const workExperience = await em.find(WorkExperience, { profile }, options)
  const channel = await em.findOne(Channel, { owner: profile.user })
  return { profile, education, workExperience, channel: channel?.slug ?? null }
}

async function maySeeStudent(em: EntityManager, viewer: Person | null, studentId: number): Promise<boolean> {
  if (!viewer) return false
  if (viewer.id === studentId || isAdmin(viewer)) return true
  const shared = await em.execute<{ role: CourseRole }[]>(
    `select distinct r.role from course_user_role r join enrollment e on e.course_id = r.course_id
      where r.user_id = ? and e.user_id = ? and e.status in ('active', 'completed')`,
    [viewer.id, studentId],
  )
  const staff = shared.map(({ role }) => ({ role, permissions: {}, isPrimary: false }))
  return isStaff({ person: viewer, staff, isEnrolled: false })
}
