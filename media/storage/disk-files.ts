import { copyFile, link, open } from 'node:fs/promises'
import { ObjectStoreError, type ObjectStoreErrorCode } from './object-store.ts'

/** Another file system, one without links, too many links, or a file that is not ours to link (protected_hardlinks). */
export const cannotLink: ReadonlySet<string> = new Set([
  ...['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES'],
])

const codes: Record<string, ObjectStoreErrorCode> = {
  ENOENT: 'not_found',
  ENOTDIR: 'not_found',
  EISDIR: 'not_found',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EEXIST: 'exists',
}

export async function linkOrCopy(file: string, unfinished: string): Promise<void> {
  try {
    await link(file, unfinished)
  } catch (error) {
    if (!cannotLink.has(codeOf(error))) throw error
    await copyWhole(file, unfinished)
  }
}

export async function copyWhole(file: string, unfinished: string): Promise<void> {
  await copyFile(file, unfinished)
  await syncContent(unfinished)
}

export async function writeWhole(
  path: string,
  chunks: Uint8Array | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  await using handle = await open(path, 'wx')
  if (chunks instanceof Uint8Array) await handle.writeFile(chunks)
  else {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      await handle.writeFile(chunk)
    }
  }
  await handle.datasync()
}

export async function syncContent(file: string): Promise<void> {
  await using handle = await open(file)
  await handle.datasync()
}

export async function syncName(folder: string): Promise<void> {
  await using handle = await open(folder)
  await handle.sync()
}

export async function guarded<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ObjectStoreError) throw error
    const code = codes[codeOf(error)] ?? 'unavailable'
    throw new ObjectStoreError(code, `${key}: ${codeOf(error) || 'failed'}`, { cause: error })
  }
}

export function nullWhenMissing(error: unknown): null {
  if (error instanceof ObjectStoreError && error.code === 'not_found') return null
  throw error
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
