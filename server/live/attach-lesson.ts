import { may, type Person } from '../courses/access.ts'
import { Course } from '../courses/course.ts'
import { Lesson } from '../courses/lesson.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import type { Broadcast } from './broadcast.ts'

/** What a broadcast is for: null takes it away, undefined leaves it. */
export interface Purpose {
  course?: number | null | undefined
  lesson?: number | null | undefined
}

/**
 * Makes a broadcast a course's, and one of its lessons. In the transaction that makes or changes the broadcast.
 *
 * @throws {DomainError} `invalid_input` of a course or lesson that is not there, or of a lesson that is no video or has its
 *   recording already; `forbidden` without the right to go live in the course
 */
export async function attach(
  tx: EntityManager,
  person: Person,
  broadcast: Broadcast,
  { course: courseId, lesson: lessonId }: Purpose,
): Promise<void> {
  if (typeof lessonId === 'number') {
    const isSame = (await tx.count(Lesson, { id: lessonId, broadcast })) > 0
    if (isSame && (courseId === undefined || courseId === broadcast.course?.id)) return
  }
  if (courseId === null || lessonId === null || typeof lessonId === 'number') {
    // What was broadcast stays the lesson's: its recording is there already.
    await tx.nativeUpdate(Lesson, { broadcast, recording: null }, { broadcast: null })
  }
  if (typeof lessonId === 'number') {
    const lesson = await tx.findOne(Lesson, { id: lessonId }, { populate: ['module.course'], refresh: true })
    const course = lesson && (await requireGoLive(tx, person, lesson.module.course, 'lesson'))
    if (!lesson || !course) throw fieldErrors({ lesson: 'unknown_choice' })
    if (typeof courseId === 'number' && courseId !== course.id) throw fieldErrors({ course: 'unknown_choice' })
    if (lesson.contentType !== 'video' || lesson.recording) throw fieldErrors({ lesson: 'lesson_not_live' })
    lesson.broadcast = broadcast
    broadcast.course = course
  } else if (typeof courseId === 'number') {
    broadcast.course = await requireGoLive(tx, person, await tx.findOne(Course, { id: courseId }), 'course')
  } else if (courseId === null) {
    broadcast.course = null
  }
}

async function requireGoLive(
  tx: EntityManager,
  person: Person,
  course: Course | null,
  field: 'course' | 'lesson',
): Promise<Course> {
  const standing = course && (await findStanding(tx, person, course.id))
  if (!course || !standing || !may(standing, 'view', course)) throw fieldErrors({ [field]: 'unknown_choice' })
  if (!may(standing, 'go_live', course)) throw new DomainError('forbidden')
  return course
}
