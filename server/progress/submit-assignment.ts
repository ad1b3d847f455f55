import type { ObjectStore } from '../../media/storage/object-store.ts'
import { holdOwnAccount } from '../accounts/lock-user.ts'
import type { Person } from '../courses/access.ts'
import type { AssignmentDefinition } from '../courses/lesson-definition.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import { MediaAsset } from '../library/media-asset.ts'
import type { ReceivedFile } from '../library/receive-form.ts'
import { createAsset, storeFiles } from '../library/store-files.ts'
import { type LessonPlace, requireLearning } from './lesson-place.ts'
import { forgetHeld } from './override-progress.ts'
import type { ProgressBuffer } from './progress-buffer.ts'
import { lockProgress } from './record-beat.ts'
import { recountEnrollments } from './recount.ts'
import { Submission } from './submission.ts'

/** Of one file that is handed in. */
export const MAX_FILE_BYTES = 20 * 1024 * 1024

export interface Work {
  text: string
  /** Own files that are here already. */
  assets: readonly number[]
  /** Files that have just come. */
  received: readonly ReceivedFile[]
}

/** @throws {DomainError} `assignment_not_found` beside those of `requireLearning` */
export async function requireAssignment(
  em: EntityManager,
  person: Person,
  lessonId: number,
): Promise<LessonPlace & { assignment: AssignmentDefinition }> {
  const place = await requireLearning(em, person, lessonId)
  const { contentType, assignment } = place.lesson
  if (contentType !== 'assignment' || !assignment) throw new DomainError('assignment_not_found')
  return { ...place, assignment }
}

/**
 * Hands in work. Files go to the store first, so that a submission never names one that is not there; they go again when
 * it is not made.
 *
 * @throws {DomainError} `invalid_input`, `too_many_files`, `file_missing` for files of others, `store_unavailable`,
 *   `not_signed_in` when the account was deleted meanwhile, and those of `requireAssignment`
 */
export async function submitAssignment(
  em: EntityManager,
  person: Person,
  lessonId: number,
  { text, assets, received }: Work,
  { store, progress: buffer }: { store: ObjectStore; progress: ProgressBuffer },
): Promise<{ submission: Submission; files: MediaAsset[] }> {
  const { course, assignment } = await requireAssignment(em, person, lessonId)
  const ids = [...new Set(assets)]
  if (ids.length + received.length > assignment.max_files) {
    throw new DomainError('too_many_files', { max_files: assignment.max_files })
  }
  if (text === '' && ids.length + received.length === 0) throw fieldErrors({ text: 'nothing_submitted' })
  const own = await em.find(MediaAsset, { id: { $in: ids }, owner: person.id, visibility: 'private' })
  if (own.length !== ids.length) throw new DomainError('file_missing')
  const { stored, discard } = await storeFiles(store, received)
  try {
    const made = await em.transactional(async (tx) => {
      await holdOwnAccount(tx, person.id)
      const row = await lockProgress(tx, person.id, lessonId)
      const fresh = stored.map(({ key, file }) => createAsset(tx, person.id, key, file))
      await tx.flush()
      const files = [...own, ...fresh]
      const submission = tx.create(Submission, {
        lesson: lessonId,
        user: person.id,
        text,
        files: files.map(({ id }) => id),
      })
      const now = new Date()
      const isCompleted = row.status === 'completed' || assignment.completion === 'submitted'
      row.attempts += 1
      row.startedAt ??= now
      row.lastActivity = now
      row.status = isCompleted ? 'completed' : 'in_progress'
      row.progress = isCompleted ? 100 : Math.max(row.progress, 50)
      if (isCompleted) row.completedAt ??= now
      await tx.flush()
      await recountEnrollments(tx, [{ user: person.id, course: course.id }])
      return { submission, files }
    })
    await forgetHeld(buffer, person.id, lessonId)
    return made
  } catch (error) {
    await discard().catch(() => {})
    throw error
  }
}
