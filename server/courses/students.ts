import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import { Payment } from '../payments/payment.ts'
import { isAdmin, isStaff, type Person } from './access.ts'
import { Enrollment } from './enrollment.ts'
import { endPlace, findPlace, grantPlace, mailEnrolled } from './grant-place.ts'
import { lockCourse } from './lock-course.ts'
import { findStanding, requireCourse } from './standing.ts'

type By = Person & { address?: string }

/**
 * Leaves a course. What was paid for is ended by a refund instead.
 *
 * @throws {DomainError} `course_not_found`, `enrollment_not_found`, `paid_enrollment`
 */
export async function leave(em: EntityManager, person: Person, courseId: number): Promise<void> {
  await em.transactional(async (tx) => {
    await lockCourse(tx, person, courseId, 'view')
    await end(tx, courseId, person.id)
  })
}

/**
 * Makes somebody a learner by hand. By address, which one must know; by number only for who sees all accounts anyway, or a
 * teacher could go through the people one by one.
 *
 * @throws {DomainError} those of `requireCourse`; `forbidden`, `course_staff`, `invalid_input` of an account that is not there
 */
export async function grantManually(
  em: EntityManager,
  by: By,
  courseId: number,
  whom: { email: string } | { user: number },
  { queue }: Pick<Context, 'queue'>,
): Promise<{ enrollment: Enrollment; isNew: boolean }> {
  if ('user' in whom && !isAdmin(by)) throw new DomainError('forbidden')
  return em.transactional(async (tx) => {
    const { course } = await lockCourse(tx, by, courseId, 'manage_students')
    const user = await tx.findOne(User, 'user' in whom ? { id: whom.user } : { email: whom.email })
    if (!user?.maySignIn()) throw fieldErrors({ ['user' in whom ? 'user' : 'email']: 'unknown_choice' })
    if (isStaff(await findStanding(tx, user, courseId))) throw new DomainError('course_staff')
    const granted = await grantPlace(tx, course, user.id, { source: 'manual' })
    noteDeed(tx, by, 'enrollment.grant', courseId, user.id)
    if (granted.isNew) await mailEnrolled(queue, tx, user, course)
    return granted
  })
}

/**
 * Takes a learner out of a course.
 *
 * @throws {DomainError} those of `requireCourse`; `enrollment_not_found`, `paid_enrollment`
 */
export async function removeStudent(em: EntityManager, by: By, courseId: number, userId: number): Promise<void> {
  await em.transactional(async (tx) => {
    await lockCourse(tx, by, courseId, 'manage_students')
    await end(tx, courseId, userId)
    noteDeed(tx, by, 'enrollment.revoke', courseId, userId)
  })
}

/** Who learns or learned in a course, latest first. @throws {DomainError} those of `requireCourse` */
export async function findStudents(
  em: EntityManager,
  person: Person,
  courseId: number,
  status: Enrollment['status'] | undefined,
): Promise<(limit: number, offset: number) => Promise<[Enrollment[], number]>> {
  await requireCourse(em, person, courseId, 'manage_students')
  const where = { course: courseId, ...(status === undefined ? {} : { status }) }
  return (limit, offset) =>
    em.findAndCount(Enrollment, where, { orderBy: [{ enrolledAt: 'desc' }, { id: 'desc' }], limit, offset })
}

async function end(tx: EntityManager, courseId: number, userId: number): Promise<void> {
  const enrollment = await findPlace(tx, courseId, userId)
  if (!enrollment?.givesAccess()) throw new DomainError('enrollment_not_found')
  const paid = await tx.count(Payment, { user: userId, course: courseId, status: 'completed' })
  if (paid > 0) throw new DomainError('paid_enrollment')
  await endPlace(tx, enrollment, 'revoked')
}

function noteDeed(tx: EntityManager, { id, address = '' }: By, action: string, course: number, user: number): void {
  writeAudit(tx, { actor: id, action, object: `course:${course}`, details: { user }, address })
}
