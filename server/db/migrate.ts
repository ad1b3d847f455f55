import pg from 'pg'
import { prepareQueues } from '../jobs/queue.ts'
import type { Orm } from './orm.ts'

/** Any number, the same in every process: "ustat" in ASCII. */
export const MIGRATION_LOCK = 0x7573746174

/**
 * Brings the schema and the job queues to this version. Several may be started together: they take turns, and the later
 * ones find nothing to do.
 *
 * @returns names of the migrations that were run
 */
export async function migrateDatabase(orm: Orm, url: string): Promise<string[]> {
  const turn = new pg.Client({ connectionString: url })
  await turn.connect()
  try {
    await turn.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    const applied = await orm.migrator.up()
    await prepareQueues(url)
    return applied.map(({ name }) => name)
  } finally {
    await turn.end()
  }
}
