import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import type { Config } from '../../config/config.ts'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import { prepareQueues } from '../jobs/queue.ts'
import { bytesOf, FOLDER, type Manifest } from './manifest.ts'
import { readPiece } from './pieces.ts'
import { openSession, Target } from './target.ts'

type Databases = Pick<Config, 'database' | 'analytics'>

export interface RestoreOptions {
  /** A stage and what it has to go through. */
  stage?(name: string, pieces: number, bytes: number): { bytes(more: number): void; piece(): void; end(): void }
  signal?: AbortSignal | undefined
}

export interface RestoreReport {
  rows: number
  /** That were run after the backup's own. */
  migrations: string[]
}

/** Reads every piece and compares it with the manifest. @throws {BackupError} */
export async function checkBackup(store: ObjectStore, manifest: Manifest, options: RestoreOptions = {}): Promise<void> {
  const pieces = [...manifest.tables, manifest.media]
  const stage = options.stage?.('Checking', pieces.length, bytesOf(manifest))
  try {
    for (const piece of pieces) {
      await readPiece(store, manifest.name, piece, null, { onBytes: stage?.bytes, signal: options.signal })
      stage?.piece()
    }
  } finally {
    stage?.end()
  }
}

/**
 * Brings a backup back into an empty database: tables as they were in its version, its rows, then the migrations since.
 *
 *   begin ──▶ empty? ──▶ the version's tables ──▶ rows, counters ──▶ references ──▶ newer migrations ──▶ commit
 *
 * All of it is one transaction, so whatever fails, the database is as it was before. Statistics in a database of their own
 * have one of their own, committed right before the main one. Needs no rights but those of the database's owner.
 *
 * Check it before (`checkBackup`). Mail and other jobs that waited at the time are not in a backup.
 *
 * @throws {BackupError}
 */
export async function restoreBackup(
  { config, store }: { config: Databases; store: ObjectStore },
  manifest: Manifest,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  const { signal } = options
  await using stack = new AsyncDisposableStack()
  const { targets, sessions } = await openEmpty(config, stack)
  for (const target of targets) await target.makeTables(manifest.migrations[target.kind])
  const bytes = manifest.tables.reduce((total, each) => total + each.bytes, 0)
  const stage = options.stage?.('Restoring', manifest.tables.length, bytes)
  try {
    for (const target of targets) {
      const isOf = ({ database }: { database: string }) => database === target.kind
      await target.load(manifest.tables.filter(isOf), manifest.sequences.filter(isOf), async (piece, sink, broken) => {
        const either = signal ? AbortSignal.any([signal, broken]) : broken
        await readPiece(store, manifest.name, piece, sink, { onBytes: stage?.bytes, signal: either })
        stage?.piece()
      })
    }
  } finally {
    stage?.end()
  }
  const migrations: string[] = []
  for (const target of targets) migrations.push(...(await target.bringToThisVersion()))
  signal?.throwIfAborted()
  for (const session of sessions.toReversed()) await session.commit()
  await prepareQueues(config.database.url)
  return { rows: manifest.tables.reduce((total, { rows }) => total + rows, 0), migrations }
}

/** Before anything long is begun. @throws {BackupError} */
export async function requireEmptyDatabase(config: Databases): Promise<void> {
  await using stack = new AsyncDisposableStack()
  await openEmpty(config, stack)
}

/** Each with its transaction begun. The main one is the first. */
async function openEmpty({ database, analytics }: Databases, stack: AsyncDisposableStack) {
  const main = stack.use(await openSession(database.url))
  const other = analytics.url === database.url ? main : stack.use(await openSession(analytics.url))
  const targets = [
    await Target.of('main', main, database.url),
    await Target.of('statistics', other, analytics.url),
  ] as const
  for (const target of targets) await target.requireEmpty()
  return { targets, sessions: [...new Set([main, other])] }
}

/** Objects that were in the store then and are not now, or have another size: how many, and the first few. */
export async function findMissingMedia(
  store: ObjectStore,
  manifest: Manifest,
): Promise<{ missing: number; examples: string[] }> {
  const there = new Map<string, number>()
  for await (const { key, size } of store.list('')) if (!key.startsWith(FOLDER)) there.set(key, size)
  const examples: string[] = []
  let missing = 0
  const lines = new PassThrough()
  const reading = readPiece(store, manifest.name, manifest.media, lines)
  const counting = (async () => {
    for await (const line of createInterface({ input: lines, crlfDelay: Number.POSITIVE_INFINITY })) {
      const { key, size } = JSON.parse(line) as { key: string; size: number }
      if (there.get(key) === size) continue
      missing += 1
      if (examples.length < EXAMPLES) examples.push(key)
    }
  })()
  await Promise.all([reading, counting])
  return { missing, examples }
}

const EXAMPLES = 5
