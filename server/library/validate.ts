import { createHash } from 'node:crypto'
import { ObjectStoreError } from '../../media/storage/object-store.ts'
import { folderPrefix } from './library-path.ts'
import { runAll } from './run-all.ts'
import type { Library, Progress } from './upload.ts'

export interface ValidateOptions {
  prefix: string
  /** Reads every object and compares its hash. */
  isDeep: boolean
  concurrency: number
  progress?: Progress
  signal?: AbortSignal
}

export interface ValidateReport {
  files: number
  /** Files whose object is there and, as far as was looked, right. */
  right: number
  /** Paths of files that no upload has finished. */
  unsent: string[]
  /** Objects that the manifest names. */
  objects: number
  missing: string[]
  wrongSize: string[]
  wrongContent: string[]
  /** Objects that the manifest does not name; when the whole library is looked at. */
  extra: string[]
}

/** Every object against the manifest. Changes nothing. @throws {ObjectStoreError} */
export async function validate(library: Library, options: ValidateOptions): Promise<ValidateReport> {
  const { store, manifest, patience } = library
  const prefix = folderPrefix(options.prefix)
  const sizes = await patience.of(async () => {
    const found = new Map<string, number>()
    for await (const { key, size } of store.list('library/')) found.set(key, size)
    return found
  })
  // Read after the list: an upload that runs meanwhile adds rows whose objects the list lacks, so those are looked for.
  const rows = await manifest.rows(prefix)
  const report: ValidateReport = {
    files: rows.length,
    right: 0,
    unsent: rows.filter(({ key }) => key === null).map(({ path }) => path),
    objects: 0,
    missing: [],
    wrongSize: [],
    wrongContent: [],
    extra: [],
  }
  const expected = new Map(rows.flatMap(({ key, sha256, sizeBytes }) => (key ? [[key, { sha256, sizeBytes }]] : [])))
  report.objects = expected.size
  const readable: string[] = []
  for (const [key, { sizeBytes }] of expected) {
    const size = sizes.get(key) ?? (await patience.of(() => store.head(key)))?.size
    if (size === undefined) report.missing.push(key)
    else if (size !== sizeBytes) report.wrongSize.push(key)
    else readable.push(key)
  }
  if (options.isDeep) {
    options.progress?.begin?.(
      readable.length,
      readable.reduce((total, key) => total + (expected.get(key)?.sizeBytes ?? 0), 0),
    )
    await runAll(readable, options.concurrency, options.signal, async (key, signal) => {
      const sha256 = await patience.of(() => hashOf(library, key, options.progress, signal), signal)
      if (sha256 === null) report.missing.push(key)
      else if (sha256 !== expected.get(key)?.sha256) report.wrongContent.push(key)
      options.progress?.file?.()
    })
  }
  if (prefix === '') {
    const named = await manifest.keys()
    report.extra = [...sizes.keys()].filter((key) => !named.has(key))
  }
  const wrong = new Set([...report.missing, ...report.wrongSize, ...report.wrongContent])
  report.right = rows.filter(({ key }) => key !== null && !wrong.has(key)).length
  return report
}

/** @returns null when it is gone */
async function hashOf(
  { store }: Library,
  key: string,
  progress: Progress | undefined,
  signal: AbortSignal,
): Promise<string | null> {
  const hash = createHash('sha256')
  let counted = 0
  try {
    const { body } = await store.get(key)
    for await (const chunk of body) {
      signal.throwIfAborted()
      hash.update(chunk)
      counted += chunk.length
      progress?.bytes?.(chunk.length)
    }
    return hash.digest('hex')
  } catch (error) {
    progress?.bytes?.(-counted)
    signal.throwIfAborted()
    if (error instanceof ObjectStoreError && error.code === 'not_found') return null
    if (error instanceof ObjectStoreError) throw error
    // A connection that breaks in the midst of a body.
    throw new ObjectStoreError('unavailable', `${key} broke off`, { cause: error })
  }
}
