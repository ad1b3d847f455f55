import type { Writable } from 'node:stream'
import { MikroORM } from '@mikro-orm/postgresql'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { analyticsOptions, STATISTICS_LOCK } from '../analytics/orm.ts'
import { MIGRATION_LOCK } from '../db/migrate.ts'
import { type Orm, ormOptions } from '../db/orm.ts'
import { BackupError } from './backup-error.ts'
import type { DatabaseKind, Sequence, TablePiece } from './manifest.ts'
import { lookAt, migrationLists, quoted, quotedColumns, type Table, tablesOf } from './tables.ts'

/** Of a table that a running platform reads or writes; then whoever holds it is in the way. */
const LOCK_TIMEOUT = '30s'
/** What a platform without a single account has written already: its media processes say that they are there. */
const ignored = new Set(['media_node'])

/** The one connection of a restore, with its one transaction. */
export interface Session extends AsyncDisposable {
  pool: pg.Pool
  orm: Orm
  commit(): Promise<void>
}

/**
 * Begins the transaction that everything of one database happens in. The mapper's migrations run on the same connection,
 * in the same transaction, so they too are undone when something fails; PostgreSQL can take back any change of a schema.
 */
export async function openSession(url: string): Promise<Session> {
  const orm = await MikroORM.init(ormOptions(url, inOneTransaction(ormOptions(url))))
  const pool: pg.Pool = await orm.em.getConnection().getNativeClient()
  let connections = 0
  pool.on('connect', (client) => {
    connections += 1
    // The transaction was lost with its connection: on another one each statement would stay.
    if (connections > 1) void client.end()
  })
  try {
    await pool.query('begin')
    await pool.query(
      `set local lock_timeout = '${LOCK_TIMEOUT}'; set local statement_timeout = 0;
       set local idle_in_transaction_session_timeout = 0; set local client_encoding = 'UTF8'; set local timezone = 'UTC'`,
    )
  } catch (error) {
    await orm.close(true)
    throw error
  }
  return {
    pool,
    orm,
    commit: async () => void (await pool.query('commit')),
    // Without a commit the transaction goes with its connection.
    [Symbol.asyncDispose]: () => orm.close(true),
  }
}

type Settings = ReturnType<typeof ormOptions>

function inOneTransaction(options: Settings): Partial<Settings> {
  return {
    pool: { min: 0, max: 1, idleTimeoutMillis: 0 },
    // That of the session is there.
    migrations: { ...options.migrations, transactional: false, allOrNothing: false },
  }
}

/** The tables of one of the two kinds, in the transaction of a session. */
export class Target {
  readonly kind: DatabaseKind
  readonly #pool: pg.Pool
  readonly #orm: Orm
  readonly #tables: Table[]

  private constructor(kind: DatabaseKind, pool: pg.Pool, orm: Orm) {
    this.kind = kind
    this.#pool = pool
    this.#orm = orm
    this.#tables = tablesOf(orm)
  }

  static async of(kind: DatabaseKind, { pool, orm }: Session, url: string): Promise<Target> {
    if (kind === 'main') return new Target(kind, pool, orm)
    const options = analyticsOptions(url)
    // The session's own connection; closed with it.
    const driverOptions = orm.em.getConnection().getClient()
    const own = await MikroORM.init({ ...options, ...inOneTransaction(options), driverOptions })
    return new Target(kind, pool, own)
  }

