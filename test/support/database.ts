import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import pg from 'pg'
import { inject } from 'vitest'
import { migrateDatabase } from '../../server/db/migrate.ts'
import { openOrm } from '../../server/db/orm.ts'

const migrations = readdirSync('server/db/migrations').filter((name) => name.endsWith('.ts'))
const TEMPLATE =
  `template_${migrations.length}_${(migrations.at(-1) ?? 'none').replace(/\W/g, '_').toLowerCase()}`.slice(0, 60)

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
    await client.query(`create database ${name} template ${TEMPLATE}`)
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
