import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueDeletion } from '../library/delete-objects.job.ts'

/**
 * Lets go of the files of a lesson, of all lessons of a module or of a course, and of what was handed in for them: their rows
 * now, the objects by a job. A file that its learner handed in elsewhere as well, or that is another lesson's or a course's
 * preview, stays. In the transaction that deletes what they belong to, before it does.
 */
export async function removeFiles(
  tx: EntityManager,
  queue: Queue,
  scope: 'l.id' | 'l.module_id' | 'm.course_id',
  id: number,
): Promise<void> {
  const rows = await tx.execute<{ key: string }[]>(
    `with gone as (
       select l.id, l.file_id from lesson l join module m on m.id = l.module_id where ${scope} = ?),
     handed_in as (
       select f.id::int as id from submission s join gone on gone.id = s.lesson_id, jsonb_array_elements_text(s.files) as f(id))
     delete from media_asset a
      where not exists (select from course c where c.preview_asset_id = a.id)
        and (a.id in (select file_id from gone)
         or (a.id in (select id from handed_in)
             and not exists (select from lesson l where l.file_id = a.id and l.id not in (select id from gone))
             and not exists (select from submission s
                              where s.user_id = a.owner_id and s.files @> to_jsonb(a.id)
                                and s.lesson_id not in (select id from gone))))
     returning a.key`,
    [id],
  )
  await queueDeletion(
    queue,
    tx,
    rows.map(({ key }) => key),
  )
}
