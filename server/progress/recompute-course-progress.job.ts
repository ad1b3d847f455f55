import type { Orm } from '../db/orm.ts'
import { recountCourse } from './recount.ts'

/**
 * Everybody's percentage in a course, after its lessons became others; queued in the transaction that adds, removes,
 * publishes, hides or moves one. The same twice is the same as once.
 */
export async function recomputeCourseProgress(orm: Orm, course: number): Promise<void> {
  await orm.em.fork().transactional((tx) => recountCourse(tx, course))
}
