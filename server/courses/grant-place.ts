import { LockMode } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueMail } from '../mail/queue-mail.ts'
import type { Payment } from '../payments/payment.ts'
import { recountEnrollments } from '../progress/recount.ts'
import { verifyReview } from '../reviews/verify-reviews.ts'
import type { Course } from './course.ts'
import { Enrollment } from './enrollment.ts'
import { recountStudents } from './recount-course.ts'

/**
 * Gives a learner a place in a course, or back the one they had: one row for ever. In a transaction with the course's row
 * locked, so that of fifty at once one makes it and the count is right.
 *
 * What was given by hand stays so when it is also paid for: a refund does not take it.
 *
 * @returns `isNew` when they had no access before
 */
export async function grantPlace(
  tx: EntityManager,
  course: Course,
  userId: number,
  { source, payment = null }: { source: Enrollment['source']; payment?: Payment | null },
): Promise<{ enrollment: Enrollment; isNew: boolean }> {
  let enrollment = await findPlace(tx, course.id, userId)
  const isNew = !enrollment?.givesAccess()
  if (!enrollment) {
    enrollment = tx.create(Enrollment, { course, user: tx.getReference(User, userId), source, payment })
  } else if (isNew) {
    const status = enrollment.completedAt ? 'completed' : 'active'
    Object.assign(enrollment, { status, source, payment, enrolledAt: new Date() })
  } else {
    if (source === 'manual') enrollment.source = source
    if (payment) enrollment.payment = payment
  }
  await tx.flush()
  if (isNew) await recountStudents(tx, course.id)
  // What was completed before, free lessons or in an earlier time here, counts from the first day.
  if (isNew) await recountEnrollments(tx, [{ user: userId, course: course.id }])
  else await verifyReview(tx, course.id, userId)
  await tx.refresh(enrollment)
  return { enrollment, isNew }
}

/** Ends access; the row, its progress and its review stay. In a transaction with the course's row locked. */
export async function endPlace(
  tx: EntityManager,
  enrollment: Enrollment,
  status: 'refunded' | 'revoked',
): Promise<void> {
  enrollment.status = status
  await tx.flush()
  await recountStudents(tx, enrollment.course.id)
  await verifyReview(tx, enrollment.course.id, enrollment.user.id)
}

/** The row, locked. */
export async function findPlace(tx: EntityManager, course: number, user: number): Promise<Enrollment | null> {
  return tx.findOne(Enrollment, { course, user }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
}

/** To a learner who got a place that nobody paid for; the receipt says it to the others. */
export async function mailEnrolled(queue: Queue, tx: EntityManager, user: User, course: Course): Promise<void> {
  await queueMail(queue, tx, {
    to: user.email,
    template: 'enrolled',
    language: user.language,
    data: { course: course.title, path: `/courses/${course.slug}` },
  })
}
