import type { Readable } from 'node:stream'

/** Private objects under keys that we made, on disk or on S3/R2: one contract. */
export interface ObjectStore {
  readonly kind: 'disk' | 's3'
  /**
   * Complete or not there: a reader never sees half of it. Replaces what is there. A file that is given must not be
   * changed in place afterwards (a store on the same disk links it); deleting or replacing it is fine.
   *
   * @throws {ObjectStoreError} `full` or `unavailable`
   */
  put(
    key: string,
    body: Uint8Array | { file: string },
    options?: { contentType?: string; cacheControl?: string },
  ): Promise<void>
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
  /** A URL that opens one object without further proof, or null where there is no such thing (disk). */
  presign(key: string, expiresInSeconds: number): Promise<string | null>
}

export type ObjectStoreErrorCode = 'not_found' | 'unavailable' | 'full'

export class ObjectStoreError extends Error {
  override readonly name = 'ObjectStoreError'
  readonly code: ObjectStoreErrorCode

  constructor(code: ObjectStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
