import { LockMode } from '@mikro-orm/core'
import type { Context } from '../context.ts'
import type { AskPorts } from './ask-provider.ts'
import { askProvider } from './ask-provider.ts'
import { Payment } from './payment.ts'
import { failPayment } from './settle.ts'

const BATCH = 200

/**
 * Gives up checkouts whose time is over, each after asking its provider once more: its webhook may have been lost. One whose
 * provider is away waits for the next run.
 *
 * @returns how many came to nothing
 */
export async function expirePendingPayments(ports: AskPorts & Pick<Context, 'orm'>, now = new Date()): Promise<number> {
  const em = ports.orm.em.fork()
  const overdue = await em.find(
    Payment,
    { status: 'pending', expiresAt: { $lt: now } },
    { orderBy: { expiresAt: 'asc' }, limit: BATCH },
  )
  let expired = 0
  for (const payment of overdue) {
    try {
      await askProvider(em.fork(), payment, ports)
    } catch (error) {
      ports.log.warn({ error, payment: payment.id }, 'the provider of a payment could not be asked')
      continue
    }
    await em.fork().transactional(async (tx) => {
      const current = await tx.findOneOrFail(Payment, { id: payment.id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      if (current.status !== 'pending') return
      await failPayment(tx, current, 'expired')
      expired += 1
    })
  }
  return expired
}
