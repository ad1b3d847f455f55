import { LockMode, UniqueConstraintViolationException } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import { isAdmin, type Person } from '../courses/access.ts'
import { Course } from '../courses/course.ts'
import { requireCourse } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import type { PromoBody, PromoPatch } from './contract.ts'
import { PromoCode } from './promo-code.ts'

/** Codes of a course for who sets its price; an admin sees all. @throws {DomainError} those of `requireCourse`; `forbidden` */
export async function findPromos(
  em: EntityManager,
  person: Person,
  course: number | undefined,
): Promise<(limit: number, offset: number) => Promise<[PromoCode[], number]>> {
  await requireRight(em, person, course ?? null)
  const where = course === undefined ? {} : { course }
  return (limit, offset) => em.findAndCount(PromoCode, where, { orderBy: { id: 'desc' }, limit, offset })
}

/** @throws {DomainError} those of `requireCourse`; `forbidden`, `promo_taken`, `invalid_input` */
export async function addPromo(em: EntityManager, person: Person, body: PromoBody): Promise<PromoCode> {
  await requireRight(em, person, body.course)
  requireWorth(body)
  requireOrder(body.starts_at, body.ends_at)
  try {
    return await em.transactional(async (tx) => {
      const promo = tx.create(PromoCode, {
        code: body.code,
        percent: body.percent,
        amount: body.amount,
        currency: body.amount === null ? null : body.currency,
        course: body.course === null ? null : tx.getReference(Course, body.course),
        startsAt: toDate(body.starts_at),
        endsAt: toDate(body.ends_at),
        maxUses: body.max_uses,
        createdBy: tx.getReference(User, person.id),
      })
      await tx.flush()
      writeAudit(tx, { actor: person.id, action: 'promo.create', object: `promo:${promo.id}`, details: { ...body } })
      return promo
    })
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException) throw new DomainError('promo_taken')
    throw error
  }
}

/** @throws {DomainError} `promo_not_found`, `forbidden`, `invalid_input` */
export async function editPromo(
  em: EntityManager,
  person: Person,
  id: number,
  changes: PromoPatch,
): Promise<PromoCode> {
  return em.transactional(async (tx) => {
    const promo = await lockPromo(tx, person, id)
    if (changes.percent !== undefined) promo.percent = changes.percent
    if (changes.amount !== undefined) promo.amount = changes.amount
    if (changes.currency !== undefined) promo.currency = changes.currency
    if (promo.amount === null) promo.currency = null
    if (changes.starts_at !== undefined) promo.startsAt = toDate(changes.starts_at)
    if (changes.ends_at !== undefined) promo.endsAt = toDate(changes.ends_at)
    if (changes.max_uses !== undefined) promo.maxUses = changes.max_uses
    // What is used up stays used up.
    if (promo.maxUses !== null && (promo.maxUses ?? 0) < promo.used) throw fieldErrors({ max_uses: 'promo_used_up' })
    requireWorth({ percent: promo.percent ?? null, amount: promo.amount ?? null, currency: promo.currency ?? null })
    requireOrder(promo.startsAt?.toISOString() ?? null, promo.endsAt?.toISOString() ?? null)
    writeAudit(tx, { actor: person.id, action: 'promo.change', object: `promo:${id}`, details: { ...changes } })
    return promo
  })
}

/** What was bought with it keeps its price. @throws {DomainError} `promo_not_found`, `forbidden` */
export async function deletePromo(em: EntityManager, person: Person, id: number): Promise<void> {
  await em.transactional(async (tx) => {
    const promo = await lockPromo(tx, person, id)
    const details = { code: promo.code }
    writeAudit(tx, { actor: person.id, action: 'promo.delete', object: `promo:${id}`, details })
    tx.remove(promo)
  })
}

export async function requirePromo(em: EntityManager, person: Person, id: number): Promise<PromoCode> {
  const promo = await em.findOne(PromoCode, { id }, { refresh: true })
  if (!promo) throw new DomainError('promo_not_found')
  await requireRight(em, person, promo.course?.id ?? null).catch(() => {
    throw new DomainError('promo_not_found')
  })
  return promo
}

async function lockPromo(tx: EntityManager, person: Person, id: number): Promise<PromoCode> {
  const promo = await requirePromo(tx, person, id)
  await tx.lock(promo, LockMode.PESSIMISTIC_WRITE)
  await tx.refresh(promo)
  return promo
}

/** Promotions are its producer's; a code for every course an admin's. */
async function requireRight(em: EntityManager, person: Person, course: number | null): Promise<void> {
  if (course !== null) await requireCourse(em, person, course, 'promote')
  else if (!isAdmin(person)) throw new DomainError('forbidden')
}

function requireWorth({ percent, amount, currency }: Pick<PromoBody, 'percent' | 'amount' | 'currency'>): void {
  if ((percent === null) === (amount === null)) throw fieldErrors({ non_field_errors: 'promo_percent_or_amount' })
  if (amount !== null && currency === null) throw fieldErrors({ currency: 'promo_percent_or_amount' })
}

function requireOrder(starts: string | null, ends: string | null): void {
  if (starts && ends && new Date(ends) <= new Date(starts)) throw fieldErrors({ ends_at: 'ends_before_start' })
}

function toDate(text: string | null): Date | null {
  return text === null ? null : new Date(text)
}
