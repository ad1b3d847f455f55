import { LockMode } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import { may, type Person } from '../courses/access.ts'
import type { Course } from '../courses/course.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { MediaAsset } from '../library/media-asset.ts'
import { notify } from '../notices/notify.ts'
import { forgetHeld } from './override-progress.ts'
import type { ProgressBuffer } from './progress-buffer.ts'
import { lockProgress } from './record-beat.ts'
import { recountEnrollments } from './recount.ts'
import { Submission } from './submission.ts'

/**
 * A submission, for who handed it in and who may grade it; for anybody else there is none.
 *
 * @throws {DomainError} `submission_not_found`
 */
export async function requireSubmission(
  em: EntityManager,
  person: Person,
  id: number,
): Promise<{ submission: Submission; course: Course; mayGrade: boolean }> {
  const submission = await em.findOne(Submission, { id }, { populate: ['lesson.module.course'] })
  if (!submission) throw new DomainError('submission_not_found')
  const { course } = submission.lesson.module
  const mayGrade = may(await findStanding(em, person, course.id), 'manage_students', course)
  if (!mayGrade && submission.user.id !== person.id) throw new DomainError('submission_not_found')
  return { submission, course, mayGrade }
}

/**
 * Grades it, again if need be. A grade that suffices completes the lesson; a lower one later does not take that back.
 *
 * @throws {DomainError} `submission_not_found`, `forbidden` for one's own, `invalid_input` above the highest grade
 */
export async function gradeSubmission(
  em: EntityManager,
  teacher: Person,
  id: number,
  { grade, comment }: { grade: number; comment: string | undefined },
  { progress, queue }: { progress: ProgressBuffer; queue: Queue },
): Promise<Submission> {
  const { submission, course, mayGrade } = await requireSubmission(em, teacher, id)
  if (!mayGrade) throw new DomainError('forbidden')
  const { lesson, user } = submission
  const assignment = lesson.assignment
  if (!assignment) throw new DomainError('submission_not_found')
  if (grade > assignment.max_grade) throw fieldErrors({ grade: 'above_max_grade' })
  await em.transactional(async (tx) => {
    const row = await lockProgress(tx, user.id, lesson.id)
    await tx.lock(submission, LockMode.PESSIMISTIC_WRITE)
    const before = submission.grade
    submission.grade = grade
    if (comment !== undefined) submission.comment = comment
    submission.gradedBy = tx.getReference(User, teacher.id)
    submission.gradedAt = new Date()
    if (assignment.completion === 'graded' && grade >= assignment.pass_grade && row.status !== 'completed') {
      row.status = 'completed'
      row.progress = 100
      row.startedAt ??= submission.createdAt
      row.completedAt ??= submission.gradedAt
    }
    writeAudit(tx, {
      actor: teacher.id,
      action: 'submission.grade',
      object: `submission:${id}`,
      details: { user: user.id, grade: [before, grade] },
    })
    await tx.flush()
    await recountEnrollments(tx, [{ user: user.id, course: course.id }])
    await notify(tx, queue, [user.id], {
      kind: 'graded',
      cause: `graded:${id}:${submission.gradedAt.getTime()}`,
      data: { course: course.title, lesson: lesson.title, grade: `${grade}`, max_grade: `${assignment.max_grade}` },
      url: `/learn/${course.slug}/${lesson.id}`,
    })
  })
  await forgetHeld(progress, user.id, lesson.id)
  return submission
}

/** The files of these submissions, in one query. */
export async function filesOf(em: EntityManager, submissions: readonly Submission[]): Promise<Map<number, MediaAsset>> {
  const assets = await em.find(MediaAsset, { id: { $in: submissions.flatMap(({ files }) => files) } })
  return new Map(assets.map((asset) => [asset.id, asset]))
}
