import { LockMode } from '@mikro-orm/core'
import Big from 'big.js'
import type { Context } from '../context.ts'
import type { AskPorts } from './ask-provider.ts'
import { Payment } from './payment.ts'
import { giveBack } from './refund.ts'

/**
 * Gives back what was paid for a course that was paid for already; when the first purchase was refunded meanwhile, this one
 * is what the learner has, and stays.
 */
export async function autoRefundDuplicate(ports: AskPorts & Pick<Context, 'orm'>, paymentId: string): Promise<void> {
  const em = ports.orm.em.fork()
  const payment = await em.transactional(async (tx) => {
    const payment = await tx.findOneOrFail(Payment, { id: paymentId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    if (payment.status !== 'completed' || !payment.metadata.duplicate) return null
    const { user, course } = payment
    const first = await tx.count(Payment, { user, course, status: 'completed', id: { $ne: paymentId } })
    if (first > 0) return payment
    payment.metadata = { ...payment.metadata, duplicate: false }
    return null
  })
  if (!payment) return
  await giveBack(em, payment, new Big(payment.amount).minus(payment.refundedAmount).toFixed(2), ports)
}
