import { LockMode } from '@mikro-orm/core'
import Big from 'big.js'
import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import type { Context } from '../context.ts'
import { Course } from '../courses/course.ts'
import { endPlace, findPlace, grantPlace } from '../courses/grant-place.ts'
import type { EntityManager } from '../db/orm.ts'
import { type MailTemplate, queueMail } from '../mail/queue-mail.ts'
import { notify } from '../notices/notify.ts'
import { fromMinor, toMinor } from './money.ts'
import { Payment } from './payment.ts'
import { giveBackPromo, takePromoAgain } from './promo.ts'
import type { Happening, ProviderEvent, Reference } from './provider.ts'
import { Revenue } from './revenue.ts'

export type SettlePorts = Pick<Context, 'queue' | 'catalogCache' | 'revocations' | 'log'>

/** What other processes are told once it is in the database. */
interface Aftermath {
  /** Who lost access. */
  revoked: number | null
  isCatalogChanged: boolean
}

const nothing: Aftermath = { revoked: null, isCatalogChanged: false }

/**
 * Takes a provider's event, once: its effects and the note of it are one transaction, so what fails is sent again and what
 * came twice is waited for and then ignored.
 *
 * @returns whether it was new
 */
export async function takeEvent(
  em: EntityManager,
  provider: string,
  { id, type, happening, payload }: ProviderEvent,
  ports: SettlePorts,
): Promise<boolean> {
  const aftermath = await em.transactional(async (tx) => {
    const fresh = await tx.execute(
      `insert into webhook_event (provider, event_id, type, payload, processed_at, created_at, updated_at)
       values (?, ?, ?, ?::jsonb, now(), now(), now()) on conflict (provider, event_id) do nothing returning id`,
      [provider, id, type.slice(0, 100), JSON.stringify(payload).replaceAll('\\u0000', '')],
    )
    if (fresh.length === 0) return null
    return happening ? apply(tx, provider, happening, ports) : nothing
  })
  if (aftermath) await tell(aftermath, ports)
  return aftermath !== null
}

/** The same for what we asked the provider ourselves. */
export async function settle(
  em: EntityManager,
  provider: string,
  happening: Happening,
  ports: SettlePorts,
): Promise<void> {
  await tell(await em.transactional((tx) => apply(tx, provider, happening, ports)), ports)
}

/** Comes to nothing; its use of a promo code is free again. The payment's row must be locked. */
export async function failPayment(tx: EntityManager, payment: Payment, reason: string): Promise<void> {
  if (payment.status !== 'pending') return
  payment.status = 'failed'
  payment.metadata = { ...payment.metadata, reason }
  await giveBackPromo(tx, payment)
  await tx.flush()
}

async function tell(
  { revoked, isCatalogChanged }: Aftermath,
  { revocations, catalogCache }: SettlePorts,
): Promise<void> {
  if (revoked !== null) await revocations.revoke(`u${revoked}`)
  if (isCatalogChanged) await catalogCache.bump()
}

/** Payment, then course, then enrollment: locked in this order everywhere. */
async function apply(
  tx: EntityManager,
  provider: string,
  happening: Happening,
  ports: SettlePorts,
): Promise<Aftermath> {
  const payment = await lockPayment(tx, provider, happening)
  if (!payment) {
    ports.log.warn({ provider, kind: happening.kind }, 'an event of no payment of ours')
    return nothing
  }
  switch (happening.kind) {
    case 'paid':
      return complete(tx, payment, happening, ports)
    case 'failed':
    case 'expired':
      await failPayment(tx, payment, happening.kind)
      return nothing
    case 'refunded':
      note(payment, happening.refund)
      return applyRefunds(tx, payment, ports)
    case 'refund_failed':
      payment.metadata = { ...payment.metadata, failed_refund: happening.refundId }
      ports.log.error({ payment: payment.id, refund: happening.refundId }, 'a refund failed')
      return nothing
    case 'disputed':
      if (payment.metadata.dispute !== 'closed') payment.metadata = { ...payment.metadata, dispute: 'open' }
      ports.log.error({ payment: payment.id, dispute: happening.disputeId }, 'a payment is disputed')
      return nothing
    case 'dispute_closed':
      payment.metadata = { ...payment.metadata, dispute: 'closed', dispute_lost: happening.isLost }
      if (!happening.isLost) return nothing
      note(payment, { id: happening.disputeId, amount: happening.amount })
      return applyRefunds(tx, payment, ports)
  }
}

