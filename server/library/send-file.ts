import { stat } from 'node:fs/promises'
import { type ObjectBody, ObjectStoreError, type PutOptions } from '../../media/storage/object-store.ts'
import type { HashThreads } from './hash-threads.ts'
import { objectKey } from './library-path.ts'
import type { StoredFile } from './manifest.ts'
import { type ReadFile, readSmall, SMALL_BYTES } from './read-file.ts'
import type { Library, Progress } from './upload.ts'
import { type LocalFile, reasonOf, type Trouble } from './walk-folder.ts'

export interface Sending extends Library {
  /** What the store has, by hash; what is sent is added. A promise: it is on its way. */
  objects: Map<string, { key: string; size: number } | Promise<{ key: string; size: number } | null>>
  threads: HashThreads
  progress: Progress | undefined
  signal: AbortSignal
}

/** A file that is being written to is read so often before it is left for the next run. */
const READINGS = 3

type Outcome = { stored: StoredFile; isSent: boolean } | Trouble

/**
 * @param unfinished how far an earlier run came with it
 * @throws {ObjectStoreError} of the store as a whole
 */
export async function sendFile(sending: Sending, local: LocalFile, unfinished: string | null): Promise<Outcome> {
  for (let reading = 1; reading <= READINGS; reading++) {
    let content: ReadFile | null
    try {
      const { file, sizeBytes } = local
      content = sizeBytes <= SMALL_BYTES ? await readSmall(file, sizeBytes) : await sending.threads.hash(file)
    } catch (error) {
      sending.signal.throwIfAborted()
      return { path: local.path, why: reasonOf(error) }
    }
    const sent = content && (await sendContent(sending, local, content, unfinished))
    if (!content) local.sizeBytes = (await stat(local.file).catch(() => null))?.size ?? local.sizeBytes
    if (!content || !sent) continue
    const { sizeBytes, sha256, stamp } = content
    return { stored: { path: local.path, sizeBytes, sha256, key: sent.key, stamp }, isSent: sent.isSent }
  }
  return { path: local.path, why: 'it keeps changing while it is read' }
}

/** @returns null when the file is not what was read any more */
async function sendContent(
  sending: Sending,
  local: LocalFile,
  content: ReadFile,
  unfinished: string | null,
): Promise<{ key: string; isSent: boolean } | null> {
  const { objects } = sending
  const { sha256, sizeBytes } = content
  for (;;) {
    const there = await objects.get(sha256)
    if (there && there.size === sizeBytes) {
      sending.progress?.bytes?.(local.sizeBytes)
      return { key: there.key, isSent: false }
    }
    // Whoever comes with the same content meanwhile waits for this one; should it fail, the next one tries.
    if (objects.get(sha256) instanceof Promise) continue
    const key = objectKey(sha256, local.path)
    const flight = put(sending, key, local, content, unfinished).then((isPut) =>
      isPut ? { key, size: sizeBytes } : null,
    )
    const awaited = flight.catch(() => null)
    objects.set(sha256, awaited)
    try {
      const object = await flight
      if (object) objects.set(sha256, object)
      return object && { key, isSent: true }
    } finally {
      if (objects.get(sha256) === awaited) objects.delete(sha256)
    }
  }
}

/** @returns whether the file was still what had been read */
async function put(
  { store, manifest, patience, progress, signal }: Sending,
  key: string,
  { path, file }: LocalFile,
  { sha256, bytes }: ReadFile,
  unfinished: string | null,
): Promise<boolean> {
  const body: ObjectBody = bytes ?? { file }
  let token = unfinished
  try {
    await patience.of(async () => {
      let counted = 0
      const options: PutOptions = {
        sha256,
        signal,
        resume: {
          token,
          async keep(next) {
            token = next
            await manifest.keepUnfinished(path, next)
          },
        },
        onProgress(more) {
          counted += more
          progress?.bytes?.(more)
        },
      }
      try {
        await store.put(key, body, options)
      } catch (error) {
        progress?.bytes?.(-counted)
        throw error
      }
    }, signal)
    return true
  } catch (error) {
    signal.throwIfAborted()
    // The file was changed, replaced or deleted between its reading and its sending.
    if (error instanceof ObjectStoreError && (error.code === 'mismatch' || error.code === 'not_found')) return false
    throw error
  }
}
