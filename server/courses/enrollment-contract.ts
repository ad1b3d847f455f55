import { z } from 'zod'
import { pageOf } from '../http/page.ts'
import type { Payment } from '../payments/payment.ts'
import { id } from './contract.ts'
import { type Enrollment, enrollmentStatuses } from './enrollment.ts'

const moment = z.iso.datetime()
const promoCode = z.string().trim().min(1).max(50)

export const enrollBody = z.strictObject({ promo_code: promoCode.nullable().default(null) })
export const checkoutBody = z.strictObject({
  course: z.int32().positive(),
  promo_code: promoCode.nullable().default(null),
})

export const enrollmentJson = z.object({
  id: z.int(),
  course: z.object({ id: z.int(), title: z.string(), slug: z.string() }),
  status: z.enum(enrollmentStatuses),
  source: z.enum(['free', 'payment', 'manual', 'promo']),
  progress_percent: z.int(),
  last_lesson: z.int().nullable(),
  enrolled_at: moment,
  completed_at: moment.nullable(),
})
export type EnrollmentJson = z.infer<typeof enrollmentJson>
export const enrollmentPageJson = pageOf(enrollmentJson)
export const enrollmentsQuery = z.object({ status: z.enum(enrollmentStatuses).optional() })

/** The page at `checkout_url` takes the money; the course opens when the provider says that it came. */
export const paymentRequiredJson = z.object({
  status: z.literal('payment_required'),
  payment_id: z.string(),
  checkout_url: z.string(),
  expires_at: moment,
})
export type PaymentRequiredJson = z.infer<typeof paymentRequiredJson>

/** `user` is an admin's. */
export const grantBody = z.union([
  z.strictObject({ email: z.string().trim().toLowerCase().pipe(z.email().max(254)) }),
  z.strictObject({ user: z.int32().positive() }),
])
export const removeBody = z.strictObject({ user: z.int32().positive() })
export const studentParams = z.strictObject({ id, user: id })

/** Of the person the public name alone. */
export const studentJson = z.object({
  id: z.int(),
  user: z.object({ id: z.int(), display_name: z.string() }),
  status: z.enum(enrollmentStatuses),
  source: z.enum(['free', 'payment', 'manual', 'promo']),
  progress_percent: z.int(),
  enrolled_at: moment,
  completed_at: moment.nullable(),
})
export type StudentJson = z.infer<typeof studentJson>
export const studentPageJson = pageOf(studentJson)

/** @param enrollment with its course */
export function presentEnrollment(enrollment: Enrollment): EnrollmentJson {
  const course = enrollment.course
  return {
    id: enrollment.id,
    course: { id: course.id, title: course.title, slug: course.slug },
    status: enrollment.status,
    source: enrollment.source,
    progress_percent: enrollment.progressPercent,
    last_lesson: enrollment.lastLesson?.id ?? null,
    enrolled_at: enrollment.enrolledAt.toISOString(),
    completed_at: enrollment.completedAt?.toISOString() ?? null,
  }
}

export function presentStudent(enrollment: Enrollment, displayName: string): StudentJson {
  return {
    id: enrollment.id,
    user: { id: enrollment.user.id, display_name: displayName },
    status: enrollment.status,
    source: enrollment.source,
    progress_percent: enrollment.progressPercent,
    enrolled_at: enrollment.enrolledAt.toISOString(),
    completed_at: enrollment.completedAt?.toISOString() ?? null,
  }
}

/** @param payment that is pending, with its checkout open */
export function presentPaymentRequired({ id, checkoutUrl, expiresAt }: Payment): PaymentRequiredJson {
  return {
    status: 'payment_required',
    payment_id: id,
    checkout_url: checkoutUrl ?? '',
    expires_at: (expiresAt ?? new Date()).toISOString(),
  }
}
