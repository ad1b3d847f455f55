import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { stampOf } from './walk-folder.ts'

/** Up to this a file is read once, into memory, and sent from there; above, it is read twice. */
export const SMALL_BYTES = 4 * 1024 * 1024
const CHUNK_BYTES = 1024 * 1024
/** A write so shortly before the reading may be followed by one that leaves the same times. */
const SAME_TICK_NS = 50_000_000n

export interface ReadFile {
  sizeBytes: number
  sha256: string
  /** Null when a later change might not show in it. */
  stamp: string | null
  /** The whole content of a small file. */
  bytes: Uint8Array | null
}

/**
 * @returns null when the file changed while it was read, or is no ordinary file any more
 * @throws an error of the file system
 */
export async function readFile(file: string, signal?: AbortSignal): Promise<ReadFile | null> {
  // A FIFO put in its place would otherwise keep us waiting, and a link would lead us out of the folder.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const before = await handle.stat({ bigint: true })
  if (!before.isFile()) return null
  const sizeBytes = Number(before.size)
  const bytes = sizeBytes <= SMALL_BYTES ? await readSmall(handle, sizeBytes) : null
  const hash = createHash('sha256')
  if (bytes) hash.update(bytes)
  else await hashLarge(handle, hash, signal)
  const after = await handle.stat({ bigint: true })
  if (stampOf(after) !== stampOf(before) || (bytes && bytes.length !== sizeBytes)) return null
  const isFresh = BigInt(Date.now()) * 1_000_000n - after.ctimeNs < SAME_TICK_NS
  return { sizeBytes, sha256: hash.digest('hex'), stamp: isFresh ? null : stampOf(after), bytes }
}

async function readSmall(handle: FileHandle, size: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(size)
  let at = 0
  while (at < size) {
    const { bytesRead } = await handle.read(buffer, at, size - at, at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return buffer.subarray(0, at)
}

async function hashLarge(handle: FileHandle, hash: ReturnType<typeof createHash>, signal?: AbortSignal): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let at = 0; ; ) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, at)
    if (bytesRead === 0) return
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}
