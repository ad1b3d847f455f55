import { createHash, hash } from 'node:crypto'
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { stampOf } from './walk-folder.ts'

/** Up to this a file is read once, into memory, and sent from there; above, it is read twice. */
export const SMALL_BYTES = 4 * 1024 * 1024
/** Up to this it is read without a trip to the thread pool, of which each of four costs more than the reading. */
const TINY_BYTES = 256 * 1024
/** Unless the disk is slow: then others go on meanwhile. */
const SLOW_MS = 10
const SLOW_FILES = 20
const CHUNK_BYTES = 1024 * 1024
/** A write so shortly before the reading may be followed by one that leaves the same times. */
const SAME_TICK_NS = 50_000_000n
/** A FIFO put in its place would otherwise keep us waiting, and a link would lead us out of the folder. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

export interface ReadFile {
  sizeBytes: number
  sha256: string
  /** Null when a later change might not show in it. */
  stamp: string | null
  /** The whole content of a small file. */
  bytes: Uint8Array | null
}

let slowFilesLeft = 0

/**
 * A small file.
 *
 * @returns null when the file changed while it was read, has grown large, or is no ordinary file any more
 * @throws an error of the file system
 */
export async function readSmall(file: string, sizeBytes: number): Promise<ReadFile | null> {
  if (sizeBytes > TINY_BYTES || slowFilesLeft-- > 0) return readLater(file)
  const startedAt = performance.now()
  const fd = openSync(file, FLAGS)
  try {
    const before = fstatSync(fd, { bigint: true })
    if (!before.isFile() || before.size > BigInt(SMALL_BYTES)) return null
    const bytes = Buffer.allocUnsafe(Number(before.size))
    if (readSync(fd, bytes, 0, bytes.length, 0) < bytes.length) return null
    return finished(stampOf(before), fstatSync(fd, { bigint: true }), hash('sha256', bytes), bytes)
  } finally {
    closeSync(fd)
    if (performance.now() - startedAt > SLOW_MS) slowFilesLeft = SLOW_FILES
  }
}

async function readLater(file: string): Promise<ReadFile | null> {
  await using handle = await open(file, FLAGS)
  const before = await handle.stat({ bigint: true })
  if (!before.isFile() || before.size > BigInt(SMALL_BYTES)) return null
  const bytes = Buffer.allocUnsafe(Number(before.size))
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at)
    if (bytesRead === 0) return null
    at += bytesRead
  }
  const sha256 = hash('sha256', bytes)
  return finished(stampOf(before), await handle.stat({ bigint: true }), sha256, bytes)
}

/** As `readSmall`, of a file of any size; keeps nothing of it. Blocks for as long as it takes: for a thread of its own. */
export function hashLarge(file: string): ReadFile | null {
  const fd = openSync(file, FLAGS)
  try {
    const before = fstatSync(fd, { bigint: true })
    if (!before.isFile()) return null
    const whole = createHash('sha256')
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    for (let at = 0; ; ) {
      const read = readSync(fd, buffer, 0, CHUNK_BYTES, at)
      if (read === 0) break
      whole.update(buffer.subarray(0, read))
      at += read
    }
    return finished(stampOf(before), fstatSync(fd, { bigint: true }), whole.digest('hex'), null)
  } finally {
    closeSync(fd)
  }
}

function finished(stamp: string, after: BigIntStats, sha256: string, bytes: Uint8Array | null): ReadFile | null {
  if (stampOf(after) !== stamp) return null
  const isFresh = BigInt(Date.now()) * 1_000_000n - after.ctimeNs < SAME_TICK_NS
  return { sizeBytes: Number(after.size), sha256, stamp: isFresh ? null : stamp, bytes }
}
