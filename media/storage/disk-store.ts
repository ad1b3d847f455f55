import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, mkdir, open, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { checked, requireBytes } from './check-bytes.ts'
import { contentTypeOf } from './content-type.ts'
import {
  cannotLink,
  codeOf,
  copyWhole,
  guarded,
  linkOrCopy,
  nullWhenMissing,
  syncContent,
  syncName,
  writeWhole,
} from './disk-files.ts'
import { requireKey, requirePrefix } from './object-key.ts'
import { type ObjectBody, type ObjectStore, ObjectStoreError, type PutOptions } from './object-store.ts'

/** Below the root, so on the same file system; its dot keeps it out of every key. */
const INCOMING = '.incoming'
const UNFINISHED_KEPT_MS = 24 * 3600 * 1000
const CHUNK_BYTES = 1024 * 1024

/**
 * Objects as files under one folder, which nginx may serve.
 *
 *   body ──▶ .incoming/<random> ──fdatasync──▶ rename ──▶ <key> ──▶ fsync of its folder
 *
 * Guarantees:
 *   1. A reader sees the old object, the new one or none, never half of one.
 *   2. When `put` has resolved, the object outlives a loss of power: content first, then its name.
 *   3. A file on the same file system is linked, not copied: it costs no space and no time. Its writer must not change
 *      it in place afterwards (deleting or replacing it is fine).
 *
 * What a killed process left in `.incoming` is removed after a day.
 */
export class DiskStore implements ObjectStore {
  readonly kind = 'disk'
  readonly #root: string
  #ready: Promise<unknown> | null = null

