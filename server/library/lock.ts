import pg from 'pg'
import { LibraryError } from './library-error.ts'

/** Any number that no other lock of ours has. */
const LOCK = 4_815_162

/**
 * Uploads may run side by side; what deletes objects may not run beside them, since an object that has just been put is
 * in nobody's manifest for a moment. The lock hangs on a connection, so a killed command holds none.
 *
 * @throws {LibraryError}
 */
export async function lockLibrary(databaseUrl: string, how: 'shared' | 'alone'): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  // Its connection may end before we do; then so does the lock, and the next query says so.
  client.on('error', () => {})
  const call = how === 'shared' ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock'
  const { rows } = await client.query<{ taken: boolean }>(`select ${call}($1) as taken`, [LOCK])
  if (!rows[0]?.taken) {
    await client.end()
    throw new LibraryError('Another library command runs that this one may not run beside: wait for it to end.')
  }
  return { [Symbol.asyncDispose]: () => client.end() }
}
