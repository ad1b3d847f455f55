import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'

/**
 * Whoever changes reviews of a course takes turns from here to the commit, so that each counts what the one before wrote.
 *
 * @throws {DomainError} `course_not_found`
 */
export async function lockCourseForReviews(tx: EntityManager, course: number): Promise<void> {
  const rows = await tx.execute('select id from course where id = ? for update', [course])
  if (rows.length === 0) throw new DomainError('course_not_found')
}

/**
 * Counts anew what a course and its teachers show of its visible reviews; after the flush of what changed, and under
 * `lockCourseForReviews`. A teacher of several courses is locked before being counted: a statement that waited for the
 * lock would otherwise count what was there before it waited.
 */
export async function recountRatings(tx: EntityManager, course: number): Promise<void> {
  await tx.execute(
    `update course set (average_rating, reviews_count) =
       (select coalesce(round(avg(rating), 2), 0), count(*)::int from review where course_id = course.id and not is_hidden)
      where id = ?`,
    [course],
  )
  const teachers = await tx.execute<{ id: number }[]>(
    `select p.id from profile p
      where exists (select from course_user_role r where r.course_id = ? and r.user_id = p.user_id and r.role = 'teacher')
      order by p.id for update of p`,
    [course],
  )
  for (const { id } of teachers) {
    await tx.execute(
      `update profile set (rating, reviews_count) =
         (select coalesce(round(avg(v.rating), 2), 0), count(*)::int
            from course_user_role r join course c on c.id = r.course_id join review v on v.course_id = c.id
           where r.user_id = profile.user_id and r.role = 'teacher' and c.status = 'published' and not v.is_hidden)
        where id = ?`,
      [id],
    )
  }
}