  constructor(directory: string) {
    this.#root = directory
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<void> {
    requireKey(key)
    await guarded(key, async () => {
      const target = join(this.#root, key)
      await this.#prepare()
      await mkdir(dirname(target), { recursive: true })
      await this.#putBody(key, target, body, options)
      await syncName(dirname(target))
    })
  }

  async get(
    key: string,
    range?: { start: number; end?: number },
  ): Promise<{ body: Readable; size: number; contentType: string | null }> {
    requireKey(key)
    return guarded(key, async () => {
      const path = join(this.#root, key)
      // Opened first: what is replaced or deleted meanwhile is still read to its end.
      const handle = await open(path)
      try {
        const { size, isFile } = await handle.stat().then((s) => ({ size: s.size, isFile: s.isFile() }))
        const start = range?.start ?? 0
        const end = Math.min(range?.end ?? size - 1, size - 1)
        if (!isFile || (range && start > end)) throw new ObjectStoreError('not_found', `nothing of ${key} is there`)
        const body = createReadStream(path, { fd: handle, start, end: Math.max(end, start) })
        return { body, size: end - start + 1, contentType: contentTypeOf(key) }
      } catch (error) {
        await handle.close()
        throw error
      }
    })
  }

  async head(key: string): Promise<{ size: number; contentType: string | null } | null> {
    requireKey(key)
    const found = await guarded(key, () => stat(join(this.#root, key))).catch(nullWhenMissing)
    return found?.isFile() ? { size: found.size, contentType: contentTypeOf(key) } : null
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; size: number }> {
    requirePrefix(prefix)
    yield* this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix)
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      requireKey(key)
      await guarded(key, () => unlink(join(this.#root, key))).catch(nullWhenMissing)
    }
    for (const folder of new Set(keys.map((key) => dirname(key)))) await this.#removeEmpty(folder)
  }

  async copy(from: string, to: string): Promise<void> {
    requireKey(from)
    requireKey(to)
    await guarded(from, async () => {
      const [source, target] = [join(this.#root, from), join(this.#root, to)]
      if (!(await stat(source)).isFile()) throw new ObjectStoreError('not_found', `nothing of ${from} is there`)
      await this.#prepare()
      await mkdir(dirname(target), { recursive: true })
      // No object is ever changed in place, so both may be names of one file.
      await this.#replace(target, (unfinished) => linkOrCopy(source, unfinished))
      await syncName(dirname(target))
    })
  }

  async presign(): Promise<null> {
    return null
  }

  publicUrl(): null {
    return null
  }

  async allowOrigins(): Promise<void> {}

  async sweep(before: Date): Promise<number> {
    return guarded(INCOMING, () => this.#sweep(before))
  }

  async #putBody(key: string, target: string, body: ObjectBody, options: PutOptions): Promise<void> {
    const { sha256, ifAbsent, onProgress, signal } = options
    signal?.throwIfAborted()
    if (body instanceof Uint8Array) {
      if (sha256 !== undefined) requireBytes(key, body, sha256)
      await this.#replace(target, (unfinished) => writeWhole(unfinished, body), ifAbsent)
      onProgress?.(body.length)
    } else if (body instanceof Readable || sha256 !== undefined || ifAbsent) {
      const stream = body instanceof Readable ? body : createReadStream(body.file, { highWaterMark: CHUNK_BYTES })
      try {
        const chunks = checked(key, stream, sha256, onProgress)
        await this.#replace(target, (unfinished) => writeWhole(unfinished, chunks, signal), ifAbsent)
      } finally {
        stream.destroy()
      }
    } else {
      await this.#putFile(target, body.file)
      if (onProgress) onProgress((await stat(target)).size)
    }
  }

  async #putFile(target: string, file: string): Promise<void> {
    await syncContent(file)
    try {
      await link(file, target)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'EEXIST') await this.#replace(target, (unfinished) => linkOrCopy(file, unfinished))
      else if (cannotLink.has(code)) await this.#replace(target, (unfinished) => copyWhole(file, unfinished))
      else throw error
    }
  }

  /** @param write makes the whole file there, synced */
  async #replace(target: string, write: (unfinished: string) => Promise<void>, ifAbsent = false): Promise<void> {
    const unfinished = join(this.#root, INCOMING, randomBytes(12).toString('hex'))
    try {
      await write(unfinished)
      // link(2) refuses a name that is taken; rename(2) takes it over.
      if (ifAbsent) await link(unfinished, target)
      else await rename(unfinished, target)
    } finally {
      // rename(2) does nothing when both names are links to one file, and says that it succeeded.
      await unlink(unfinished).catch(() => {})
    }
  }

  async *#walk(folder: string, prefix: string): AsyncGenerator<{ key: string; size: number }> {
    const entries = await guarded(folder, () => readdir(join(this.#root, folder), { withFileTypes: true })).catch(
      nullWhenMissing,
    )
    for (const entry of entries?.sort((a, b) => (a.name < b.name ? -1 : 1)) ?? []) {
      const key = `${folder}${entry.name}`
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory()) {
        if (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)) yield* this.#walk(`${key}/`, prefix)
      } else if (key.startsWith(prefix)) {
        const found = await stat(join(this.#root, key)).catch(() => null)
        if (found) yield { key, size: found.size }
      }
    }
  }

  async #removeEmpty(folder: string): Promise<void> {
    for (let at = folder; at !== '.' && at !== ''; at = dirname(at)) {
      // A folder that is not empty, or that a put has just made again, stays.
      const isGone = await rmdir(join(this.#root, at)).then(
        () => true,
        (error: unknown) => codeOf(error) === 'ENOENT',
      )
      if (!isGone) return
    }
  }

  #prepare(): Promise<unknown> {
    this.#ready ??= this.#sweep(new Date(Date.now() - UNFINISHED_KEPT_MS)).catch((error: unknown) => {
      this.#ready = null
      throw error
    })
    return this.#ready
  }

  async #sweep(before: Date): Promise<number> {
    const incoming = join(this.#root, INCOMING)
    await mkdir(incoming, { recursive: true })
    let count = 0
    for (const name of await readdir(incoming)) {
      const path = join(incoming, name)
      const found = await stat(path).catch(() => null)
      if (!found || found.mtimeMs >= before.getTime()) continue
      await unlink(path).then(
        () => count++,
        () => {},
      )
    }
    return count
  }
}
