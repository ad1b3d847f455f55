import type { EntityManager } from '../db/orm.ts'

/** SQL: the author of this course's review paid and has not got it back, or learns here and completed a lesson. */
const verified = (course: string, user: string) => `(
  exists (select from payment p where p.course_id = ${course} and p.user_id = ${user} and p.status = 'completed')
  or exists (
    select from enrollment e
      join module m on m.course_id = e.course_id
      join lesson l on l.module_id = m.id
      join lesson_progress g on g.lesson_id = l.id and g.user_id = e.user_id and g.status = 'completed'
     where e.course_id = ${course} and e.user_id = ${user} and e.status in ('active', 'completed')))`

/** Whether a review of theirs is that of a buyer or learner; nobody says it of themselves. */
export async function isVerifiedLearner(em: EntityManager, course: number, user: number): Promise<boolean> {
  const [row] = await em.execute<{ is: boolean }[]>(
    `select ${verified('k.course', 'k."user"')} as "is"
    from (select ?::int as course, ?::int as "user") k`,
    [course, user],
  )
  return row?.is ?? false
}

/**
 * Looks again at whether the review is a learner's: after a payment, a refund, or the first completed lesson. In the
 * transaction that causes it, once that is flushed.
 */
export async function verifyReview(tx: EntityManager, course: number, user: number): Promise<void> {
  await tx.execute(
    `update review set is_verified = ${verified('review.course_id', 'review.user_id')} where course_id = ? and user_id = ?`,
    [course, user],
  )
}

/** The same for many learners at once. */
export async function verifyReviewsOf(
  tx: EntityManager,
  places: readonly { user: number; course: number }[],
): Promise<void> {
  await tx.execute(
    `update review set is_verified = not is_verified
      where (course_id, user_id) in (select k.course, k."user" from jsonb_to_recordset(?::jsonb) as k("user" int, course int))
        and is_verified <> ${verified('review.course_id', 'review.user_id')}`,
    [JSON.stringify(places.map(({ user, course }) => ({ user, course })))],
  )
}

/** All of them, for what nobody told: a lesson completed long after the review. */
export async function verifyReviews(em: EntityManager): Promise<void> {
  await em.execute(
    `update review set is_verified = not is_verified
      where is_verified <> ${verified('review.course_id', 'review.user_id')}`,
  )
}
