import type { Person } from '../courses/access.ts'
import { Enrollment } from '../courses/enrollment.ts'
import { Lesson } from '../courses/lesson.ts'
import type { EntityManager } from '../db/orm.ts'
import { combine, type Progress, progressOf } from './advance.ts'
import { type CompletionRule, completionRule } from './completion.ts'
import { requireLearning } from './lesson-place.ts'
import { LessonProgress } from './lesson-progress.ts'
import { BufferAway, type Held, type ProgressBuffer } from './progress-buffer.ts'

/**
 * Somebody's own progress with a lesson, with what PostgreSQL does not have yet.
 *
 * @throws {DomainError} `lesson_not_found`, `enrollment_required`
 */
export async function readProgress(
  em: EntityManager,
  person: Person,
  lessonId: number,
  buffer: ProgressBuffer,
  watchedPercent?: number,
): Promise<{ progress: Progress | null; rule: CompletionRule }> {
  const { lesson } = await requireLearning(em, person, lessonId)
  const row = await em.findOne(LessonProgress, { lesson, user: person.id })
  const [held] = await heldOf(buffer, person.id, [lessonId])
  return { progress: combine(progressOf(row), held?.progress ?? null), rule: completionRule(lesson, watchedPercent) }
}

export interface CourseProgress {
  enrollment: Enrollment | null
  lessons: { lesson: Lesson; progress: Progress | null }[]
}

/** Of one learner, lesson by lesson. Asks for no rights: the caller has. */
export async function readCourseProgress(
  em: EntityManager,
  userId: number,
  courseId: number,
  buffer: ProgressBuffer,
): Promise<CourseProgress> {
  const enrollment = await em.findOne(Enrollment, { course: courseId, user: userId })
  const lessons = await em.find(
    Lesson,
    { module: { course: courseId }, isPublished: true },
    {
      populate: ['recording', 'video', 'broadcast'],
      exclude: ['content'],
      orderBy: { module: { order: 'asc' }, order: 'asc', id: 'asc' },
    },
  )
  const ids = lessons.map(({ id }) => id)
  const rows = await em.find(LessonProgress, { user: userId, lesson: { $in: ids } })
  const stored = new Map(rows.map((row) => [row.lesson.id, row]))
  const held = new Map((await heldOf(buffer, userId, ids)).map((one) => [one.lesson, one]))
  return {
    enrollment,
    lessons: lessons.map((lesson) => ({
      lesson: lesson as Lesson,
      progress: combine(progressOf(stored.get(lesson.id) ?? null), held.get(lesson.id)?.progress ?? null),
    })),
  }
}

async function heldOf(buffer: ProgressBuffer, user: number, lessons: number[]): Promise<Held[]> {
  try {
    return await buffer.readMany(user, lessons)
  } catch (error) {
    if (error instanceof BufferAway) return []
    throw error
  }
}
