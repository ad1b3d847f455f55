import { recountTeachers } from '../courses/recount-course.ts'
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
 * `lockCourseForReviews`.
 */
export async function recountRatings(tx: EntityManager, course: number): Promise<void> {
  await tx.execute(
    `update course set (average_rating, reviews_count) =
       (select coalesce(round(avg(rating), 2), 0), count(*)::int from review where course_id = course.id and not is_hidden)
      where id = ?`,
    [course],
  )
  await recountTeachers(tx, course)
}
