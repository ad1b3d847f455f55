import { LockMode } from '@mikro-orm/core'
import Big from 'big.js'
import { writeAudit } from '../admin/audit-log.ts'
import type { Context } from '../context.ts'
import { may, type Person } from '../courses/access.ts'
import { Enrollment } from '../courses/enrollment.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import type { AskPorts } from './ask-provider.ts'
import { findPayment } from './find-payments.ts'
import { toMinor } from './money.ts'
import { Payment } from './payment.ts'
import { refundableUntil } from './refundable-until.ts'
import { settle } from './settle.ts'

export type RefundPorts = AskPorts & Pick<Context, 'settings'>

export interface RefundOrder {
  /** Null for all that is left. */
  amount: string | null
  reason: string
}

/**
 * Gives money back: an admin and the course's producer as much as they say, a learner the whole within the time and the
 * progress that the settings allow. The database follows once the provider says that it is done.
 *
 * @returns whether it is done; else its webhook will say so
 * @throws {DomainError} `payment_not_found`, `forbidden`, `refund_not_allowed`, `payment_not_refundable`, `invalid_input` of more
 *   than is left, `payments_unavailable`
 */
export async function refund(
  em: EntityManager,
  person: Person & { address?: string },
  paymentId: string,
  order: RefundOrder,
  ports: RefundPorts,
): Promise<boolean> {
  const { payment: seen, isOwn } = await findPayment(em, person, paymentId)
  const standing = await findStanding(em, person, seen.course.id)
  const isStaffs = may(standing, 'refund', seen.course)
  if (!isStaffs && !isOwn) throw new DomainError('forbidden')
  if (!isStaffs) await requireSelfService(em, seen, order, ports)
  const { payment, amount } = await em.transactional(async (tx) => {
    const payment = await lockRefundable(tx, paymentId)
    const amount = amountOf(payment, order.amount)
    const details = { amount, currency: payment.currency, reason: order.reason }
    const { address = '' } = person
    writeAudit(tx, { actor: person.id, action: 'payment.refund', object: `payment:${payment.id}`, details, address })
    return { payment, amount }
  })
  return giveBack(em, payment, amount, ports)
}

/** Asks the provider, under a key that two who want the same refund share. */
export async function giveBack(em: EntityManager, payment: Payment, amount: string, ports: AskPorts): Promise<boolean> {
  const { transactionId, providerPaymentId, currency, refundedAmount } = payment
  const provider = ports.payments.find(payment.provider)
  if (!provider || !providerPaymentId) throw new DomainError('payments_unavailable')
  const minor = toMinor(amount, currency)
  // After one that failed the next is another.
  const failed = payment.metadata.failed_refund ? `:${payment.metadata.failed_refund}` : ''
  const idempotencyKey = `refund:${transactionId}:${toMinor(refundedAmount, currency)}:${minor}${failed}`
  const answer = await provider
    .refund({ transactionId, providerPaymentId, amount: minor, idempotencyKey })
    .catch((cause) => {
      ports.log.error({ error: cause, payment: payment.id }, 'a refund could not be asked for')
      throw new DomainError('payments_unavailable', {}, { cause })
    })
  if (answer.status === 'failed') throw new DomainError('payment_not_refundable')
  if (answer.status === 'pending') return false
  const refund = { id: answer.refundId, amount: minor }
  await settle(em, provider.name, { kind: 'refunded', transactionId, providerPaymentId, refund }, ports)
  return true
}

async function lockRefundable(tx: EntityManager, id: string): Promise<Payment> {
  const payment = await tx.findOneOrFail(Payment, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
  if (payment.status !== 'completed') throw new DomainError('payment_not_refundable')
  return payment
}

function amountOf(payment: Payment, asked: string | null): string {
  const left = new Big(payment.amount).minus(payment.refundedAmount)
  if (asked !== null && left.lt(asked)) throw fieldErrors({ amount: 'refund_too_much' })
  return asked ?? left.toFixed(2)
}

async function requireSelfService(
  em: EntityManager,
  payment: Payment,
  { amount }: RefundOrder,
  { settings }: RefundPorts,
): Promise<void> {
  const until = refundableUntil(payment, settings)
  const enrollment = await em.findOne(Enrollment, { course: payment.course, user: payment.user }, { refresh: true })
  const isEarly = (enrollment?.progressPercent ?? 0) < settings.get('refund_max_progress')
  if (amount !== null || !until || Date.now() >= until.getTime() || !isEarly)
    throw new DomainError('refund_not_allowed')
}
