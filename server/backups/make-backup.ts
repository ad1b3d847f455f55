import { Readable } from 'node:stream'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import type { Config } from '../../config/config.ts'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import type { Orm } from '../db/orm.ts'
import { BackupError } from './backup-error.ts'
import { deleteBackup } from './delete-backup.ts'
import {
  type DatabaseKind,
  FOLDER,
  MANIFEST,
  type Manifest,
  MEDIA,
  newBackupName,
  type Sequence,
  sealManifest,
  type TablePiece,
} from './manifest.ts'
import { writePiece } from './pieces.ts'
import {
  type Asker,
  lookAt,
  migrationLists,
  quoted,
  quotedColumns,
  sequencesOf,
  type Table,
  type TableInside,
  tablesOf,
} from './tables.ts'

/** Any number of our own: "backup" in ASCII. */
const LOCK = 0x6261636b7570
const CONNECT_MS = 5000
const LINES_AT_ONCE = 500

export interface BackupSource {
  config: Pick<Config, 'database' | 'analytics'>
  orm: Orm
  analytics: Orm
  store: ObjectStore
}

export interface BackupProgress {
  /** `bytes` is a guess. */
  begin?(files: number, bytes: number): void
  bytes?(more: number): void
  file?(): void
}

interface Source {
  kind: DatabaseKind
  client: pg.Client
  migration: string
  tables: TableInside[]
}

/**
 * Copies every table into the store, as all of them were at one moment, then names every object that the store has.
 *
 *   snapshot ──▶ COPY each table ──gzip──▶ its object ──▶ commit ──▶ media.jsonl.gz ──▶ manifest.json
 *
 * Guarantees:
 *   1. The tables of one database are of one snapshot (REPEATABLE READ), whatever is written meanwhile. Statistics in a
 *      database of their own have a snapshot of their own, taken a moment later.
 *   2. Every object that a row names is in the list of media, but for what was deleted meanwhile: the list is made later.
 *   3. The manifest is written last, so what was broken off is never taken for whole; its pieces are taken away again.
 *   4. One at a time, over all processes.
 *   5. Memory does not grow with the tables.
 *
 * Needs no more of PostgreSQL than COPY, so it is the same with every version and every service that runs one.
 *
 * @throws {BackupError} when one is being made already, or a database was not brought to this version
 */
export async function makeBackup(
  { config, orm, analytics, store }: BackupSource,
  { progress, signal }: { progress?: BackupProgress | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Manifest> {
  const begunAt = performance.now()
  await using stack = new AsyncDisposableStack()
  const client = await connect(config.database.url, stack)
  const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [LOCK])
  if (!rows[0]?.mine) throw new BackupError('A backup is being made already.')
  const startedAt = new Date()
  const name = newBackupName(startedAt)
  const sources: Source[] = []
  // Without a database of their own the statistics are in the same snapshot.
  const isShared = config.analytics.url === config.database.url
  await freeze(client)
  sources.push(await look('main', client, tablesOf(orm)))
  const other = isShared ? client : await connect(config.analytics.url, stack)
  if (!isShared) await freeze(other)
  sources.push(await look('statistics', other, tablesOf(analytics)))

  const all = sources.flatMap(({ tables }) => tables)
  progress?.begin?.(
    all.length + 1,
    all.reduce((total, { bytes }) => total + bytes, 0),
  )
  try {
    const tables: TablePiece[] = []
    const sequences: Sequence[] = []
    for (const { kind, client, tables: found } of sources) {
      for (const { schema, table, columns, bytes } of found) {
        const copy = client.query(copyTo(`copy ${quoted({ schema, table })} (${quotedColumns(columns)}) to stdout`))
        const file = `${schema === 'public' ? '' : `${schema}.`}${table}.copy.gz`
        // A table is done when its rows are, however far off the guess was.
        let left = bytes
        const told = (more: number) => {
          progress?.bytes?.(Math.min(more, left))
          left -= Math.min(more, left)
        }
        const piece = await writePiece(store, name, file, copy, { onBytes: told, signal })
        told(left)
        tables.push({ ...piece, database: kind, schema, table, columns, rows: copy.rowCount })
        progress?.file?.()
      }
      sequences.push(...(await sequencesOf(client, found)).map((each) => ({ ...each, database: kind })))
    }
    await client.query('commit')
    if (!isShared) await other.query('commit')
    const media = await listMedia(store, name, signal)
    progress?.file?.()
    const [main, statistics] = sources.map(({ migration }) => migration)
    const manifest: Manifest = {
      format: 1,
      name,
      started_at: startedAt.toISOString(),
      seconds: Math.round(performance.now() - begunAt) / 1000,
      migrations: { main: main ?? '', statistics: statistics ?? '' },
      tables,
      sequences,
      media,
    }
    signal?.throwIfAborted()
    // Still the one that holds the lock: else another may be at it, and take this one for left behind.
    await client.query('select 1')
    await store.put(`${FOLDER}${name}/${MANIFEST}`, Buffer.from(sealManifest(manifest)))
    return manifest
  } catch (error) {
    // The next one takes away what a store that is away keeps.
    await deleteBackup(store, name).catch(() => {})
    throw error
  }
}

async function connect(url: string, stack: AsyncDisposableStack): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, keepAlive: true })
  // A connection that breaks tells its query.
  client.on('error', () => {})
  stack.defer(() => client.end())
  await client.connect()
  return client
}

async function freeze(client: pg.Client): Promise<void> {
  await client.query('begin isolation level repeatable read read only')
  // Texts as every PostgreSQL reads them, and no limit of the server's own on how long this may take.
  await client.query(
    `set local client_encoding = 'UTF8'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres';
     set local timezone = 'UTC'; set local bytea_output = 'hex'; set local extra_float_digits = 1;
     set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0`,
  )
}

/** The first look takes the snapshot. */
async function look(kind: DatabaseKind, client: pg.Client, wanted: Table[]): Promise<Source> {
  const migration = await newestMigration(client, kind)
  const tables = await lookAt(client, wanted)
  const missing = wanted.find(({ schema, table }) => !tables.some((t) => t.schema === schema && t.table === table))
  if (missing || !migration) {
    throw new BackupError(`The database is not of this version: it lacks ${missing?.table ?? 'its migrations'}.`)
  }
  return { kind, client, migration, tables }
}

async function newestMigration(asker: Asker, kind: DatabaseKind): Promise<string | null> {
  const list = quoted(migrationLists[kind])
  const there = await asker.query<{ there: string | null }>('select to_regclass($1)::text as there', [list])
  if (!there.rows[0]?.there) return null
  const { rows } = await asker.query<{ name: string }>(`select name from ${list} order by name desc limit 1`)
  return rows[0]?.name ?? null
}

async function listMedia(
  store: ObjectStore,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Manifest['media']> {
  let objects = 0
  let total = 0
  async function* lines(): AsyncGenerator<string> {
    let waiting: string[] = []
    for await (const { key, size } of store.list('')) {
      if (key.startsWith(FOLDER)) continue
      objects += 1
      total += size
      waiting.push(`${JSON.stringify({ key, size })}\n`)
      if (waiting.length < LINES_AT_ONCE) continue
      yield waiting.join('')
      waiting = []
    }
    if (waiting.length > 0) yield waiting.join('')
  }
  const piece = await writePiece(store, name, MEDIA, Readable.from(lines(), { objectMode: false }), { signal })
  return { ...piece, objects, total_bytes: total }
}
