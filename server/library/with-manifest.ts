import pg from 'pg'
import { Manifest } from './manifest.ts'

/** The manifest on connections of its own, for as long as somebody works with it. */
export async function withManifest<T>(databaseUrl: string, work: (manifest: Manifest) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 5000 })
  // An idle connection that breaks is replaced; one in use tells its query.
  pool.on('error', () => {})
  try {
    return await work(new Manifest(pool))
  } finally {
    await pool.end()
  }
}
