import type { Readable } from 'node:stream'

/** Bytes, a file of this machine, or a stream of a length that nobody knows yet. */
export type ObjectBody = Uint8Array | { file: string } | Readable

export interface PutOptions {
  /** By the key's extension when nothing is said. */
  contentType?: string
  /** `max-age=86400` below `public/` when nothing is said. */
  cacheControl?: string
  /** In hex. Anything else is refused (`mismatch`) before it is stored. A file that is given is read, never linked. */
  sha256?: string
  /** Refuses (`exists`) to replace. */
  ifAbsent?: boolean
  /** Goes on with a large file where an earlier attempt at the same content stopped. Needs `sha256`. */
  resume?: Resume
  /** Bytes more that the store has taken, each counted once. */
  onProgress?(bytes: number): void
  signal?: AbortSignal
}

/** What is left of an attempt that was broken off, in the store's own words. */
export interface Resume {
  token: string | null
  /** Before anything is sent under it; null once nothing is left. */
  keep(token: string | null): Promise<void>
}

/** Private objects under keys that we made, on disk or on S3/R2: one contract. */
export interface ObjectStore {
  /** `s3` also where only some objects are on disk: nginx cannot be sent to them. */
  readonly kind: 'disk' | 's3'
  /**
   * Complete or not there: a reader never sees half of it. Replaces what is there. A file that is given without `sha256`
   * must not be changed in place afterwards (a store on the same disk links it); deleting or replacing it is fine.
   *
   * @throws {ObjectStoreError}
   */
  put(key: string, body: ObjectBody, options?: PutOptions): Promise<void>
  /**
   * @param range first and last byte, both included
   * @returns `size`: bytes in `body`
   * @throws {ObjectStoreError} `not_found`, also for a range behind the end
   */
  get(
    key: string,
    range?: { start: number; end?: number },
  ): Promise<{ body: Readable; size: number; contentType: string | null }>
  /** Null when there is none. */
  head(key: string): Promise<{ size: number; contentType: string | null } | null>
  list(prefix: string): AsyncIterable<{ key: string; size: number }>
  delete(keys: readonly string[]): Promise<void>
  /**
   * Within the store, so nothing passes through here. Replaces what is there; not for more than 5 GB (S3's limit).
   *
   * @throws {ObjectStoreError} `not_found`
   */
  copy(from: string, to: string, options?: { cacheControl?: string }): Promise<void>
  /** A URL that opens one object without further proof, or null where there is no such thing (disk). */
  presign(key: string, expiresInSeconds: number): Promise<string | null>
  /** Where anybody finds an object below `public/`; null where the store has no address of its own for them. */
  publicUrl(key: string): string | null
  /**
   * Lets pages of these origins read objects by their URLs; `*` is every page. On disk our own nginx answers for that,
   * so there is nothing to do.
   */
  allowOrigins(origins: readonly string[]): Promise<void>
  /** Removes what broken uploads left that began before then. @returns how many */
  sweep(before: Date): Promise<number>
}

/**
 * `not_found` – nothing is there. `unavailable` – away, slow or in trouble: later may be better. `full` – no space.
 * `mismatch` – the bytes are not those that were promised. `exists` – something is there already.
 */
export type ObjectStoreErrorCode = 'not_found' | 'unavailable' | 'full' | 'mismatch' | 'exists'

/**
 * `passing` – may be over in a moment. `busy` – the store asks for fewer requests (503 SlowDown, 429). `lasting` – the
 * same request will fail again: a refused key, no such bucket.
 */
export type Trouble = 'passing' | 'busy' | 'lasting'

export class ObjectStoreError extends Error {
  override readonly name = 'ObjectStoreError'
  readonly code: ObjectStoreErrorCode
  /** Of `unavailable`. */
  readonly trouble: Trouble

  constructor(code: ObjectStoreErrorCode, message: string, options: ErrorOptions & { trouble?: Trouble } = {}) {
    super(message, options)
    this.code = code
    this.trouble = options.trouble ?? 'passing'
  }
}

const PUBLIC_AGE = 'max-age=86400'

/** Of an object whose putter said nothing. */
export function cacheControlOf(key: string): string | undefined {
  return key.startsWith('public/') ? PUBLIC_AGE : undefined
}
