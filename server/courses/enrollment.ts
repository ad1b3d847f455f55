import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'
import { Payment } from '../payments/payment.ts'
import { Course } from './course.ts'
import { Lesson } from './lesson.ts'

export const enrollmentStatuses = ['active', 'completed', 'refunded', 'revoked', 'expired'] as const

const schema = defineEntity({
  name: 'Enrollment',
  indexes: [{ properties: ['user', 'status'] }],
  uniques: [{ properties: ['course', 'user'] }],
  checks: [{ name: 'enrollment_progress_range', expression: 'progress_percent >= 0 and progress_percent <= 100' }],
  properties: {
    ...base,
    course: () => p.manyToOne(Course).deleteRule('restrict'),
    user: () => p.manyToOne(User).deleteRule('restrict'),
    status: p.enum(enrollmentStatuses).default('active'),
    source: p.enum(['free', 'payment', 'manual', 'promo'] as const),
    payment: () => p.manyToOne(Payment).nullable().index().deleteRule('restrict'),
    progressPercent: p.integer().default(0),
    lastLesson: () => p.manyToOne(Lesson).nullable().index().deleteRule('set null'),
    /** When access last began: a return counts from the return. */
    enrolledAt: p.datetime().onCreate(() => new Date()),
    /** Set once; lessons added later do not take it back. */
    completedAt: p.datetime().nullable(),
  },
})

/** A learner's place in a course: one row per learner and course for ever; leaving, refund and return change its status. */
export class Enrollment extends schema.class {
  givesAccess(): boolean {
    return this.status === 'active' || this.status === 'completed'
  }
}
schema.setClass(Enrollment)
