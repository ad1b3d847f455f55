import type { EntityManager, Orm } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { recountCourse } from './recount.ts'

/** Everybody's percentage in a course, after its lessons became others. The same twice is the same as once. */
export async function recomputeCourseProgress(orm: Orm, course: number): Promise<void> {
  await orm.em.fork().transactional((tx) => recountCourse(tx, course))
}

/** In the transaction that adds, removes, publishes, hides or moves a lesson. */
export async function queueCourseProgress(queue: Queue, em: EntityManager, course: number): Promise<void> {
  await queue.add('recompute-course-progress', { course }, { em })
}
