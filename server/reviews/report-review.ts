import type { Person } from '../courses/access.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { requireReview } from './change-review.ts'

/**
 * Tells the admins that a review should not be there; once each, the last reason counts.
 *
 * @param reason plain text
 * @throws {DomainError} `review_not_found`, `forbidden` for one's own
 */
export async function reportReview(em: EntityManager, person: Person, id: number, reason: string): Promise<void> {
  const { review } = await requireReview(em, person, id)
  if (review.user.id === person.id) throw new DomainError('forbidden')
  await em.execute(
    `insert into review_report (review_id, user_id, reason, created_at, updated_at) values (?, ?, ?, now(), now())
     on conflict (review_id, user_id) do update set reason = excluded.reason, updated_at = now()`,
    [id, person.id, reason],
  )
}
