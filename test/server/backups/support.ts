import pg from 'pg'
import { inject } from 'vitest'
import type { ObjectStore } from '../../../media/storage/object-store.ts'
import { openAnalytics } from '../../../server/analytics/orm.ts'
import { lookAt, quoted, quotedColumns, sequencesOf, type Table, tablesOf } from '../../../server/backups/tables.ts'
import { newId } from '../../../server/db/base.ts'
import { openOrm } from '../../../server/db/orm.ts'
import { databaseUrl, type TestDatabase } from '../../support/database.ts'

/** A database that nobody has migrated. */
export async function openEmptyDatabase(): Promise<TestDatabase> {
  const admin = inject('databaseUrl')
  const name = `test_${newId()}`
  await ask(admin, `create database ${name}`)
  return {
    url: databaseUrl(admin, name),
    [Symbol.asyncDispose]: async () => void (await ask(admin, `drop database if exists ${name} with (force)`)),
  }
}

export async function ask<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(url, async (client) => (await client.query<Row>(text, values)).rows)
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export async function ourTables(url: string): Promise<{ main: Table[]; statistics: Table[] }> {
  const orm = await openOrm(url)
  const analytics = await openAnalytics(url)
  const tables = { main: tablesOf(orm), statistics: tablesOf(analytics) }
  await orm.close(true)
  await analytics.close(true)
  return tables
}

/** Every row of every table of ours, as PostgreSQL writes it, and where the counters stand. */
export async function contentOf(url: string): Promise<Record<string, unknown>> {
  const { main, statistics } = await ourTables(url)
  return withClient(url, async (client) => {
    const content: Record<string, unknown> = {}
    for (const table of await lookAt(client, [...main, ...statistics])) {
      const { rows } = await client.query<{ row: string }>(
        `select (t.*)::text as row from (select ${quotedColumns(table.columns)} from ${quoted(table)}) t order by 1`,
      )
      content[table.table] = rows.map(({ row }) => row)
    }
    content.sequences = await sequencesOf(client, [...main, ...statistics])
    return content
  })
}

/** Tables whose rows are not the same, with one that differs: all of them would fill the screen. */
export async function differences(one: Record<string, unknown>, other: string): Promise<unknown[]> {
  const there = await contentOf(other)
  return Object.keys({ ...one, ...there }).flatMap((table) => {
    const [here, elsewhere] = [one[table], there[table]] as [unknown[], unknown[]]
    const same = JSON.stringify(here) === JSON.stringify(elsewhere)
    const row = here?.find((each, at) => JSON.stringify(each) !== JSON.stringify(elsewhere?.[at]))
    return same ? [] : [[table, here?.length, elsewhere?.length, row]]
  })
}

/** What a schema is made of, whoever made it: columns, constraints, indexes, triggers, functions. */
export async function schemaOf(url: string): Promise<string[]> {
  const rows = await ask<{ line: string }>(
    url,
    `select format('%s.%s %s %s %s', table_schema, table_name, column_name, data_type, column_default) as line
       from information_schema.columns where table_schema in ('public', 'analytics')
     union all select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(k.oid))
       from pg_constraint k join pg_namespace n on n.oid = connamespace where nspname in ('public', 'analytics')
     union all select indexdef from pg_indexes where schemaname in ('public', 'analytics')
     union all select format('%s %s', pg_get_triggerdef(t.oid), tgenabled) from pg_trigger t
       join pg_class c on c.oid = tgrelid join pg_namespace n on n.oid = relnamespace
       where nspname in ('public', 'analytics') and not tgisinternal
     union all select p.oid::regprocedure || prosrc from pg_proc p join pg_namespace n on n.oid = pronamespace
       where nspname in ('public', 'analytics')
     union all select format('%s %s', dictname, dictinitoption) from pg_ts_dict d join pg_namespace n on n.oid = dictnamespace
       where nspname = 'public'
     union all select format('%s %s %s', m.mapcfg::regconfig, m.maptokentype, m.mapdict::regdictionary) from pg_ts_config_map m
       join pg_ts_config c on c.oid = m.mapcfg join pg_namespace n on n.oid = c.cfgnamespace where nspname = 'public'
     order by 1`,
  )
  return rows.map(({ line }) => line)
}

/** Every file of one backup in the store. */
export async function filesOf(store: ObjectStore, name: string): Promise<string[]> {
  const files: string[] = []
  for await (const { key } of store.list(`backups/${name}/`)) files.push(key.slice(key.lastIndexOf('/') + 1))
  return files
}

/** The same store, but for what is said. */
export function storeWith(store: ObjectStore, instead: Partial<ObjectStore>): ObjectStore {
  const own = instead as Record<PropertyKey, unknown>
  return new Proxy(store, {
    get(target, name) {
      const value = own[name] ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

export const at = (url: string, statistics = url) => ({ database: { url }, analytics: { url: statistics } })
