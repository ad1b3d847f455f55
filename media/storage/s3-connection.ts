import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { StoreConfig } from '../../config/config.ts'
import { ObjectStoreError, type ObjectStoreErrorCode } from './object-store.ts'

const CONNECT_MS = 5000
/** No byte either way for so long: the connection is dead. */
const SILENCE_MS = 20_000
/** For a whole request without much of a body. */
const PATIENCE_MS = 30_000
/** A line slower than this is taken for broken. */
const SLOWEST_BYTES_A_SECOND = 32 * 1024
/** Timers take no more. */
const LONGEST_MS = 2 ** 31 - 1

interface Signer {
  sign(request: object): Promise<object>
}

interface Handler {
  handle(request: object, options: { abortSignal?: AbortSignal; requestTimeout: number }): Promise<{ response: Answer }>
}

interface Answer {
  statusCode: number
  headers: IncomingHttpHeaders
  body: Readable
}

/**
 * A bucket, and how it is spoken to. Everything is tried once, each within a limit of time: whoever calls knows whether
 * and when to try again. Checksums only where S3 asks for them: with the SDK's default some servers store the chunk
 * framing of a streamed put as content.
 */
export class S3Connection {
  readonly client: S3Client
  readonly bucket: string
  readonly publicUrl: string | null
  #base: Promise<URL> | null = null
  #signer: Promise<Signer> | null = null

  constructor(config: Extract<StoreConfig, { kind: 's3' }>) {
    this.bucket = config.bucket
    this.publicUrl = config.publicUrl?.replace(/\/$/, '') ?? null
    this.client = new S3Client({
      region: config.region,
      ...(config.endpoint ? { endpoint: config.endpoint, forcePathStyle: true } : {}),
      credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 1,
      // Without one the SDK writes to the console when a streamed body fails.
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS, throwOnRequestTimeout: true },
    })
  }

  /**
   * One PUT by the SDK's own signer and connections, past its middleware, which takes three times as long as the rest of
   * a small put. Its SHA-256 is part of the signature, so the server refuses bytes that changed on their way.
   *
   * @param sha256 of the bytes, in hex
   */
  async putBytes(
    key: string,
    bytes: Uint8Array,
    sha256: string,
    options: {
      query?: Record<string, string>
      headers?: Record<string, string | undefined>
      signal?: AbortSignal
    } = {},
  ): Promise<IncomingHttpHeaders> {
    const base = await this.#findBase()
    this.#signer ??= this.client.config.signer() as Promise<Signer>
    const given = Object.entries(options.headers ?? {}).filter(([, value]) => value !== undefined)
    const signed = await (await this.#signer).sign({
      method: 'PUT',
      protocol: base.protocol,
      hostname: base.hostname,
      ...(base.port ? { port: Number(base.port) } : {}),
      path: `${base.pathname}${key}`,
      query: options.query ?? {},
      headers: {
        host: base.host,
        'content-length': String(bytes.length),
        'x-amz-content-sha256': sha256,
        ...Object.fromEntries(given),
      },
      body: bytes,
    })
    const handler = this.client.config.requestHandler as unknown as Handler
    // A timer of its handler's, where a composite signal would cost as much as the signature.
    const limits = { abortSignal: options.signal, requestTimeout: limitMsOf(bytes.length) }
    const { response } = await handler.handle(signed, limits)
    const answer = await text(response.body)
    if (response.statusCode < 300) return response.headers
    throw failure(key, response.statusCode, /<Code>(\w+)<\/Code>/.exec(answer)?.[1] ?? '')
  }

  /** Where the SDK's rules put the bucket, with a slash at the end. */
  #findBase(): Promise<URL> {
    this.#base ??= getSignedUrl(this.client, new HeadObjectCommand({ Bucket: this.bucket, Key: 'x' })).then(
      (url) => new URL('.', url),
    )
    return this.#base
  }
}

/** For a request with so large a body, and never longer than the caller wants. */
export function patience(bytes = 0, signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(limitMsOf(bytes))
  return signal ? AbortSignal.any([signal, limit]) : limit
}

function limitMsOf(bytes: number): number {
  return Math.min(PATIENCE_MS + Math.ceil(bytes / SLOWEST_BYTES_A_SECOND) * 1000, LONGEST_MS)
}

/** @throws {ObjectStoreError} whatever went wrong */
export async function guarded<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ObjectStoreError) throw error
    const name = error instanceof Error ? error.name : ''
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const status = (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode ?? 0
    throw failure(key, isMissing ? 404 : status, name, error)
  }
}

const codes: Record<string, ObjectStoreErrorCode> = {
  // A bucket that is not there is trouble of the whole store, no missing object.
  NoSuchBucket: 'unavailable',
  InvalidRange: 'not_found',
  QuotaExceeded: 'full',
  XMinioStorageFull: 'full',
  XAmzContentSHA256Mismatch: 'mismatch',
  BadDigest: 'mismatch',
}
const statuses: Record<number, ObjectStoreErrorCode> = { 404: 'not_found', 412: 'exists', 507: 'full' }

function failure(key: string, status: number, name: string, cause?: unknown): ObjectStoreError {
  const code = codes[name] ?? statuses[status] ?? 'unavailable'
  const isBusy = status === 503 || status === 429 || name === 'SlowDown'
  // S3 says 400 to a request that it waited too long for, and 409 to two conditional ones at once; no other of these passes.
  const isLasting = status >= 400 && status < 500 && status !== 409 && name !== 'RequestTimeout'
  const trouble = isBusy ? 'busy' : isLasting ? 'lasting' : 'passing'
  return new ObjectStoreError(code, `${key}: ${name || status || 'failed'}`, { cause, trouble })
}
