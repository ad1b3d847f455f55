import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import pg from 'pg'
import { inject } from 'vitest'
import { migrateAnalytics, openAnalytics } from '../../server/analytics/orm.ts'
import { migrateDatabase } from '../../server/db/migrate.ts'
import { openOrm } from '../../server/db/orm.ts'

/** How many there are, and when the last one was made. */
const versionOf = (directory: string) => {
  const names = readdirSync(directory).filter((name) => name.endsWith('.ts'))
  return `${names.length}_${/\d+/.exec(names.at(-1) ?? '')?.[0] ?? 'none'}`
}
const TEMPLATE = `template_${versionOf('server/db/migrations')}_${versionOf('server/analytics/migrations')}`

export interface TestDatabase extends AsyncDisposable {
  url: string
}

/** A database of its own with every table in it, cloned from a template that the first asker migrates. */
export async function openDatabase(): Promise<TestDatabase> {
  const admin = inject('databaseUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  await asAdmin(admin, async (client) => {
    // Test files run in several processes: one migrates, the others wait.
    await client.query('select pg_advisory_lock(1)')
    await ensureTemplate(client, admin)
    await client.query(`create database ${name} template ${TEMPLATE} strategy file_copy`)
  })
  return {
    url: databaseUrl(admin, name),
    async [Symbol.asyncDispose]() {
      await asAdmin(admin, (client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

async function ensureTemplate(client: pg.Client, admin: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [TEMPLATE])
  if (rowCount) return
  const unfinished = `${TEMPLATE}_new`
  await client.query(`drop database if exists ${unfinished} with (force)`)
  await client.query(`create database ${unfinished}`)
  const url = databaseUrl(admin, unfinished)
  const orm = await openOrm(url)
  await migrateDatabase(orm, url)
  await orm.close(true)
  const analytics = await openAnalytics(url)
  await migrateAnalytics(analytics, url)
  await analytics.close(true)
  await client.query(`alter database ${unfinished} rename to ${TEMPLATE}`)
}

async function asAdmin(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** The same server, another database. */
export function databaseUrl(url: string, name: string): string {
  return url.replace(/\/[^/?]+(\?.*)?$/, (_, query = '') => `/${name}${query}`)
}
