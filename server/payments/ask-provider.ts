import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Payment } from './payment.ts'
import { type SettlePorts, settle } from './settle.ts'

export type AskPorts = SettlePorts & Pick<Context, 'payments'>

/**
 * Asks the provider what has become of a payment, as if its webhook had come: a lost one costs nobody a course.
 *
 * @throws {Error} when the provider cannot be reached
 */
export async function askProvider(em: EntityManager, payment: Payment, ports: AskPorts): Promise<void> {
  const provider = ports.payments.find(payment.provider)
  if (!provider || !payment.providerSessionId) return
  const happening = await provider.retrieve(payment.providerSessionId)
  if (happening) await settle(em, provider.name, { ...happening, transactionId: payment.transactionId }, ports)
}
