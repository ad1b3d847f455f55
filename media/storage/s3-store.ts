import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { StoreConfig } from '../../config/config.ts'
import { contentTypeOf } from './content-type.ts'
import { requireKey, requirePrefix } from './object-key.ts'
import { type ObjectStore, ObjectStoreError, type ObjectStoreErrorCode } from './object-store.ts'

/** Above this an upload is cut into parts, so that a broken connection costs one of them. */
const LARGE_BYTES = 64 * 1024 * 1024
const PART_BYTES = 16 * 1024 * 1024
const CONNECT_MS = 5000
/** No byte either way for so long: the connection is dead. */
const SILENCE_MS = 20_000
/** For a whole request without much of a body. */
const PATIENCE_MS = 30_000
/** A line slower than this is taken for broken. */
const SLOWEST_BYTES_A_SECOND = 32 * 1024
/** What DeleteObjects takes at most. */
const DELETE_ATTEMPTS = 3
const DELETED_AT_ONCE = 1000

/**
 * Objects in a bucket of S3, R2 or anything that speaks the same.
 *
 * Tries everything once, each within a limit of time: whoever calls knows whether and when to try again. Checksums only
 * where S3 asks for them: with the SDK's default some servers store the chunk framing of a streamed put as content.
 */
export class S3Store implements ObjectStore {
  readonly kind = 's3'
  readonly #client: S3Client
  readonly #bucket: string

  constructor(config: Extract<StoreConfig, { kind: 's3' }>) {
    this.#bucket = config.bucket
    this.#client = new S3Client({
      region: config.region,
      ...(config.endpoint ? { endpoint: config.endpoint, forcePathStyle: true } : {}),
      credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 1,
      // Without one the SDK writes to the console when a streamed body fails.
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    })
  }

  async put(
    key: string,
    body: Uint8Array | { file: string },
    options: { contentType?: string; cacheControl?: string } = {},
  ): Promise<void> {
    requireKey(key)
    await guarded(key, async () => {
      const size = body instanceof Uint8Array ? body.length : (await stat(body.file)).size
      const abortSignal = AbortSignal.timeout(PATIENCE_MS + Math.ceil(size / SLOWEST_BYTES_A_SECOND) * 1000)
      const params = {
        Bucket: this.#bucket,
        Key: key,
        ContentType: options.contentType ?? contentTypeOf(key),
        CacheControl: options.cacheControl,
      }
      if (size > LARGE_BYTES) return this.#putLarge(params, body, abortSignal)
      const stream = body instanceof Uint8Array ? null : createReadStream(body.file)
      try {
        const Body = stream ?? (body as Uint8Array)
        await this.#client.send(new PutObjectCommand({ ...params, Body, ContentLength: size }), { abortSignal })
      } finally {
        stream?.destroy()
      }
    })
  }

  async get(
    key: string,
    range?: { start: number; end?: number },
  ): Promise<{ body: Readable; size: number; contentType: string | null }> {
    requireKey(key)
    return guarded(key, async () => {
      const Range = range ? `bytes=${range.start}-${range.end ?? ''}` : undefined
      const got = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key, Range }))
      return { body: got.Body as Readable, size: got.ContentLength ?? 0, contentType: got.ContentType ?? null }
    })
  }

  async head(key: string): Promise<{ size: number; contentType: string | null } | null> {
    requireKey(key)
    return guarded(key, async () => {
      const got = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }), patience())
      return { size: got.ContentLength ?? 0, contentType: got.ContentType ?? null }
    }).catch((error: unknown) => {
      if (error instanceof ObjectStoreError && error.code === 'not_found') return null
      throw error
    })
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; size: number }> {
    requirePrefix(prefix)
    let ContinuationToken: string | undefined
    do {
      const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken })
      const page = await guarded(prefix, () => this.#client.send(command, patience()))
      for (const { Key, Size } of page.Contents ?? []) if (Key !== undefined) yield { key: Key, size: Size ?? 0 }
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (ContinuationToken)
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) requireKey(key)
    for (let at = 0; at < keys.length; at += DELETED_AT_ONCE) {
      await this.#deleteSome(keys.slice(at, at + DELETED_AT_ONCE))
    }
  }

  async presign(key: string, expiresInSeconds: number): Promise<string> {
    requireKey(key)
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key })
    return getSignedUrl(this.#client, command, { expiresIn: expiresInSeconds })
  }

  /** Deleting twice is deleting once, so a server's passing trouble is met with another try. */
  async #deleteSome(keys: readonly string[], attempts = DELETE_ATTEMPTS): Promise<void> {
    const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
    try {
      const command = new DeleteObjectsCommand({ Bucket: this.#bucket, Delete })
      const { Errors } = await guarded(keys[0] ?? '', () => this.#client.send(command, patience()))
      const failed = Errors?.find(({ Code }) => Code !== 'NoSuchKey')
      if (failed) throw new ObjectStoreError('unavailable', `${failed.Key} was not deleted: ${failed.Code}`)
    } catch (error) {
      if (attempts <= 1) throw error
      await this.#deleteSome(keys, attempts - 1)
    }
  }

  async #putLarge(
    params: { Bucket: string; Key: string; ContentType: string; CacheControl: string | undefined },
    body: Uint8Array | { file: string },
    signal: AbortSignal,
  ): Promise<void> {
    const Body = body instanceof Uint8Array ? body : createReadStream(body.file)
    const upload = new Upload({ client: this.#client, params: { ...params, Body }, partSize: PART_BYTES, queueSize: 2 })
    const stop = () => void upload.abort()
    signal.addEventListener('abort', stop, { once: true })
    try {
      await upload.done()
    } finally {
      signal.removeEventListener('abort', stop)
      if (!(Body instanceof Uint8Array)) Body.destroy()
    }
  }
}

function patience(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(PATIENCE_MS) }
}

async function guarded<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ObjectStoreError) throw error
    const name = error instanceof Error ? error.name : ''
    throw new ObjectStoreError(codeOf(error, name), `${key}: ${name || 'failed'}`, { cause: error })
  }
}

function codeOf(error: unknown, name: string): ObjectStoreErrorCode {
  if (name === 'NoSuchBucket') return 'unavailable'
  if (name === 'InvalidRange') return 'not_found'
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'not_found'
  const status = (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode
  if (status === 404) return 'not_found'
  if (status === 507 || name === 'QuotaExceeded' || name === 'XMinioStorageFull') return 'full'
  return 'unavailable'
}