  /** Nobody migrates it meanwhile. @throws {BackupError} unless it is empty */
  async requireEmpty(): Promise<void> {
    await this.#pool.query('select pg_advisory_xact_lock($1)', [
      this.kind === 'main' ? MIGRATION_LOCK : STATISTICS_LOCK,
    ])
    const there = await this.#pool.query<Table>(
      `select n.nspname as schema, c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 2`,
      [migrationLists[this.kind].schema],
    )
    const known = new Set([...this.#tables, migrationLists[this.kind]].map(({ table }) => table))
    const foreign = there.rows.find(({ table }) => !known.has(table))
    if (foreign) throw notEmpty(`the table ${foreign.table}, which is not ours`)
    for (const { table, ...of } of await lookAt(this.#pool, this.#tables)) {
      if (ignored.has(table)) continue
      const { rowCount } = await this.#pool.query(`select 1 from ${quoted({ ...of, table })} limit 1`)
      if (rowCount) throw notEmpty(`rows in the table ${table}`)
    }
  }

  /** Takes the empty tables away and makes those of a version. @throws {BackupError} of a version that is not known here */
  async makeTables(migration: string): Promise<void> {
    const { schema } = migrationLists[this.kind]
    // Whatever earlier migrations made in there, functions and dictionaries too; not what belongs to an extension.
    const { rows } = await this.#pool.query<{ type: string; identity: string }>(
      `select o.type, o.identity from pg_depend d, pg_identify_object(d.classid, d.objid, 0) o
        where d.refclassid = 'pg_namespace'::regclass and d.refobjid = to_regnamespace($1) and d.deptype = 'n'
          and not exists (select 1 from pg_depend e where e.classid = d.classid and e.objid = d.objid and e.deptype = 'e')`,
      [schema],
    )
    for (const { type, identity } of rows) await this.#pool.query(`drop ${type} if exists ${identity} cascade`)
    await this.#pool.query(`create schema if not exists ${schema}`)
    const pending = await this.#orm.migrator.getPending()
    if (!pending.some(({ name }) => name === migration)) {
      throw new BackupError(
        `The backup is of a newer version than this one, which does not know ${migration}: restore it with that version.`,
      )
    }
    await this.#orm.migrator.up({ to: migration })
  }

  /**
   * Fills the tables by `fill`, which is told where one's rows are to be written, and when that is lost. References are taken off before and put
   * on again after, which checks every row; no trigger runs, so each row is as it was.
   */
  async load(
    tables: readonly TablePiece[],
    sequences: readonly Sequence[],
    fill: (piece: TablePiece, sink: Writable, broken: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await this.#requireFit(tables)
    const references = await this.#dropReferences()
    for (const piece of tables) {
      const name = quoted(piece)
      await this.#pool.query(`alter table ${name} disable trigger user`)
      const client = await this.#pool.connect()
      const copy = copyFrom(`copy ${name} (${quotedColumns(piece.columns)}) from stdin`)
      const broken = new AbortController()
      // A connection that breaks before there is anything to write would be noticed by nobody else.
      copy.on('error', (error) => broken.abort(error))
      try {
        await fill(piece, client.query(copy), broken.signal)
      } catch (error) {
        throw broken.signal.reason ?? error
      } finally {
        client.release()
      }
      if (copy.rowCount !== piece.rows) {
        throw new BackupError(`${piece.file} has ${copy.rowCount} rows instead of ${piece.rows}. Nothing was changed.`)
      }
      await this.#pool.query(`alter table ${name} enable trigger user`)
    }
    for (const { schema, sequence, last_value, is_called } of sequences) {
      const name = quoted({ schema, table: sequence })
      await this.#pool.query('select setval($1::regclass, $2::bigint, $3)', [name, last_value, is_called])
    }
    for (const add of references) await this.#pool.query(add)
    if (tables.length > 0) await this.#pool.query(`analyze ${tables.map(quoted).join(', ')}`)
  }

  /** From the backup's version to this one. */
  async bringToThisVersion(): Promise<string[]> {
    return (await this.#orm.migrator.up()).map(({ name }) => name)
  }

  async #requireFit(pieces: readonly TablePiece[]): Promise<void> {
    const inside = await lookAt(this.#pool, pieces)
    for (const { schema, table, columns } of pieces) {
      const made = inside.find((each) => each.schema === schema && each.table === table)
      if (made && made.columns.toSorted().join() === columns.toSorted().join()) continue
      throw new BackupError(`The backup does not fit its own version: ${table} has other columns. Nothing was changed.`)
    }
  }

  /** @returns what puts them on again, as they were */
  async #dropReferences(): Promise<string[]> {
    const { rows } = await this.#pool.query<{ table: string; name: string; definition: string }>(
      `select k.conrelid::regclass::text as table, quote_ident(k.conname) as name, pg_get_constraintdef(k.oid) as definition
         from pg_constraint k join pg_namespace n on n.oid = k.connamespace
        where k.contype = 'f' and k.conparentid = 0 and n.nspname = $1 order by 1, 2`,
      [migrationLists[this.kind].schema],
    )
    for (const { table, name } of rows) await this.#pool.query(`alter table ${table} drop constraint ${name}`)
    return rows.map(({ table, name, definition }) => `alter table ${table} add constraint ${name} ${definition}`)
  }
}

function notEmpty(what: string): BackupError {
  return new BackupError(
    `The database is not empty, it has ${what}. A backup is restored into an empty one only. Either name another one in ` +
      'DATABASE_URL (and ANALYTICS_DATABASE_URL), or start with a new DATA_DIR and DEMO=0. Nothing was changed.',
  )
}
