import { LockMode, UniqueConstraintViolationException } from '@mikro-orm/core'
import { ulid } from 'ulid'
import { User } from '../accounts/user.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { type AskPorts, askProvider } from '../payments/ask-provider.ts'
import { discounted, isNothing, minimumAbove, rounded, toMinor } from '../payments/money.ts'
import { Payment } from '../payments/payment.ts'
import { findPromo, takePromo } from '../payments/promo.ts'
import type { PromoCode } from '../payments/promo-code.ts'
import { failPayment } from '../payments/settle.ts'
import { isStaff, type Person } from './access.ts'
import { Course } from './course.ts'
import { Enrollment } from './enrollment.ts'
import { grantPlace, mailEnrolled } from './grant-place.ts'
import { findStanding } from './standing.ts'

export type EnrollPorts = AskPorts & Pick<Context, 'settings' | 'config'>

export type Enrolling = { enrollment: Enrollment; isNew: boolean } | { payment: Payment }

export interface EnrollRequest {
  course: number
  promoCode: string | null
  /** The client's own, so that what it repeats is one checkout. */
  idempotencyKey: string | null
}

interface NewPayment {
  user: User
  course: Course
  amount: string
  promo: PromoCode | null
  idempotencyKey: string | null
}

/** How long a checkout can be paid. Stripe wants between 30 minutes and 24 hours from when the session is opened. */
const OPEN_MS = 2 * 3600_000
/** With less time than this left a new session could not be opened any more. */
const REOPEN_MS = 40 * 60_000

/**
 * Makes somebody a learner of a course: at once when it costs nothing, else by a checkout. A click more changes nothing: who
 * learns already has that place, and what can still be paid is paid there.
 *
 * @throws {DomainError} `email_not_verified`, `course_not_found`, `course_staff`, `course_archived`, `promo_invalid`,
 *   `promo_used_up`, `amount_below_minimum`, `idempotency_key_reused`, `payments_unavailable`
 */
export async function enroll(
  em: EntityManager,
  person: Person,
  request: EnrollRequest,
  ports: EnrollPorts,
): Promise<Enrolling> {
  await settleOverdue(em, person, request.course, ports)
  try {
    const outcome = await em.transactional((tx) => begin(tx, person, request, ports))
    if ('enrollment' in outcome) {
      if (outcome.isNew) await ports.catalogCache.bump()
      return outcome
    }
    return { payment: await open(em, outcome.payment, ports) }
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException) throw new DomainError('idempotency_key_reused')
    throw error
  }
}

/** Before an old checkout is given up its provider is asked: it may have been paid in the last minute. */
async function settleOverdue(em: EntityManager, person: Person, course: number, ports: EnrollPorts): Promise<void> {
  const payment = await em
    .fork()
    .findOne(Payment, { user: person.id, course, status: 'pending', expiresAt: { $lt: new Date() } })
  if (!payment) return
  await askProvider(em.fork(), payment, ports).catch((cause) => {
    throw new DomainError('payments_unavailable', {}, { cause })
  })
}

