import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import type { Person } from './access.ts'
import { lockContent } from './lock-course.ts'
import { orMissing } from './lock-lesson.ts'
import { applyOrder, closeGaps, idsInOrder, requireEach } from './order.ts'
import { recountCourse } from './recount-course.ts'

interface Place {
  id: number
  module: number
  course: number
}

/**
 * Brings all lessons of a module into this order. Lessons of other modules among them move here, also from another course:
 * both courses must be theirs to change. What is not counts as missing.
 *
 * @throws {DomainError} `module_not_found`, `forbidden`, `course_in_review`; `invalid_input` when a lesson of the module is left
 *   out, one is named twice, or one is not there. Nothing changes then.
 */
export async function reorderLessons(
  em: EntityManager,
  queue: Queue,
  person: Person,
  { module: moduleId, order }: { module: number; order: number[] },
): Promise<number[]> {
  return em.transactional(async (tx) => {
    const [target] = await tx.execute<{ course: number }[]>('select course_id as course from module where id = ?', [
      moduleId,
    ])
    if (!target) throw new DomainError('module_not_found')
    const before = await placesOf(tx, order)
    const courses = [...new Set([target.course, ...before.map(({ course }) => course)])].toSorted((a, b) => a - b)
    // Always in this order, so that two who move lessons to and fro wait for each other and never in a ring.
    for (const course of courses) {
      if (course === target.course) await orMissing('module_not_found', lockContent(tx, person, course))
      else await lockSource(tx, person, course)
    }
    const places = await placesOf(tx, order)
    if (places.some(({ course }) => !courses.includes(course))) throw fieldErrors({ order: 'order_mismatch' })
    requireEach(order, await idsInOrder(tx, 'lesson', moduleId))
    requireEach(
      places.map(({ id }) => id),
      order,
    )
    await applyOrder(tx, 'lesson', moduleId, order)
    const sources = new Set(places.map(({ module }) => module).filter((module) => module !== moduleId))
    for (const source of sources) await closeGaps(tx, 'lesson', source)
    if (courses.length > 1) {
      for (const course of courses) {
        await recountCourse(tx, course)
        await queue.add('recompute-course-progress', { course }, { em: tx })
      }
    }
    return order
  })
}

async function placesOf(tx: EntityManager, ids: readonly number[]): Promise<Place[]> {
  return tx.execute<Place[]>(
    `select l.id, l.module_id as module, m.course_id as course from lesson l join module m on m.id = l.module_id
      where l.id in (select value::int from jsonb_array_elements_text(?::jsonb))`,
    [JSON.stringify(ids)],
  )
}

/** A course that they may not change is none of theirs: its lessons count as missing. */
async function lockSource(tx: EntityManager, person: Person, courseId: number): Promise<void> {
  try {
    await lockContent(tx, person, courseId)
  } catch (error) {
    const isForeign = error instanceof DomainError && (error.code === 'course_not_found' || error.code === 'forbidden')
    throw isForeign ? fieldErrors({ order: 'order_mismatch' }) : error
  }
}
