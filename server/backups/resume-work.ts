import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'

/**
 * What was waiting for a worker when a backup was made: jobs are not in it, the rows that say so are. A video whose upload
 * is not in DATA_DIR any more fails then, and says so to its owner, instead of waiting for ever.
 */
export async function resumeWork(em: EntityManager, queue: Pick<Queue, 'add'>): Promise<void> {
  const waiting = (table: string, states: string) =>
    em.execute<{ id: string }[]>(`select id from "${table}" where status in (${states})`)
  for (const { id } of await waiting('video', `'queued', 'processing'`)) await queue.add('process-video', { video: id })
  for (const { id } of await waiting('export', `'queued', 'processing'`)) await queue.add('make-export', { export: id })
  for (const { id } of await waiting('report', `'pending'`)) await queue.add('write-report', { report: id })
}
