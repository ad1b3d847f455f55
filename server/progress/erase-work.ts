import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueDeletion } from '../library/delete-objects.job.ts'

/**
 * Takes out of a learner's work what is theirs: texts, files, what a teacher wrote to them, and what they answered in quizzes.
 * What was graded stays as a grade and a score, which others' figures are made of; what nobody has graded yet goes, since
 * there is nothing left to grade. Files that are a lesson's or a course's by now stay with it; the others' rows go now, their
 * objects by a job. In the transaction that takes the person out of their account, with the account locked.
 */
export async function eraseWork(tx: EntityManager, queue: Queue, userId: number): Promise<void> {
  const files = await tx.execute<{ key: string }[]>(
    `delete from media_asset a
      where a.owner_id = ?
        and exists (select from submission s where s.user_id = a.owner_id and s.files @> to_jsonb(a.id))
        and not exists (select from lesson l where l.file_id = a.id)
        and not exists (select from course c where c.preview_asset_id = a.id)
     returning a.key`,
    [userId],
  )
  await tx.execute('delete from submission where user_id = ? and grade is null', [userId])
  await tx.execute(
    `update submission set text = '', files = '[]', comment = '', updated_at = now() where user_id = ?`,
    [userId],
  )
  await tx.execute(`update quiz_attempt set answers = '{}', updated_at = now() where user_id = ?`, [userId])
  await queueDeletion(
    queue,
    tx,
    files.map(({ key }) => key),
  )
}
