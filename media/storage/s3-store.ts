import { hash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  PutBucketCorsCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { StoreConfig } from '../../config/config.ts'
import { checked } from './check-bytes.ts'
import { contentTypeOf } from './content-type.ts'
import { requireKey, requirePrefix } from './object-key.ts'
import { cacheControlOf, type ObjectBody, type ObjectStore, ObjectStoreError, type PutOptions } from './object-store.ts'
import { guarded, patience, S3Connection } from './s3-connection.ts'
import { putParts } from './s3-parts.ts'

/** Above this an upload is cut into parts, so that a broken connection costs one of them. */
const LARGE_BYTES = 16 * 1024 * 1024
const STREAM_PART_BYTES = 8 * 1024 * 1024
const DELETE_ATTEMPTS = 3
/** What DeleteObjects takes at most. */
const DELETED_AT_ONCE = 1000
const CORS_REMEMBERED_SECONDS = 86_400

/** Objects in a bucket of S3, R2 or anything that speaks the same. */
export class S3Store implements ObjectStore {
  readonly kind = 's3'
  readonly #s3: S3Connection

  constructor(config: Extract<StoreConfig, { kind: 's3' }>) {
    this.#s3 = new S3Connection(config)
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<void> {
    requireKey(key)
    await guarded(key, async () => {
      const headers = {
        contentType: options.contentType ?? contentTypeOf(key),
        cacheControl: options.cacheControl ?? cacheControlOf(key),
      }
      if (body instanceof Readable) return this.#putStream(key, body, headers, options)
      if (body instanceof Uint8Array) {
        if (body.length <= LARGE_BYTES) return this.#putBytes(key, body, headers, options)
        return this.#putStream(key, Readable.from(slices(body)), headers, options)
      }
      if ((await stat(body.file)).size > LARGE_BYTES) return putParts(this.#s3, key, body.file, headers, options)
      await using handle = await open(body.file)
      await this.#putBytes(key, await handle.readFile(), headers, options)
    })
  }

  async get(
    key: string,
    range?: { start: number; end?: number },
  ): Promise<{ body: Readable; size: number; contentType: string | null }> {
    requireKey(key)
    return guarded(key, async () => {
      const Range = range ? `bytes=${range.start}-${range.end ?? ''}` : undefined
      const command = new GetObjectCommand({ Bucket: this.#s3.bucket, Key: key, Range })
      const got = await this.#s3.client.send(command)
      return { body: got.Body as Readable, size: got.ContentLength ?? 0, contentType: got.ContentType ?? null }
    })
  }

  async head(key: string): Promise<{ size: number; contentType: string | null } | null> {
    requireKey(key)
    return guarded(key, async () => {
      const command = new HeadObjectCommand({ Bucket: this.#s3.bucket, Key: key })
      const got = await this.#s3.client.send(command, { abortSignal: patience() })
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
      const command = new ListObjectsV2Command({ Bucket: this.#s3.bucket, Prefix: prefix, ContinuationToken })
      const page = await guarded(prefix, () => this.#s3.client.send(command, { abortSignal: patience() }))
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

  async copy(from: string, to: string, { cacheControl }: { cacheControl?: string } = {}): Promise<void> {
    requireKey(from)
    requireKey(to)
    await guarded(from, () =>
      this.#s3.client.send(
        new CopyObjectCommand({
          Bucket: this.#s3.bucket,
          Key: to,
          CopySource: `${this.#s3.bucket}/${from}`,
          MetadataDirective: 'REPLACE',
          ContentType: contentTypeOf(to),
          CacheControl: cacheControl ?? cacheControlOf(to),
        }),
        { abortSignal: patience() },
      ),
    )
  }

  async presign(key: string, expiresInSeconds: number): Promise<string> {
    requireKey(key)
    const command = new GetObjectCommand({ Bucket: this.#s3.bucket, Key: key })
    return getSignedUrl(this.#s3.client, command, { expiresIn: expiresInSeconds })
  }

  publicUrl(key: string): string | null {
    requireKey(key)
    return this.#s3.publicUrl !== null && key.startsWith('public/') ? `${this.#s3.publicUrl}/${key}` : null
  }

  async allowOrigins(origins: readonly string[]): Promise<void> {
    const rule = {
      AllowedOrigins: [...origins],
      AllowedMethods: ['GET', 'HEAD'],
      AllowedHeaders: ['Range', 'If-None-Match'],
      ExposeHeaders: ['Accept-Ranges', 'Content-Length', 'Content-Range', 'ETag'],
      MaxAgeSeconds: CORS_REMEMBERED_SECONDS,
    }
    const command = new PutBucketCorsCommand({
      Bucket: this.#s3.bucket,
      CORSConfiguration: { CORSRules: [rule] },
    })
    await guarded(this.#s3.bucket, () => this.#s3.client.send(command, { abortSignal: patience() }))
  }

  async sweep(before: Date): Promise<number> {
    const { client, bucket } = this.#s3
    return guarded(bucket, async () => {
      let count = 0
      let page: ListMultipartUploadsCommandOutput | undefined
      do {
        const command = new ListMultipartUploadsCommand({
          Bucket: bucket,
          KeyMarker: page?.NextKeyMarker,
          UploadIdMarker: page?.NextUploadIdMarker,
        })
        page = await client.send(command, { abortSignal: patience() })
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          if (!Initiated || Initiated >= before) continue
          await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
          count++
        }
      } while (page.IsTruncated)
      return count
    })
  }

  async #putBytes(
    key: string,
    bytes: Uint8Array,
    { contentType, cacheControl }: { contentType: string; cacheControl: string | undefined },
    { sha256, ifAbsent, onProgress, signal }: PutOptions,
  ): Promise<void> {
    const digest = hash('sha256', bytes)
    if (sha256 !== undefined && sha256 !== digest) {
      throw new ObjectStoreError('mismatch', `${key}: the bytes are not those that were promised`)
    }
    const headers = {
      'content-type': contentType,
      'cache-control': cacheControl,
      'if-none-match': ifAbsent ? '*' : undefined,
    }
    await this.#s3.putBytes(key, bytes, digest, { headers, signal })
    onProgress?.(bytes.length)
  }

  /** Nobody knows how much will come, so it is cut into parts as it comes. */
  async #putStream(
    key: string,
    body: Readable,
    { contentType, cacheControl }: { contentType: string; cacheControl: string | undefined },
    { sha256, ifAbsent, onProgress, signal }: PutOptions,
  ): Promise<void> {
    const upload = new Upload({
      client: this.#s3.client,
      params: {
        Bucket: this.#s3.bucket,
        Key: key,
        Body: Readable.from(checked(key, body, sha256, onProgress), { objectMode: false }),
        ContentType: contentType,
        CacheControl: cacheControl,
        ...(ifAbsent ? { IfNoneMatch: '*' } : {}),
      },
      partSize: STREAM_PART_BYTES,
      queueSize: 2,
    })
    // It may take as long as its source does; a silent connection ends by itself.
    const stop = () => void upload.abort()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      signal?.throwIfAborted()
      await upload.done()
    } finally {
      signal?.removeEventListener('abort', stop)
      body.destroy()
    }
  }

  /** Deleting twice is deleting once, so a server's passing trouble is met with another try. */
  async #deleteSome(keys: readonly string[], attempts = DELETE_ATTEMPTS): Promise<void> {
    const Delete = { Objects: keys.map((Key) => ({ Key })), Quiet: true }
    try {
      const command = new DeleteObjectsCommand({ Bucket: this.#s3.bucket, Delete })
      const { Errors } = await guarded(keys[0] ?? '', () => this.#s3.client.send(command, { abortSignal: patience() }))
      const failed = Errors?.find(({ Code }) => Code !== 'NoSuchKey')
      if (failed) throw new ObjectStoreError('unavailable', `${failed.Key} was not deleted: ${failed.Code}`)
    } catch (error) {
      if (attempts <= 1) throw error
      await this.#deleteSome(keys, attempts - 1)
    }
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += STREAM_PART_BYTES) yield bytes.subarray(at, at + STREAM_PART_BYTES)
}
