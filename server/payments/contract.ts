import { z } from 'zod'
import type { Settings } from '../admin/settings.ts'
import { id, money } from '../courses/contract.ts'
import { pageOf } from '../http/page.ts'
import { type Payment, paymentStatuses } from './payment.ts'
import type { PromoCode } from './promo-code.ts'
import { refundableUntil } from './refundable-until.ts'

const moment = z.iso.datetime()

/** 24 hex digits; anything else is nobody's. */
export const paymentParams = z.strictObject({ id: z.string().max(64) })
export const paymentsQuery = z.object({ course: id.optional(), status: z.enum(paymentStatuses).optional() })
export const idempotencyHeader = z.string().min(1).max(255).nullable()
export const refundBody = z.strictObject({
  /** All that is left when it is not said. */
  amount: money
    .refine((amount) => Number(amount) > 0)
    .nullable()
    .default(null),
  reason: z.string().trim().max(500).default(''),
})

export const paymentJson = z.object({
  id: z.string(),
  course: z.object({ id: z.int(), title: z.string(), slug: z.string() }),
  /** By number: names are on the learners' page of the course. */
  user: z.int(),
  amount: z.string(),
  currency: z.string(),
  refunded_amount: z.string(),
  status: z.enum(paymentStatuses),
  provider: z.string(),
  payment_method: z.string(),
  transaction_id: z.string(),
  promo_code: z.string().nullable(),
  /** The buyer's own, while it can be paid. */
  checkout_url: z.string().nullable(),
  expires_at: moment.nullable(),
  completed_at: moment.nullable(),
  created_at: moment,
  /** The course was paid for already; it is given back. */
  is_duplicate: z.boolean(),
  is_disputed: z.boolean(),
  /** Until then the buyer can take it back by themselves, having learned less than `refundable_below` percent; null for never. */
  refundable_until: moment.nullable(),
  refundable_below: z.int(),
})
export type PaymentJson = z.infer<typeof paymentJson>
export const paymentPageJson = pageOf(paymentJson)

/** For the page that one returns to. */
export const paymentStatusJson = z.object({
  id: z.string(),
  status: z.enum(paymentStatuses),
  course: z.object({ id: z.int(), slug: z.string() }),
  is_enrolled: z.boolean(),
})
export type PaymentStatusJson = z.infer<typeof paymentStatusJson>

export const webhookParams = z.strictObject({ provider: z.string().max(20) })
export const webhookJson = z.object({ received: z.literal(true) })

/** @param payment with its course and promo code */
export function presentPayment(payment: Payment, reader: number, settings: Settings): PaymentJson {
  const course = payment.course
  const isOwn = payment.user.id === reader
  const isOpen = payment.status === 'pending' && isOwn
  return {
    id: payment.id,
    course: { id: course.id, title: course.title, slug: course.slug },
    user: payment.user.id,
    amount: payment.amount,
    currency: payment.currency,
    refunded_amount: payment.refundedAmount,
    status: payment.status,
    provider: payment.provider,
    payment_method: payment.paymentMethod,
    transaction_id: payment.transactionId,
    promo_code: payment.promoCode?.code ?? null,
    checkout_url: isOpen ? (payment.checkoutUrl ?? null) : null,
    expires_at: payment.expiresAt?.toISOString() ?? null,
    completed_at: payment.completedAt?.toISOString() ?? null,
    created_at: payment.createdAt.toISOString(),
    is_duplicate: payment.metadata.duplicate === true,
    is_disputed: payment.metadata.dispute === 'open',
    refundable_until:
      isOwn && payment.status === 'completed' ? (refundableUntil(payment, settings)?.toISOString() ?? null) : null,
    refundable_below: settings.get('refund_max_progress'),
  }
}

const code = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[\p{L}\p{N}_-]{3,50}$/u)
const promoFields = {
  percent: z.int().min(1).max(100).nullable(),
  amount: money.refine((amount) => Number(amount) > 0).nullable(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .nullable(),
  starts_at: moment.nullable(),
  ends_at: moment.nullable(),
  max_uses: z.int().min(1).max(1_000_000).nullable(),
}
export const promoBody = z.strictObject({
  code,
  percent: promoFields.percent.default(null),
  amount: promoFields.amount.default(null),
  currency: promoFields.currency.default(null),
  /** Null for every course, which is an admin's to give. */
  course: z.int32().positive().nullable().default(null),
  starts_at: promoFields.starts_at.default(null),
  ends_at: promoFields.ends_at.default(null),
  max_uses: promoFields.max_uses.default(null),
})
export type PromoBody = z.output<typeof promoBody>
/** Code and course stay: checkouts know them. */
export const promoPatch = z.strictObject(promoFields).partial()
export type PromoPatch = z.output<typeof promoPatch>
export const promoParams = z.strictObject({ id })
export const promoQuery = z.object({ course: id.optional() })

export const promoJson = z.object({
  id: z.int(),
  code: z.string(),
  percent: z.int().nullable(),
  amount: z.string().nullable(),
  currency: z.string().nullable(),
  course: z.int().nullable(),
  starts_at: moment.nullable(),
  ends_at: moment.nullable(),
  max_uses: z.int().nullable(),
  used: z.int(),
  created_at: moment,
})
export type PromoJson = z.infer<typeof promoJson>
export const promoPageJson = pageOf(promoJson)

export function presentPromo(promo: PromoCode): PromoJson {
  return {
    id: promo.id,
    code: promo.code,
    percent: promo.percent ?? null,
    amount: promo.amount ?? null,
    currency: promo.currency ?? null,
    course: promo.course?.id ?? null,
    starts_at: promo.startsAt?.toISOString() ?? null,
    ends_at: promo.endsAt?.toISOString() ?? null,
    max_uses: promo.maxUses ?? null,
    used: promo.used,
    created_at: promo.createdAt.toISOString(),
  }
}
