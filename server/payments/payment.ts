import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { Course } from '../courses/course.ts'
import { unguessable } from '../db/base.ts'
import { PromoCode } from './promo-code.ts'

export const paymentStatuses = ['pending', 'completed', 'failed', 'refunded'] as const

const schema = defineEntity({
  name: 'Payment',
  indexes: [
    { properties: ['user', 'createdAt'] },
    { properties: ['course', 'createdAt'] },
    { properties: ['status', 'expiresAt'] },
  ],
  uniques: [
    { properties: ['user', 'idempotencyKey'] },
    // Two tabs share one checkout: what is pending is used again, not doubled.
    { name: 'payment_one_pending', properties: ['user', 'course'], where: `status = 'pending'` },
  ],
  checks: [
    {
      name: 'payment_amounts',
      expression: 'amount >= (0)::numeric and refunded_amount >= (0)::numeric and refunded_amount <= amount',
    },
  ],
  properties: {
    ...unguessable,
    // The books outlive a course; an account that leaves is made anonymous.
    user: () => p.manyToOne(User).deleteRule('restrict'),
    course: () => p.manyToOne(Course).deleteRule('restrict'),
    /** What was asked when the checkout began; a new price never touches it. */
    amount: p.decimal().precision(10).scale(2),
    currency: p.string().length(3),
    status: p.enum(paymentStatuses).default('pending'),
    paymentMethod: p.string().length(50).default(''),
    /** Our own, `pay_<ULID>`, which the provider is given to say back. */
    transactionId: p.string().length(100).unique(),
    provider: p.string().length(20),
    providerSessionId: p.string().length(255).nullable().unique(),
    providerPaymentId: p.string().length(255).nullable().unique(),
    refundedAmount: p.decimal().precision(10).scale(2).default('0.00'),
    promoCode: () => p.manyToOne(PromoCode).nullable().deleteRule('set null'),
    checkoutUrl: p.string().length(2000).nullable(),
    expiresAt: p.datetime().nullable(),
    completedAt: p.datetime().nullable(),
    idempotencyKey: p.string().length(255).nullable(),
    /** Flags such as `duplicate` and `disputed`. */
    metadata: p
      .json<Record<string, unknown>>()
      .defaultRaw(`'{}'`)
      .onCreate(() => ({})),
  },
})

/**
 * One purchase.
 *
 *   pending ──▶ completed ──▶ refunded
 *      └──▶ failed ──┘ money that came late
 *
 * Access is given by a verified webhook or by asking the provider, never by the page one returns to.
 */
export class Payment extends schema.class {}
schema.setClass(Payment)
