import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../../config/local/postgres.ts'
import { migrateAnalytics, openAnalytics } from '../analytics/orm.ts'
import { migrateDatabase } from './migrate.ts'
import { openOrm } from './orm.ts'

/**
 * `npm run migration -- <name> [analytics]`: writes the difference between the committed migrations and the entities as a new migration,
 * on a PostgreSQL of its own that is gone afterwards.
 */
const [name, of = 'main'] = process.argv.slice(2)
if (!name) {
  process.stderr.write('Say what it does: npm run migration -- <name> [analytics]\n')
  process.exit(1)
}
const directory = mkdtempSync(join(tmpdir(), 'ustat-migration-'))
try {
  await using stack = new AsyncDisposableStack()
  const url = await startPostgres(
    {
      dataDir: join(directory, 'data'),
      socketDir: join(directory, 'socket'),
      logFile: join(directory, 'log'),
      isDisposable: true,
      report: () => {},
    },
    stack,
  )
  const admin = new pg.Client({ connectionString: url('postgres') })
  await admin.connect()
  await admin.query('create database ustat')
  await admin.end()
  const isAnalytics = of === 'analytics'
  const orm = await (isAnalytics ? openAnalytics : openOrm)(url('ustat'))
  await (isAnalytics ? migrateAnalytics : migrateDatabase)(orm, url('ustat'))
  const { fileName } = await orm.migrator.create(undefined, false, false, name)
  await orm.close(true)
  process.stdout.write(
    fileName
      ? `server/${isAnalytics ? 'analytics' : 'db'}/migrations/${fileName}\n`
      : 'The migrations make these entities already.\n',
  )
} finally {
  rmSync(directory, { recursive: true, force: true })
}
