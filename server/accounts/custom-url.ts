import { UniqueConstraintViolationException } from '@mikro-orm/core'
import { isReserved, slugify } from '../channels/slug.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { CustomUrlHistory } from './custom-url-history.ts'
import { holdOwnAccount } from './lock-user.ts'
import { Profile } from './profile.ts'
import { customUrl } from './profile-contract.ts'

/** Beside those that are, or may become, paths: names that would speak for us. */
const ours = new Set(
  `profile profiles teacher teachers user users admins administrator moderator official root support-team ustat-team
   education work-experience custom-url avatar security billing payments staff team`.split(/\s+/),
)
const SUGGESTIONS = 3

export interface UrlCheck {
  available: boolean
  reason: 'taken' | 'reserved' | 'invalid' | null
  suggestions: string[]
}

/**
 * Moves a teacher's page. The address it had keeps leading here and is nobody else's from now on.
 *
 * @throws {DomainError} `slug_reserved`, `slug_taken`, `not_signed_in` when the account was deleted meanwhile
 */
export async function setCustomUrl(em: EntityManager, userId: number, url: string): Promise<void> {
  if (isOurs(url)) throw new DomainError('slug_reserved')
  try {
    await em.transactional(async (tx) => {
      // Who gives an address up and who takes it write to two tables: one after the other, or both would have it.
      await tx.execute(`select pg_advisory_xact_lock(hashtext('custom-url'))`)
      await holdOwnAccount(tx, userId)
      const profile = await tx.findOneOrFail(Profile, { user: userId }, { refresh: true })
      const before = profile.customUrl
      if (before === url) return
      const former = await tx.findOne(CustomUrlHistory, { customUrl: url })
      if (former && former.profile.id !== profile.id) throw new DomainError('slug_taken')
      if (former) tx.remove(former)
      profile.customUrl = url
      if (before) tx.create(CustomUrlHistory, { profile, customUrl: before })
      await tx.flush()
    })
  } catch (error) {
    // The unique index decides, not a look beforehand.
    if (error instanceof UniqueConstraintViolationException) throw new DomainError('slug_taken', {}, { cause: error })
    throw error
  }
}

/** Whether somebody could have an address now; what is theirs already they can. */
export async function checkCustomUrl(em: EntityManager, userId: number, url: string): Promise<UrlCheck> {
  const isValid = customUrl.safeParse(url).success
  const reason = !isValid ? 'invalid' : isOurs(url) ? 'reserved' : (await isTaken(em, userId, url)) ? 'taken' : null
  if (reason === null) return { available: true, reason, suggestions: [] }
  return { available: false, reason, suggestions: await suggest(em, userId, url) }
}

function isOurs(url: string): boolean {
  return isReserved(url) || ours.has(url)
}

async function isTaken(em: EntityManager, userId: number, url: string): Promise<boolean> {
  return (await takenOf(em, userId, [url])).has(url)
}

async function suggest(em: EntityManager, userId: number, url: string): Promise<string[]> {
  const beginning = slugify(url) ?? 'teacher'
  const candidates = [
    beginning,
    ...['teacher', 'online', '2', '3', '4', '5', '6', '7'].map((end) => `${beginning}-${end}`),
  ]
  const possible = candidates.filter((candidate) => customUrl.safeParse(candidate).success && !isOurs(candidate))
  const taken = await takenOf(em, userId, possible)
  return possible.filter((candidate) => !taken.has(candidate)).slice(0, SUGGESTIONS)
}

/** Which of them are, or were, another's. */
async function takenOf(em: EntityManager, userId: number, urls: string[]): Promise<Set<string>> {
  const customUrl = { $in: urls }
  const current = await em.find(Profile, { customUrl, user: { $ne: userId } }, { fields: ['customUrl'] })
  const former = await em.find(
    CustomUrlHistory,
    { customUrl, profile: { user: { $ne: userId } } },
    { fields: ['customUrl'] },
  )
  return new Set([...current, ...former].map((row) => row.customUrl ?? ''))
}
