import type { EntityManager } from '../db/orm.ts'
import type { ReceivedFile } from '../library/receive-form.ts'
import { createAsset } from '../library/store-files.ts'
import type { Person } from './access.ts'
import { lockLesson } from './lock-lesson.ts'

/**
 * Gives a lesson the file that learners may download, or takes it away.
 *
 * @param upload in the store already; null for none
 * @returns the key of the file it had, to be deleted once this is committed
 * @throws {DomainError} those of `lockLesson`
 */
export async function setLessonFile(
  em: EntityManager,
  person: Person,
  lessonId: number,
  upload: { key: string; file: ReceivedFile } | null,
): Promise<string | null> {
  return em.transactional(async (tx) => {
    const { lesson } = await lockLesson(tx, person, lessonId)
    const replaced = lesson.file && (await tx.populate(lesson, ['file'])).file
    lesson.file = upload && createAsset(tx, person.id, upload.key, upload.file)
    await tx.flush()
    if (replaced) await tx.remove(replaced).flush()
    return replaced?.key ?? null
  })
}
