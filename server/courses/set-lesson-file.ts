import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import type { ReceivedFile } from '../library/receive-form.ts'
import { createAsset } from '../library/store-files.ts'
import type { Person } from './access.ts'
import { lockLesson } from './lock-lesson.ts'
import { removeFiles } from './remove-files.ts'

/**
 * Gives a lesson the file that learners may download, or takes it away.
 *
 * @param upload in the store already; null for none
 * @throws {DomainError} those of `lockLesson`
 */
export async function setLessonFile(
  em: EntityManager,
  queue: Queue,
  person: Person,
  lessonId: number,
  upload: { key: string; file: ReceivedFile } | null,
): Promise<void> {
  await em.transactional(async (tx) => {
    const { lesson } = await lockLesson(tx, person, lessonId)
    if (lesson.file) await removeFiles(tx, queue, 'l.id', lessonId)
    lesson.file = upload && createAsset(tx, person.id, upload.key, upload.file)
    await tx.flush()
  })
}
