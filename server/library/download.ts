import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, mkdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ObjectStoreError } from '../../media/storage/object-store.ts'
import { folderPrefix, problemOfPath } from './library-path.ts'
import { runAll } from './run-all.ts'
import type { Library, Progress } from './upload.ts'
import { type Trouble, UNFINISHED } from './walk-folder.ts'

export interface DownloadOptions {
  prefix: string
  concurrency: number
  progress?: Progress
  signal?: AbortSignal
}

export interface DownloadReport {
  files: number
  unchanged: number
  fetched: number
  failed: Trouble[]
}

interface Wanted {
  path: string
  target: string
}

/**
 * Brings the library, or a part of it, into a folder. Each content is fetched once and checked before it gets its name;
 * one that was broken off goes on where it stopped. Files of the folder that the library does not have are left alone.
 *
 * @throws {ObjectStoreError}
 */
export async function download(library: Library, folder: string, options: DownloadOptions): Promise<DownloadReport> {
  const prefix = folderPrefix(options.prefix)
  const rows = await library.manifest.rows(prefix)
  const report: DownloadReport = { files: rows.length, unchanged: 0, fetched: 0, failed: [] }
  const contents = new Map<string, { key: string; sizeBytes: number; wanted: Wanted[] }>()
  for (const { path, key, sha256, sizeBytes } of rows) {
    const name = path.slice(prefix.length)
    const why = problemOfPath(name) ?? (key === null ? 'the store does not have it' : null)
    if (why) report.failed.push({ path, why })
    if (why || key === null || sha256 === null) continue
    const content = contents.get(sha256) ?? { key, sizeBytes, wanted: [] }
    contents.set(sha256, content)
    content.wanted.push({ path, target: join(folder, name) })
  }
  const all = [...contents]
  const bytes = all.reduce((total, [, { sizeBytes }]) => total + sizeBytes, 0)
  options.progress?.begin?.(all.length, bytes)
  await mkdir(join(folder, UNFINISHED), { recursive: true })
  await runAll(all, options.concurrency, options.signal, async ([sha256, { key, sizeBytes, wanted }], signal) => {
    const missing: Wanted[] = []
    for (const each of wanted) {
      if (await isThere(each.target, sizeBytes, sha256)) report.unchanged++
      else missing.push(each)
    }
    if (missing.length === 0) options.progress?.bytes?.(sizeBytes)
    else {
      const part = join(folder, UNFINISHED, sha256)
      try {
        await library.patience.of(() => fetchWhole(library, key, part, sha256, options.progress, signal), signal)
        for (const [index, { path, target }] of missing.entries()) {
          const error = await place(part, target, index === missing.length - 1)
          if (error) report.failed.push({ path, why: error })
          else report.fetched++
        }
        await rm(part, { force: true })
      } catch (error) {
        if (!(error instanceof ObjectStoreError) || error.code === 'unavailable' || error.code === 'full') throw error
        const why = error.code === 'not_found' ? 'the store has lost it' : 'the store has something else in its place'
        report.failed.push(...missing.map(({ path }) => ({ path, why })))
      }
    }
    options.progress?.file?.()
  })
  await rm(join(folder, UNFINISHED), { recursive: true, force: true })
  return report
}

/** Goes on behind what is there. Wrong at the end: begun anew by whoever tries again. */
async function fetchWhole(
  { store }: Library,
  key: string,
  part: string,
  sha256: string,
  progress: Progress | undefined,
  signal: AbortSignal,
): Promise<void> {
  let start = await stat(part).then(
    ({ size }) => size,
    () => 0,
  )
  const { size } = (await store.head(key)) ?? {}
  if (size === undefined) throw new ObjectStoreError('not_found', `${key} is not there`)
  if (start > size) {
    await unlink(part)
    start = 0
  }
  progress?.bytes?.(start)
  let counted = start
  try {
    if (start < size || size === 0) {
      const { body } = await store.get(key, start > 0 ? { start } : undefined)
      body.on('data', (chunk: Buffer) => {
        counted += chunk.length
        progress?.bytes?.(chunk.length)
      })
      await pipeline(body, createWriteStream(part, { flags: 'a' }), { signal })
    }
    if ((await hashOf(part)) === sha256) return
    await unlink(part)
    throw new ObjectStoreError('mismatch', `${key} is not what its name says`)
  } catch (error) {
    progress?.bytes?.(-counted)
    signal.throwIfAborted()
    if (error instanceof ObjectStoreError) throw error
    const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC'
    throw new ObjectStoreError(isFull ? 'full' : 'unavailable', `${key} broke off`, { cause: error })
  }
}

/** @returns why not, or null */
async function place(part: string, target: string, isLast: boolean): Promise<string | null> {
  try {
    await mkdir(dirname(target), { recursive: true })
    if (isLast) await rename(part, target)
    else await copyFile(part, target)
    return null
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    return `it cannot be written here (${code})`
  }
}

async function isThere(target: string, sizeBytes: number, sha256: string): Promise<boolean> {
  const found = await stat(target).catch(() => null)
  return found?.isFile() === true && found.size === sizeBytes && (await hashOf(target)) === sha256
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}
