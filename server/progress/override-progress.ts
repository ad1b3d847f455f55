import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import type { Person } from '../courses/access.ts'
import { Enrollment } from '../courses/enrollment.ts'
import { Lesson } from '../courses/lesson.ts'
import { requireCourse } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { BufferAway, type ProgressBuffer } from './progress-buffer.ts'
import { lockProgress } from './record-beat.ts'
import { recountEnrollments } from './recount.ts'

export interface Override {
  course: number
  user: number
  lesson: number
  status: 'completed' | 'not_started'
}

/**
 * A teacher's word over the rule's: completes a lesson for a learner, or lets them begin it anew. A course that was
 * completed stays so.
 *
 * @throws {DomainError} `course_not_found`, `forbidden`, `enrollment_not_found`, `lesson_not_found`
 */
export async function overrideProgress(
  em: EntityManager,
  teacher: Person,
  { course: courseId, user, lesson: lessonId, status }: Override,
  buffer: ProgressBuffer,
): Promise<void> {
  await requireStudent(em, teacher, courseId, user)
  const lesson = await em.findOne(Lesson, { id: lessonId, module: { course: courseId } })
  if (!lesson) throw new DomainError('lesson_not_found')
  await em.transactional(async (tx) => {
    const row = await lockProgress(tx, user, lessonId)
    const before = row.status
    const now = new Date()
    row.status = status
    row.lastActivity = now
    if (status === 'completed') {
      row.progress = 100
      row.startedAt ??= now
      row.completedAt ??= now
    } else {
      Object.assign(row, { progress: 0, positionSeconds: 0, watchedRanges: [], watchedSeconds: 0, attempts: 0 })
      row.startedAt = null
      row.attemptStartedAt = null
      row.completedAt = null
    }
    writeAudit(tx, {
      actor: teacher.id,
      action: 'progress.override',
      object: `lesson:${lessonId}`,
      details: { user, status: [before, status] },
    })
    await tx.flush()
    await recountEnrollments(tx, [{ user, course: courseId }])
  })
  await forgetHeld(buffer, user, lessonId)
}

/**
 * That they may look after the learners of the course, and this is one.
 *
 * @throws {DomainError} `course_not_found`, `forbidden`, `enrollment_not_found`
 */
export async function requireStudent(
  em: EntityManager,
  teacher: Person,
  courseId: number,
  userId: number,
): Promise<void> {
  await requireCourse(em, teacher, courseId, 'manage_students')
  const enrollment = await em.findOne(Enrollment, { course: courseId, user: em.getReference(User, userId) })
  if (!enrollment) throw new DomainError('enrollment_not_found')
}

/** After the commit of what was written past the heartbeats. While Redis is away there is nothing that could be older. */
export async function forgetHeld(buffer: ProgressBuffer, user: number, lesson: number): Promise<void> {
  try {
    await buffer.forget(user, lesson)
  } catch (error) {
    if (!(error instanceof BufferAway)) throw error
  }
}
