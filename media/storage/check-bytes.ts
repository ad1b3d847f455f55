import { createHash, type Hash } from 'node:crypto'
import { ObjectStoreError } from './object-store.ts'

/** @throws {ObjectStoreError} `mismatch` */
export function requireHash(key: string, hash: Hash, expected: string): void {
  if (hash.digest('hex') === expected) return
  throw new ObjectStoreError('mismatch', `${key}: the bytes are not those that were promised`)
}

/** @throws {ObjectStoreError} `mismatch` */
export function requireBytes(key: string, bytes: Uint8Array, expected: string): void {
  requireHash(key, createHash('sha256').update(bytes), expected)
}

/** Passes on what comes; its end fails, and so does whoever reads it, when it was not what it should be. */
export async function* checked(
  key: string,
  chunks: AsyncIterable<Uint8Array>,
  expected: string | undefined,
  onProgress?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) {
    if (expected !== undefined) hash.update(chunk)
    yield chunk
    onProgress?.(chunk.length)
  }
  if (expected !== undefined) requireHash(key, hash, expected)
}
