import type { Course } from '../courses/course.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Payment } from './payment.ts'
import { PromoCode } from './promo-code.ts'

/**
 * A code that makes this course cheaper now. Whatever is wrong with it is said in the same words, so codes of other
 * courses are not found out.
 *
 * @throws {DomainError} `promo_invalid`
 */
export async function findPromo(em: EntityManager, code: string, course: Course, now = new Date()): Promise<PromoCode> {
  const promo = await em.findOne(PromoCode, { code: code.trim().toUpperCase() }, { refresh: true })
  const isValid =
    promo !== null &&
    (!promo.course || promo.course?.id === course.id) &&
    (!promo.amount || promo.currency === course.currency) &&
    (!promo.startsAt || promo.startsAt <= now) &&
    (!promo.endsAt || promo.endsAt > now)
  if (!isValid) throw new DomainError('promo_invalid')
  return promo
}

/**
 * Counts one use, for this transaction; of two who want the last one, the second waits and is refused.
 *
 * @throws {DomainError} `promo_used_up`
 */
export async function takePromo(tx: EntityManager, promo: PromoCode): Promise<void> {
  const taken = await tx.execute(
    'update promo_code set used = used + 1, updated_at = now() where id = ? and (max_uses is null or used < max_uses) returning id',
    [promo.id],
  )
  if (taken.length === 0) throw new DomainError('promo_used_up')
}

/** A checkout came to nothing: somebody else may have its use. Once, by the mark that it leaves. */
export async function giveBackPromo(tx: EntityManager, payment: Payment): Promise<void> {
  if (!payment.promoCode || payment.metadata.promo_given_back) return
  payment.metadata = { ...payment.metadata, promo_given_back: true }
  await tx.execute('update promo_code set used = greatest(used - 1, 0), updated_at = now() where id = ?', [
    payment.promoCode.id,
  ])
}

/** The money came after all. The price was promised, so it counts even when others have used the code up meanwhile. */
export async function takePromoAgain(tx: EntityManager, payment: Payment): Promise<void> {
  if (!payment.promoCode || !payment.metadata.promo_given_back) return
  payment.metadata = { ...payment.metadata, promo_given_back: false }
  await tx.execute('update promo_code set used = least(used + 1, coalesce(max_uses, used + 1)) where id = ?', [
    payment.promoCode.id,
  ])
}
