import { Readable } from 'node:stream'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import type { Patience } from '../../media/storage/patience.ts'
import { hashOfKey } from './library-path.ts'
import { runAll } from './run-all.ts'
import type { Progress } from './upload.ts'

export interface MigrateOptions {
  concurrency: number
  progress?: Progress
  signal?: AbortSignal
}

export interface MigrateReport {
  objects: number
  bytes: number
  copied: number
  /** There already. */
  unchanged: number
  /** Deleted by the platform meanwhile. */
  gone: number
  /** Library objects whose content is not what their name says: left where they are. */
  broken: string[]
}

/**
 * Copies every object of one store that another lacks, while the platform uses both (`MigratingStore`). Run again it goes
 * on. Never replaces: what is in the new store is newer. Deletes nothing in the old one.
 *
 * @throws {ObjectStoreError}
 */
export async function migrateObjects(
  from: ObjectStore,
  to: ObjectStore,
  patience: Patience,
  options: MigrateOptions,
): Promise<MigrateReport> {
  const report: MigrateReport = { objects: 0, bytes: 0, copied: 0, unchanged: 0, gone: 0, broken: [] }
  const there = await patience.of(async () => {
    const keys = new Set<string>()
    for await (const { key } of to.list('')) keys.add(key)
    return keys
  })
  const due = await patience.of(async () => {
    const missing: { key: string; size: number }[] = []
    report.objects = report.bytes = 0
    for await (const object of from.list('')) {
      report.objects++
      report.bytes += object.size
      if (!there.has(object.key)) missing.push(object)
    }
    return missing
  })
  report.unchanged = report.objects - due.length
  options.progress?.begin?.(
    due.length,
    due.reduce((total, { size }) => total + size, 0),
  )
  await runAll(due, options.concurrency, options.signal, async ({ key }, signal) => {
    const outcome = await patience.of(() => copyObject(from, to, key, options.progress, signal), signal)
    if (outcome === 'broken') report.broken.push(key)
    else report[outcome]++
    options.progress?.file?.()
  })
  return report
}

async function copyObject(
  from: ObjectStore,
  to: ObjectStore,
  key: string,
  progress: Progress | undefined,
  signal: AbortSignal,
): Promise<'copied' | 'unchanged' | 'gone' | 'broken'> {
  let counted = 0
  try {
    const { body, size, contentType } = await from.get(key)
    const sha256 = hashOfKey(key) ?? undefined
    const chunks = async function* () {
      let length = 0
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        length += chunk.length
        yield chunk
      }
      // A source that ends early must not become a whole object.
      if (length !== size) throw new ObjectStoreError('unavailable', `${key} broke off`)
    }
    await to.put(key, Readable.from(chunks(), { objectMode: false }), {
      ...(contentType ? { contentType } : {}),
      ...(sha256 ? { sha256 } : {}),
      ifAbsent: true,
      signal,
      onProgress(bytes) {
        counted += bytes
        progress?.bytes?.(bytes)
      },
    })
  } catch (error) {
    progress?.bytes?.(-counted)
    signal.throwIfAborted()
    if (!(error instanceof ObjectStoreError)) throw error
    if (error.code === 'not_found') return 'gone'
    if (error.code === 'exists') return 'unchanged'
    if (error.code === 'mismatch') return 'broken'
    throw error
  }
  // Deleted while it was copied: both were told, and the copy came after. Keys are never used again.
  if (await from.head(key)) return 'copied'
  await to.delete([key])
  return 'gone'
}
