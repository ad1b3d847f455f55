import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import { type CoursePermissions, type CourseRole, isAdmin, may, type PermissionKey, type Person } from './access.ts'
import { CourseUserRole } from './course-user-role.ts'
import { type LockedCourse, lockCourse } from './lock-course.ts'
import { recountStudents, recountTeachers } from './recount-course.ts'
import { isTaken } from './slug-of-course.ts'

export interface NewPlace {
  user: number
  role: CourseRole
  permissions: CoursePermissions
  isPrimary: boolean
}

/** Keys that a teacher may not give to assistants: who lacks them could else get them from a friend. */
const producers: readonly PermissionKey[] = ['manage_pricing', 'view_revenue', 'publish']

/**
 * Makes somebody part of a course's staff. Producers are an admin's to name, teachers a producer's, assistants also a
 * teacher's. The primary one of a role takes over from who was.
 *
 * @throws {DomainError} those of `requireCourse`; `forbidden`, also to oneself; `invalid_input` of an account that is not there or
 *   of whose role it cannot be; `course_role_taken`
 */
export async function addPlace(
  em: EntityManager,
  person: Person,
  courseId: number,
  { user: userId, role, permissions, isPrimary }: NewPlace,
): Promise<CourseUserRole> {
  try {
    return await em.transactional(async (tx) => {
      const locked = await lockCourse(tx, person, courseId, 'assign_assistants')
      requireRight(locked, role, permissions)
      if (userId === person.id && !isAdmin(person)) throw new DomainError('forbidden')
      const user = await tx.findOne(User, { id: userId })
      if (!user?.maySignIn()) throw fieldErrors({ user: 'unknown_choice' })
      requireAccount(user, role)
      if (isPrimary) await dethrone(tx, courseId, role)
      const place = tx.create(CourseUserRole, { course: locked.course, user, role, permissions, isPrimary })
      note(tx, person, 'course.role.add', place, { role, permissions, is_primary: isPrimary })
      await tx.flush()
      await recount(tx, courseId, userId)
      return place
    })
  } catch (error) {
    if (isTaken(error, 'course_user_role_course_id_user_id_role_unique')) throw new DomainError('course_role_taken')
    throw error
  }
}

/** @throws {DomainError} those of `requireCourse`; `course_role_not_found`, `forbidden`, also of one's own */
export async function editPlace(
  em: EntityManager,
  person: Person,
  { course: courseId, place: placeId }: { course: number; place: number },
  { permissions, isPrimary }: Pick<NewPlace, 'permissions' | 'isPrimary'>,
): Promise<CourseUserRole> {
  return em.transactional(async (tx) => {
    const locked = await lockCourse(tx, person, courseId, 'assign_assistants')
    const place = await findPlace(tx, courseId, placeId)
    requireRight(locked, place.role, permissions)
    if (place.user.id === person.id && !isAdmin(person)) throw new DomainError('forbidden')
    const details = {
      permissions: [place.permissions, permissions],
      is_primary: [place.isPrimary, isPrimary],
    }
    if (isPrimary && !place.isPrimary) await dethrone(tx, courseId, place.role)
    place.permissions = permissions
    place.isPrimary = isPrimary
    note(tx, person, 'course.role.change', place, details)
    await tx.flush()
    return place
  })
}

/**
 * Takes somebody out of the staff; an assistant may also leave alone. Somebody must stay who can run the course.
 *
 * @returns whose it was
 * @throws {DomainError} those of `requireCourse`; `course_role_not_found`, `forbidden`, `last_staff`
 */
export async function removePlace(
  em: EntityManager,
  person: Person,
  { course: courseId, place: placeId }: { course: number; place: number },
): Promise<number> {
  return em.transactional(async (tx) => {
    const locked = await lockCourse(tx, person, courseId, 'view')
    const isAssigning = may(locked.standing, 'assign_assistants', locked.course)
    const isStaffed = locked.standing.staff.length > 0
    if (!isAssigning && !isStaffed) throw new DomainError('forbidden')
    const place = await findPlace(tx, courseId, placeId)
    const isLeaving = place.role === 'assistant' && place.user.id === person.id
    if (!isLeaving && !isAssigning) throw new DomainError('forbidden')
    if (!isLeaving) requireRight(locked, place.role, {})
    const others = await tx.count(CourseUserRole, {
      course: courseId,
      id: { $ne: placeId },
      role: { $in: ['teacher', 'producer'] },
    })
    if (place.role !== 'assistant' && others === 0) throw new DomainError('last_staff')
    note(tx, person, 'course.role.remove', place, { role: place.role })
    tx.remove(place)
    await tx.flush()
    await recount(tx, courseId, place.user.id)
    return place.user.id
  })
}

function requireRight({ course, standing }: LockedCourse, role: CourseRole, permissions: CoursePermissions): void {
  if (isAdmin(standing.person)) return
  const mayAssign =
    role !== 'producer' && may(standing, role === 'assistant' ? 'assign_assistants' : 'assign_staff', course)
  const isTooMuch = !may(standing, 'assign_staff', course) && producers.some((key) => permissions[key] === true)
  if (!mayAssign || isTooMuch) throw new DomainError('forbidden')
}

/** A place that its account's role does not reach would give nothing. */
function requireAccount(user: User, role: CourseRole): void {
  const reaches =
    role === 'assistant' ||
    (role === 'teacher' ? user.role !== 'student' : user.role === 'producer' || user.role === 'admin')
  if (!reaches) throw fieldErrors({ user: 'not_a_teacher' })
}

async function findPlace(tx: EntityManager, course: number, id: number): Promise<CourseUserRole> {
  const place = await tx.findOne(CourseUserRole, { id, course }, { refresh: true })
  if (!place) throw new DomainError('course_role_not_found')
  return place
}

/** First, and by itself: the database knows that a role has one primary. */
async function dethrone(tx: EntityManager, course: number, role: CourseRole): Promise<void> {
  await tx.execute('update course_user_role set is_primary = false where course_id = ? and role = ? and is_primary', [
    course,
    role,
  ])
}

function note(tx: EntityManager, person: Person, action: string, place: CourseUserRole, details: object): void {
  writeAudit(tx, {
    actor: person.id,
    action,
    object: `course:${place.course.id}`,
    details: { user: place.user.id, ...details },
  })
}

/** Staff are no learners, and teachers are counted by what they teach. */
async function recount(tx: EntityManager, course: number, user: number): Promise<void> {
  await recountStudents(tx, course)
  await recountTeachers(tx, course, user)
}