async function begin(
  tx: EntityManager,
  person: Person,
  { course: courseId, promoCode, idempotencyKey }: EnrollRequest,
  ports: EnrollPorts,
): Promise<Enrolling> {
  // Two tabs of one learner take turns; before the payments and the course are locked, in that order.
  await tx.execute('select pg_advisory_xact_lock(?, ?)', [courseId, person.id])
  const repeated = idempotencyKey ? await findRepeated(tx, person, courseId, idempotencyKey) : null
  const pending = await tx.findOne(
    Payment,
    { user: person.id, course: courseId, status: 'pending' },
    { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
  )
  const course = await tx.findOne(Course, { id: courseId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
  const enrollment = course && (await tx.findOne(Enrollment, { course, user: person.id }, { refresh: true }))
  if (enrollment?.givesAccess()) return { enrollment, isNew: false }
  const user = await tx.findOneOrFail(User, { id: person.id }, { refresh: true })
  if (!user.isVerified && ports.settings.get('email_verification_required')) throw new DomainError('email_not_verified')
  if (!course) throw new DomainError('course_not_found')
  if (isStaff(await findStanding(tx, person, courseId))) throw new DomainError('course_staff')
  if (course.status === 'archived') throw new DomainError('course_archived')
  if (course.status !== 'published') throw new DomainError('course_not_found')
  // What the client repeats was answered once, and has failed since.
  if (repeated && repeated.id !== pending?.id) throw new DomainError('idempotency_key_reused')

  const { price, currency } = course
  const promo = promoCode && !course.isFree() ? await findPromo(tx, promoCode, course) : null
  if (pending && !course.isFree() && isUsable(pending, promo)) return { payment: pending }
  if (pending) await failPayment(tx, pending, isUsable(pending, null) ? 'superseded' : 'expired')
  if (promo) await takePromo(tx, promo)
  const amount = promo ? discounted(price, currency, promo) : rounded(price, currency)
  if (isNothing(amount)) {
    await mailEnrolled(ports.queue, tx, user, course)
    return grantPlace(tx, course, user.id, { source: promo ? 'promo' : 'free' })
  }
  const payment = newPayment(tx, { user, course, amount, promo, idempotencyKey }, ports)
  await tx.flush()
  return { payment }
}

async function findRepeated(
  tx: EntityManager,
  person: Person,
  course: number,
  idempotencyKey: string,
): Promise<Payment | null> {
  const repeated = await tx.findOne(Payment, { user: person.id, idempotencyKey }, { refresh: true })
  if (repeated && repeated.course.id !== course) throw new DomainError('idempotency_key_reused')
  return repeated
}

function newPayment(
  tx: EntityManager,
  { user, course, amount, promo, idempotencyKey }: NewPayment,
  { payments }: EnrollPorts,
): Payment {
  const { currency } = course
  const provider = payments.current()
  if (!provider) throw new DomainError('payments_unavailable')
  const minimum = minimumAbove(amount, currency)
  if (minimum) throw new DomainError('amount_below_minimum', { minimum, currency })
  return tx.create(Payment, {
    ...{ user, course, amount, currency, promoCode: promo, idempotencyKey },
    provider: provider.name,
    transactionId: `pay_${ulid()}`,
    expiresAt: new Date(Date.now() + OPEN_MS),
  })
}

/** The price it was opened with holds, whatever the course costs by now; another code makes another price. */
function isUsable(payment: Payment, promo: PromoCode | null): boolean {
  const left = (payment.expiresAt?.getTime() ?? 0) - Date.now()
  const isOpen = payment.checkoutUrl ? left > 0 : left > REOPEN_MS
  return isOpen && (promo === null || payment.promoCode?.id === promo.id)
}

/**
 * Opens the provider's page, outside of any transaction. Of two at once, and after a crash in between, both get the same
 * session: the provider knows our id.
 *
 * @throws {DomainError} `payments_unavailable`; the payment waits for the next try
 */
async function open(em: EntityManager, { id }: Payment, { payments, config, log }: EnrollPorts): Promise<Payment> {
  const payment = await em.fork().findOneOrFail(Payment, { id }, { populate: ['course', 'user'] })
  if (payment.checkoutUrl) return payment
  const { course, user, transactionId, amount, currency, expiresAt } = payment
  try {
    const opened = await payments.find(payment.provider)?.createCheckout({
      ...{ transactionId, currency, title: course.title, email: user.email, language: user.language },
      amount: toMinor(amount, currency),
      returnUrl: new URL(`/courses/${course.slug}?payment=${id}`, config.publicUrl).href,
      expiresAt: expiresAt ?? new Date(Date.now() + OPEN_MS),
    })
    if (!opened) throw new Error('its provider is not known any more')
    payment.checkoutUrl = opened.url
    await em
      .fork()
      .nativeUpdate(
        Payment,
        { id },
        { checkoutUrl: opened.url, providerSessionId: opened.sessionId, updatedAt: new Date() },
      )
    return payment
  } catch (error) {
    log.error({ error, payment: id }, 'a checkout could not be opened')
    throw new DomainError('payments_unavailable', {}, { cause: error })
  }
}
