import type { ObjectStore } from '../../media/storage/object-store.ts'
import type { Patience } from '../../media/storage/patience.ts'
import { HashThreads } from './hash-threads.ts'
import { LibraryError } from './library-error.ts'
import { foldedPath, folderPrefix, hashOfKey, problemOfPath } from './library-path.ts'
import type { Manifest } from './manifest.ts'
import { ManifestWriter } from './manifest-writer.ts'
import { runAll } from './run-all.ts'
import { sendFile } from './send-file.ts'
import { type LocalFile, reasonOf, type Trouble, walkFolder } from './walk-folder.ts'

export interface Library {
  store: ObjectStore
  manifest: Manifest
  patience: Patience
}

export interface Progress {
  /** Before anything is sent. */
  begin?(files: number, bytes: number): void
  /** Bytes more that are in the store; fewer, when an attempt is to be repeated. */
  bytes?(count: number): void
  /** One more file is done with. */
  file?(): void
}

export interface UploadOptions {
  prefix: string
  concurrency: number
  isDryRun?: boolean
  progress?: Progress
  signal?: AbortSignal
}

export interface UploadReport {
  /** What the folder has. */
  files: number
  bytes: number
  /** As the manifest says it is in the store already. */
  unchanged: number
  /** Sent now. */
  sent: number
  sentBytes: number
  /** Of a content that the store has: not sent again. */
  linked: number
  /** To be sent or linked; of a dry run. */
  due: number
  dueBytes: number
  skipped: Trouble[]
  failed: Trouble[]
  /** Names that some disks take for one. All are kept. */
  alike: [string, string][]
}

/**
 * Brings a folder into the library.
 *
 *   walk ──▶ not as the manifest knows it ──▶ plan ──▶ hash ──▶ in the store? ──▶ send ──▶ manifest
 *
 * Guarantees:
 *   1. Killed at any instant, or cut from the network, the next run goes on: an object is complete or not there, its name
 *      is its content's hash, and only then does the manifest name it. What the manifest did not get to know is
 *      found in the store's list, and a large file's parts are kept.
 *   2. Equal contents are sent once, however many files have them, also when they are sent side by side.
 *   3. What is in the store is what was read at one moment: a file that changes while it is sent is read anew, and fails
 *      when it does not come to rest.
 *   4. A file that cannot be read costs that file; a store that stays away, or is full, ends the run.
 *
 * @throws {LibraryError} @throws {ObjectStoreError}
 */
export async function upload(library: Library, folder: string, options: UploadOptions): Promise<UploadReport> {
  const prefix = folderPrefix(options.prefix)
  const problem = prefix && problemOfPath(prefix.slice(0, -1))
  if (problem) throw new LibraryError(`The prefix cannot be used: ${problem}.`)
  const walk = await walkFolder(folder, prefix).catch((error: unknown) => {
    throw new LibraryError(`The folder cannot be read: ${reasonOf(error)}.`)
  })
  const known = new Map((await library.manifest.rows(prefix)).map((row) => [row.path, row]))
  const due = walk.files.filter(({ path, stamp }) => {
    const row = known.get(path)
    return !row?.key || row.stamp !== stamp
  })
  const report: UploadReport = {
    files: walk.files.length,
    bytes: sum(walk.files),
    unchanged: walk.files.length - due.length,
    sent: 0,
    sentBytes: 0,
    linked: 0,
    due: due.length,
    dueBytes: sum(due),
    skipped: walk.skipped,
    failed: walk.failed,
    alike: alikeOf(walk.files),
  }
  options.progress?.begin?.(due.length, report.dueBytes)
  if (options.isDryRun || due.length === 0) return report
  const [objects] = await Promise.all([objectsOf(library), library.manifest.plan(due)])
  // The large ones first: at the end nothing waits for one of them alone.
  due.sort((a, b) => b.sizeBytes - a.sizeBytes)
  await using threads = new HashThreads()
  await using writer = new ManifestWriter(library.manifest)
  await runAll(due, options.concurrency, options.signal, async (file, signal) => {
    const unfinished = known.get(file.path)?.unfinished ?? null
    const outcome = await sendFile(
      { ...library, objects, threads, signal, progress: options.progress },
      file,
      unfinished,
    )
    if ('why' in outcome) {
      report.failed.push(outcome)
      await writer.fail(outcome)
    } else {
      if (outcome.isSent) report.sentBytes += outcome.stored.sizeBytes
      report[outcome.isSent ? 'sent' : 'linked']++
      await writer.keep(outcome.stored)
    }
    options.progress?.file?.()
  })
  await writer.flush()
  return report
}

/** Contents that the store has, by hash: whatever an earlier run put there, told the manifest of it or not. */
async function objectsOf({ store, patience }: Library): Promise<Map<string, { key: string; size: number }>> {
  return patience.of(async () => {
    const objects = new Map<string, { key: string; size: number }>()
    for await (const { key, size } of store.list('library/')) {
      const sha256 = hashOfKey(key)
      if (sha256) objects.set(sha256, { key, size })
    }
    return objects
  })
}

function alikeOf(files: readonly LocalFile[]): [string, string][] {
  const firsts = new Map<string, string>()
  return files.flatMap(({ path }) => {
    const folded = foldedPath(path)
    const first = firsts.get(folded)
    firsts.set(folded, first ?? path)
    return first === undefined ? [] : [[first, path] as [string, string]]
  })
}

function sum(files: readonly { sizeBytes: number }[]): number {
  return files.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
}
