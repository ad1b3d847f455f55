import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueDeletion } from '../library/delete-objects.job.ts'

/**
 * Lets go of the files of a lesson, of all lessons of a module or of a course: their rows now, the objects by a job. In the
 * transaction that deletes what they belong to, before it does.
 */
export async function removeFiles(
  tx: EntityManager,
  queue: Queue,
  scope: 'l.id' | 'l.module_id' | 'm.course_id',
  id: number,
): Promise<void> {
  const rows = await tx.execute<{ key: string }[]>(
    `delete from media_asset a using lesson l join module m on m.id = l.module_id
      where a.id = l.file_id and ${scope} = ? returning a.key`,
    [id],
  )
  await queueDeletion(
    queue,
    tx,
    rows.map(({ key }) => key),
  )
}
