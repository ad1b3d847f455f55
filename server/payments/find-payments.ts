import type { FilterQuery } from '@mikro-orm/core'
import { isAdmin, may, type Person } from '../courses/access.ts'
import { CourseUserRole } from '../courses/course-user-role.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Payment } from './payment.ts'

export interface PaymentFilter {
  course?: number | undefined
  status?: Payment['status'] | undefined
}

const populate = ['course', 'promoCode'] as const

/** One's own, those of courses whose money one may see, and for an admin all; newest first. */
export async function findPayments(
  em: EntityManager,
  person: Person,
  { course, status }: PaymentFilter,
): Promise<(limit: number, offset: number) => Promise<[Payment[], number]>> {
  const scope: FilterQuery<Payment> = isAdmin(person)
    ? {}
    : { $or: [{ user: person.id }, { course: { $in: await financedCourses(em, person) } }] }
  const where: FilterQuery<Payment> = {
    $and: [scope, course === undefined ? {} : { course }, status === undefined ? {} : { status }],
  }
  return (limit, offset) =>
    em.findAndCount(Payment, where, { populate, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], limit, offset })
}

/**
 * One payment, to who may see it: to others there is none.
 *
 * @throws {DomainError} `payment_not_found`
 */
export async function findPayment(
  em: EntityManager,
  person: Person,
  id: string,
): Promise<{ payment: Payment; isOwn: boolean }> {
  const payment = await em.findOne(Payment, { id }, { populate, refresh: true })
  if (!payment) throw new DomainError('payment_not_found')
  const isOwn = payment.user.id === person.id
  const standing = isOwn ? null : await findStanding(em, person, payment.course.id)
  if (standing && !may(standing, 'view_finance', payment.course)) throw new DomainError('payment_not_found')
  return { payment, isOwn }
}

async function financedCourses(em: EntityManager, person: Person): Promise<number[]> {
  const places = await em.find(CourseUserRole, { user: person.id }, { populate: ['course'] })
  return places
    .filter(({ course, ...place }) => may({ person, staff: [place], isEnrolled: false }, 'view_finance', course))
    .map(({ course }) => course.id)
}
