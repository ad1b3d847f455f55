import { folderPrefix } from './library-path.ts'
import type { Library } from './upload.ts'
import { walkFolder } from './walk-folder.ts'

/** An upload that was broken off may be gone on with for so long. */
const UNFINISHED_KEPT_MS = 7 * 24 * 3600 * 1000

export interface PruneOptions {
  /** What it does not have any more leaves the library; without it only what no file of the library is in. */
  folder: string | null
  prefix: string
  isDryRun: boolean
}

export interface PruneReport {
  /** Paths that left the library. */
  gone: string[]
  /** Objects that no file of the library is in. */
  objects: number
  bytes: number
  /** Uploads that nobody goes on with. */
  unfinished: number
}

/** Needs the library alone: see `lockLibrary`. @throws {ObjectStoreError} */
export async function prune({ store, manifest, patience }: Library, options: PruneOptions): Promise<PruneReport> {
  const gone = options.folder === null ? [] : await findGone(manifest, options.folder, options.prefix)
  if (!options.isDryRun) await manifest.remove(gone)
  const named = await manifest.keys()
  if (options.isDryRun && gone.length > 0) await leaveOut(manifest, named, new Set(gone))
  const extra: { key: string; size: number }[] = []
  for await (const object of store.list('library/')) if (!named.has(object.key)) extra.push(object)
  if (!options.isDryRun && extra.length > 0) await patience.of(() => store.delete(extra.map(({ key }) => key)))
  return {
    gone,
    objects: extra.length,
    bytes: extra.reduce((total, { size }) => total + size, 0),
    unfinished: options.isDryRun ? 0 : await store.sweep(new Date(Date.now() - UNFINISHED_KEPT_MS)),
  }
}

/** A folder that cannot be read whole proves nothing of what is gone. */
async function findGone(manifest: Library['manifest'], folder: string, prefix: string): Promise<string[]> {
  const { files, failed } = await walkFolder(folder, folderPrefix(prefix))
  const here = new Set([...files, ...failed].map(({ path }) => path))
  const unread = failed.map(({ path }) => path).filter((path) => path.endsWith('/'))
  const rows = await manifest.rows(folderPrefix(prefix))
  return rows
    .map(({ path }) => path)
    .filter((path) => !here.has(path) && !unread.some((start) => start === '/' || path.startsWith(start)))
}

async function leaveOut(manifest: Library['manifest'], named: Set<string>, gone: ReadonlySet<string>): Promise<void> {
  const rows = await manifest.rows('')
  const kept = new Set(rows.filter(({ path }) => !gone.has(path)).map(({ key }) => key))
  for (const key of [...named]) if (!kept.has(key)) named.delete(key)
}