async function lockPayment(
  tx: EntityManager,
  provider: string,
  { transactionId, providerPaymentId }: Reference,
): Promise<Payment | null> {
  const where = transactionId ? { transactionId } : providerPaymentId ? { providerPaymentId } : null
  if (!where) return null
  return tx.findOne(Payment, { provider, ...where }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
}

async function complete(
  tx: EntityManager,
  payment: Payment,
  paid: Extract<Happening, { kind: 'paid' }>,
  ports: SettlePorts,
): Promise<Aftermath> {
  if (payment.status !== 'pending' && payment.status !== 'failed') return nothing
  const { amount, currency } = payment
  if (paid.currency !== currency || paid.amount !== toMinor(amount, currency)) {
    payment.metadata = { ...payment.metadata, mismatch: { amount: paid.amount, currency: paid.currency } }
    await failPayment(tx, payment, 'amount_mismatch')
    ports.log.error({ payment: payment.id, paid }, 'something else was paid than was asked')
    return nothing
  }
  payment.providerPaymentId ??= paid.providerPaymentId
  payment.providerSessionId ??= paid.sessionId
  payment.paymentMethod = paid.method.slice(0, 50)
  payment.status = 'completed'
  payment.completedAt = new Date()
  await tx.flush()
  const course = await lockCourseRow(tx, payment.course.id)
  // After the course, as enrolling does it, or the two could wait for each other.
  await takePromoAgain(tx, payment)
  book(tx, payment, 'sale', amount, paid.providerPaymentId ?? payment.transactionId)
  if (await findOther(tx, payment)) {
    payment.metadata = { ...payment.metadata, duplicate: true }
    await tx.flush()
    await ports.queue.add('auto-refund-duplicate', { payment: payment.id }, { em: tx })
    ports.log.error({ payment: payment.id }, 'a course was paid for twice')
  } else {
    await grantPlace(tx, course, payment.user.id, { source: 'payment', payment })
    await mailBuyer(tx, payment, course, 'receipt', amount, ports)
    await noteBuyer(tx, payment, course, { kind: 'payment', amount }, ports)
  }
  // What was told of a refund before we knew of the payment.
  const refunds = await applyRefunds(tx, payment, ports)
  return { ...refunds, isCatalogChanged: true }
}

/** Another purchase of the same course that stands. */
async function findOther(tx: EntityManager, payment: Payment): Promise<Payment | null> {
  const { user, course } = payment
  return tx.findOne(
    Payment,
    { user, course, status: 'completed', id: { $ne: payment.id } },
    { orderBy: { completedAt: 'asc' }, refresh: true },
  )
}

/** Refunds are kept by their ids, and so is the charge's total: whichever comes first, twice or late, the larger counts. */
function note(payment: Payment, refund: { id: string; amount: number } | { total: number }): void {
  const { refunds, refundTotal } = notedIn(payment)
  payment.metadata =
    'total' in refund
      ? { ...payment.metadata, refund_total: Math.max(refundTotal, refund.total) }
      : { ...payment.metadata, refunds: { ...refunds, [refund.id]: refund.amount } }
}

function notedIn({ metadata }: Payment): { refunds: Record<string, number>; refundTotal: number } {
  return {
    refunds: (metadata.refunds ?? {}) as Record<string, number>,
    refundTotal: Number(metadata.refund_total ?? 0),
  }
}

async function applyRefunds(tx: EntityManager, payment: Payment, ports: SettlePorts): Promise<Aftermath> {
  if (payment.status !== 'completed') return nothing
  const { refunds, refundTotal } = notedIn(payment)
  const sum = Object.values(refunds).reduce((total, amount) => total + amount, 0)
  const noted = new Big(fromMinor(Math.max(sum, refundTotal), payment.currency))
  const back = noted.gt(payment.amount) ? new Big(payment.amount) : noted
  const more = back.minus(payment.refundedAmount)
  if (more.lte(0)) return nothing
  const isWhole = back.eq(payment.amount)
  payment.refundedAmount = back.toFixed(2)
  if (isWhole) payment.status = 'refunded'
  book(tx, payment, 'refund', more.times(-1).toFixed(2), `${payment.transactionId}:${back.toFixed(2)}`)
  writeAudit(tx, {
    actor: null,
    action: 'payment.refunded',
    object: `payment:${payment.id}`,
    details: { amount: more.toFixed(2), currency: payment.currency },
  })
  await tx.flush()
  const course = await lockCourseRow(tx, payment.course.id)
  await mailBuyer(tx, payment, course, 'refund', more.toFixed(2), ports)
  await noteBuyer(tx, payment, course, { kind: 'refund', amount: more.toFixed(2) }, ports)
  return isWhole ? endAccess(tx, payment) : nothing
}

/** Unless another purchase stands, or the place was not given for money. */
async function endAccess(tx: EntityManager, payment: Payment): Promise<Aftermath> {
  const enrollment = await findPlace(tx, payment.course.id, payment.user.id)
  if (!enrollment) return nothing
  const other = await findOther(tx, payment)
  if (enrollment.payment?.id === payment.id) enrollment.payment = other ?? payment
  if (other || enrollment.source !== 'payment' || !enrollment.givesAccess()) {
    await tx.flush()
    return nothing
  }
  await endPlace(tx, enrollment, 'refunded')
  return { revoked: payment.user.id, isCatalogChanged: true }
}

async function lockCourseRow(tx: EntityManager, id: number): Promise<Course> {
  return tx.findOneOrFail(Course, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
}

function book(tx: EntityManager, payment: Payment, type: 'sale' | 'refund', amount: string, providerRef: string): void {
  tx.create(Revenue, {
    ...{ course: payment.course, payment, amount, currency: payment.currency },
    ...{ transactionType: type, providerRef, date: new Date() },
  })
}

async function mailBuyer(
  tx: EntityManager,
  payment: Payment,
  course: Course,
  template: Extract<MailTemplate, 'receipt' | 'refund'>,
  amount: string,
  { queue }: SettlePorts,
): Promise<void> {
  const user = await tx.findOneOrFail(User, { id: payment.user.id })
  if (user.deletedAt) return
  const { currency, transactionId: transaction_id } = payment
  await queueMail(queue, tx, {
    to: user.email,
    template,
    language: user.language,
    data: { course: course.title, amount, currency, transaction_id, path: `/courses/${course.slug}` },
  })
}

async function noteBuyer(
  tx: EntityManager,
  { id, user, currency, refundedAmount }: Payment,
  course: Course,
  { kind, amount }: { kind: 'payment' | 'refund'; amount: string },
  { queue }: SettlePorts,
): Promise<void> {
  const cause = kind === 'payment' ? `payment:${id}` : `refund:${id}:${refundedAmount}`
  const data = { course: course.title, amount, currency }
  await notify(tx, queue, [user.id], { kind, cause, data, url: `/courses/${course.slug}` })
}
