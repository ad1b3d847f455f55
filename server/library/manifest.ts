import type pg from 'pg'

/** A file of the library. `sha256` and `key` are null until the store has it. */
export interface ManifestRow {
  path: string
  sizeBytes: number
  sha256: string | null
  key: string | null
  stamp: string | null
  unfinished: string | null
  problem: string | null
}

export interface StoredFile {
  path: string
  sizeBytes: number
  sha256: string
  key: string
  /** Null when it was written to in the very moment it was read: the next run reads it again. */
  stamp: string | null
}

const ROWS_AT_ONCE = 2000
const columns = `path, size_bytes::float8 as "sizeBytes", sha256, key, stamp, unfinished, problem`

/**
 * The rows of LibraryFile, many at a time. By SQL, not by the mapper: ten thousand rows are read before the mapper has
 * been loaded, and a command that is run again and again should not wait for it.
 */
export class Manifest {
  readonly #db: pg.Pool

  constructor(db: pg.Pool) {
    this.#db = db
  }

  /** Ordered by path. */
  async rows(prefix: string): Promise<ManifestRow[]> {
    const text = `select ${columns} from library_file where starts_with(path, $1) order by path collate "C"`
    const { rows } = await this.#db.query<ManifestRow>(text, [prefix])
    return rows
  }

  async find(path: string): Promise<ManifestRow | null> {
    const { rows } = await this.#db.query<ManifestRow>(`select ${columns} from library_file where path = $1`, [path])
    return rows[0] ?? null
  }

  /** Every object that a file of the library is in, whatever its path. */
  async keys(): Promise<Set<string>> {
    const text = 'select distinct key from library_file where key is not null'
    const { rows } = await this.#db.query<{ key: string }>(text)
    return new Set(rows.map(({ key }) => key))
  }

  /** What is going to be sent, so that others see how much is left. What is known already stays as it is. */
  async plan(files: readonly { path: string; sizeBytes: number }[]): Promise<void> {
    await this.#inPieces(files, async (some) => {
      await this.#db.query(
        `insert into library_file (path, size_bytes, created_at, updated_at)
         select path, size, now(), now() from unnest($1::text[], $2::bigint[]) as file (path, size)
         on conflict (path) do nothing`,
        [some.map(({ path }) => path), some.map(({ sizeBytes }) => sizeBytes)],
      )
    })
  }

  /** What the store has now. */
  async keep(files: readonly StoredFile[]): Promise<void> {
    await this.#inPieces(files, async (some) => {
      await this.#db.query(
        `insert into library_file (path, size_bytes, sha256, key, stamp, created_at, updated_at)
         select path, size, sha256, key, stamp, now(), now()
           from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[]) as file (path, size, sha256, key, stamp)
         on conflict (path) do update set size_bytes = excluded.size_bytes, sha256 = excluded.sha256, key = excluded.key,
           stamp = excluded.stamp, unfinished = null, problem = null, updated_at = now()`,
        [
          some.map(({ path }) => path),
          some.map(({ sizeBytes }) => sizeBytes),
          some.map(({ sha256 }) => sha256),
          some.map(({ key }) => key),
          some.map(({ stamp }) => stamp),
        ],
      )
    })
  }

  async keepUnfinished(path: string, token: string | null): Promise<void> {
    await this.#db.query('update library_file set unfinished = $2, updated_at = now() where path = $1', [path, token])
  }

  async keepProblems(troubles: readonly { path: string; why: string }[]): Promise<void> {
    await this.#inPieces(troubles, async (some) => {
      await this.#db.query(
        `update library_file set problem = why, updated_at = now()
           from unnest($1::text[], $2::text[]) as trouble (at, why) where path = at`,
        [some.map(({ path }) => path), some.map(({ why }) => why)],
      )
    })
  }

  /** The store has lost these objects: their files are to be sent again. */
  async loseObjects(keys: readonly string[]): Promise<void> {
    await this.#db.query(
      `update library_file set key = null, sha256 = null, stamp = null, problem = 'the store has lost it', updated_at = now()
        where key = any($1::text[])`,
      [keys],
    )
  }

  async remove(paths: readonly string[]): Promise<void> {
    await this.#inPieces(paths, async (some) => {
      await this.#db.query('delete from library_file where path = any($1::text[])', [some])
    })
  }

  async #inPieces<T>(all: readonly T[], work: (some: T[]) => Promise<void>): Promise<void> {
    for (let at = 0; at < all.length; at += ROWS_AT_ONCE) await work(all.slice(at, at + ROWS_AT_ONCE))
  }
}
