import pg from 'pg'
import type { Orm } from '../db/orm.ts'
import type { DatabaseKind } from './manifest.ts'

const { escapeIdentifier } = pg

export interface Table {
  schema: string
  table: string
}

export interface TableInside extends Table {
  /** But for those that PostgreSQL computes. */
  columns: string[]
  /** On the disk, its texts that lie apart too; only for a bar of progress. */
  bytes: number
}

/** What asks: a client, or a pool of one. */
export interface Asker {
  query<Row extends object>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>
}

/** Every table that entities have; neither the queues' nor the list of migrations, which a restore makes anew. */
export function tablesOf(orm: Orm): Table[] {
  const fallback = orm.config.get('schema') ?? 'public'
  const names = new Map<string, Table>()
  for (const meta of orm.getMetadata().getAll().values()) {
    if (!meta.tableName || meta.embeddable || meta.virtual) continue
    const schema = meta.schema ?? fallback
    names.set(`${schema}.${meta.tableName}`, { schema, table: meta.tableName })
  }
  return [...names.values()].sort((a, b) => (a.table < b.table ? -1 : 1))
}

/** Those of the tables that are there. */
export async function lookAt(asker: Asker, tables: readonly Table[]): Promise<TableInside[]> {
  const { rows } = await asker.query<{ schema: string; table: string; columns: string[]; bytes: string }>(
    `select n.nspname as schema, c.relname as table, pg_table_size(c.oid)::text as bytes,
            array(select a.attname::text from pg_attribute a
                   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                   order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join unnest($1::text[], $2::text[]) as asked(schema, name) on asked.schema = n.nspname and asked.name = c.relname
      where c.relkind in ('r', 'p') order by c.relname`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  )
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }))
}

/** The counters behind the columns of these tables. */
export async function sequencesOf(
  asker: Asker,
  tables: readonly Table[],
): Promise<{ schema: string; sequence: string; last_value: string; is_called: boolean }[]> {
  const { rows } = await asker.query<{ schema: string; sequence: string }>(
    `select n.nspname as schema, s.relname as sequence
       from pg_depend d
       join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_namespace n on n.oid = s.relnamespace
       join pg_class c on c.oid = d.refobjid join pg_namespace cn on cn.oid = c.relnamespace
       join unnest($1::text[], $2::text[]) as asked(schema, name) on asked.schema = cn.nspname and asked.name = c.relname
      where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
      order by 1, 2`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  )
  const found: Awaited<ReturnType<typeof sequencesOf>> = []
  for (const { schema, sequence } of rows) {
    // Counters are not part of a snapshot: this one is at or after what its rows have.
    const state = await asker.query<{ last_value: string; is_called: boolean }>(
      `select last_value::text, is_called from ${quoted({ schema, table: sequence })}`,
    )
    const [{ last_value, is_called } = { last_value: '1', is_called: false }] = state.rows
    found.push({ schema, sequence, last_value, is_called })
  }
  return found
}

export function quoted({ schema, table }: Table): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`
}

export function quotedColumns(columns: readonly string[]): string {
  return columns.map(escapeIdentifier).join(', ')
}

/** Where the migrations of a database are listed. */
export const migrationLists: Record<DatabaseKind, Table> = {
  main: { schema: 'public', table: 'mikro_orm_migrations' },
  statistics: { schema: 'analytics', table: 'mikro_orm_migrations' },
}
