import { isAdmin, isStaff, may, mayLearn, type Person, type Standing } from '../courses/access.ts'
import type { Course } from '../courses/course.ts'
import { Lesson } from '../courses/lesson.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'

/** A lesson and somebody's place in its course. */
export interface LessonPlace {
  lesson: Lesson
  course: Course
  standing: Standing
  /** Staff of the course or an admin. */
  isTeaching: boolean
}

/**
 * The lesson, when its content is theirs to see. What they may not even see in an outline counts as missing.
 *
 * @throws {DomainError} `lesson_not_found`; `enrollment_required` with the course and its price
 */
export async function requireLearning(
  em: EntityManager,
  person: Person | null,
  lessonId: number,
): Promise<LessonPlace> {
  const lesson = await em.findOne(
    Lesson,
    { id: lessonId },
    { populate: ['module.course', 'recording', 'video', 'broadcast', 'file'] },
  )
  if (!lesson) throw new DomainError('lesson_not_found')
  const module = lesson.module
  const { course } = module
  const standing = await findStanding(em, person, course.id)
  const isTeaching = isAdmin(person) || isStaff(standing)
  if (!may(standing, 'view', course) || (!lesson.isPublished && !isTeaching)) throw new DomainError('lesson_not_found')
  if (!mayLearn(standing, course, { isFree: lesson.isFree || module.isFree })) {
    throw new DomainError('enrollment_required', { course: course.id, price: course.price, currency: course.currency })
  }
  return { lesson, course, standing, isTeaching }
}
