import type { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { Payment } from '../../../server/payments/payment.ts'
import { Revenue } from '../../../server/payments/revenue.ts'
import type { TestServer } from '../../support/server.ts'

let made = 0

/** A line of the ledger, with the payment behind it. */
export async function aRevenue(
  server: TestServer,
  course: Course,
  buyer: User,
  given: { amount: string; date: string; currency?: string; type?: 'sale' | 'refund' | 'affiliate' },
): Promise<void> {
  const em = server.context.orm.em.fork()
  made += 1
  const currency = given.currency ?? 'RUB'
  const payment = em.create(Payment, {
    user: buyer.id,
    course: course.id,
    amount: given.amount.replace('-', ''),
    currency,
    status: 'completed',
    transactionId: `pay_figures_${made}`,
    provider: 'sandbox',
  })
  em.create(Revenue, {
    course: em.getReference(Course, course.id),
    payment,
    amount: given.amount,
    currency,
    transactionType: given.type ?? 'sale',
    providerRef: `ref_${made}`,
    date: new Date(given.date),
  })
  await em.flush()
}
