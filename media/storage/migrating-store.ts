import type { Readable } from 'node:stream'
import { type ObjectBody, type ObjectStore, ObjectStoreError, type PutOptions } from './object-store.ts'

/**
 * A store that is moving house. New things go to the new one; what is not there yet is read where it was before.
 *
 *   put ──▶ new        get, head, list, presign ──▶ new, else old        delete ──▶ both
 *
 * So nothing is away for a moment while `npm run library -- migrate` copies, and no row changes: rows name keys, and a
 * key is the same in every store.
 */
export class MigratingStore implements ObjectStore {
  readonly kind: 'disk' | 's3'
  readonly #now: ObjectStore
  readonly #before: ObjectStore

  constructor(now: ObjectStore, before: ObjectStore) {
    this.#now = now
    this.#before = before
    this.kind = now.kind === 'disk' && before.kind === 'disk' ? 'disk' : 's3'
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<void> {
    if (options.ifAbsent && (await this.#before.head(key))) {
      throw new ObjectStoreError('exists', `${key} is in the store before this one`)
    }
    await this.#now.put(key, body, options)
  }

  async get(
    key: string,
    range?: { start: number; end?: number },
  ): Promise<{ body: Readable; size: number; contentType: string | null }> {
    try {
      return await this.#now.get(key, range)
    } catch (error) {
      if (!isMissing(error)) throw error
      // A range behind the end is no reason to look for an older object.
      if (range && (await this.#now.head(key))) throw error
      try {
        return await this.#before.get(key, range)
      } catch (missing) {
        // Copied, and deleted there, between the two looks.
        if (!isMissing(missing)) throw missing
        return this.#now.get(key, range)
      }
    }
  }

  async head(key: string): Promise<{ size: number; contentType: string | null } | null> {
    return (await this.#now.head(key)) ?? (await this.#before.head(key)) ?? this.#now.head(key)
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; size: number }> {
    // The old one first: what is copied meanwhile is then in the second list, and nothing is in neither.
    const before = new Map<string, { key: string; size: number }>()
    for await (const object of this.#before.list(prefix)) before.set(object.key, object)
    for await (const object of this.#now.list(prefix)) {
      before.delete(object.key)
      yield object
    }
    yield* before.values()
  }

  /** The old one first: else a copy that is being made could bring it back. */
  async delete(keys: readonly string[]): Promise<void> {
    await this.#before.delete(keys)
    await this.#now.delete(keys)
  }

  async copy(from: string, to: string, options: { cacheControl?: string } = {}): Promise<void> {
    try {
      await this.#now.copy(from, to, options)
    } catch (error) {
      if (!isMissing(error)) throw error
      const { body } = await this.#before.get(from)
      await this.#now.put(to, body, options)
    }
  }

  /** Null also for what is on disk as yet. */
  async presign(key: string, expiresInSeconds: number): Promise<string | null> {
    if (await this.#now.head(key)) return this.#now.presign(key, expiresInSeconds)
    const isBefore = (await this.#before.head(key)) !== null
    return (isBefore ? this.#before : this.#now).presign(key, expiresInSeconds)
  }

  /** Nobody outside can know which of the two has it. */
  publicUrl(): null {
    return null
  }

  async allowOrigins(origins: readonly string[]): Promise<void> {
    await this.#now.allowOrigins(origins)
    await this.#before.allowOrigins(origins)
  }

  async sweep(before: Date): Promise<number> {
    return (await this.#now.sweep(before)) + (await this.#before.sweep(before))
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ObjectStoreError && error.code === 'not_found'
}
