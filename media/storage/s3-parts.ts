import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  NoSuchUpload,
  paginateListParts,
} from '@aws-sdk/client-s3'
import { requireHash } from './check-bytes.ts'
import { ObjectStoreError, type PutOptions } from './object-store.ts'
import { patience, type S3Connection } from './s3-connection.ts'

/** S3 takes no smaller ones, but for the last, and no more than 10,000; R2 wants all of one size. */
const PART_BYTES = 8 * 1024 * 1024
const MOST_PARTS = 9000
/** Of one object at a time; what is in memory is this and one more. */
const AT_ONCE = 2

interface Attempt {
  id: string
  partBytes: number
  /** The file as it was when the attempt began. */
  stamp: string
}

/**
 * Sends a large file in parts.
 *
 *   file ──▶ part ──▶ hash of the whole ──▶ sent unless an earlier attempt did ──▶ complete, if the hash is right
 *
 * Guarantees, when `sha256` is given:
 *   1. The object is completed only from bytes that were all read again now and have that hash: a file that changes
 *      meanwhile ends in `mismatch`, and nothing is stored.
 *   2. A part of an earlier attempt is trusted when the file has not been touched since that began (its times and inode
 *      are the same), or when its ETag is the MD5 of what is read now. R2's ETags of parts are no MD5s.
 *
 * With `resume`, what was sent stays there when the attempt fails; else it is removed.
 */
export async function putParts(
  s3: S3Connection,
  key: string,
  file: string,
  headers: { contentType: string; cacheControl: string | undefined },
  options: PutOptions,
): Promise<void> {
  await using handle = await open(file)
  const { size, ino, mtimeNs, ctimeNs } = await handle.stat({ bigint: true })
  const stamp = [ino, size, mtimeNs, ctimeNs].join(':')
  const before = options.sha256 === undefined ? null : attemptFrom(options.resume?.token)
  const sent = before && (await findParts(s3, key, before))
  const attempt = sent ? before : await begin(s3, key, Number(size), stamp, headers)
  const where = { Bucket: s3.bucket, Key: key, UploadId: attempt.id }
  try {
    if (!sent) await options.resume?.keep(JSON.stringify(attempt))
    const isUntouched = attempt.stamp === stamp
    const parts = await sendParts(s3, key, handle, Number(size), attempt, options, (part, bytes) => {
      const known = sent?.get(part)
      if (!known || known.size !== bytes.length) return null
      return isUntouched || known.etag === md5(bytes) ? known.etag : null
    })
    const command = new CompleteMultipartUploadCommand({
      ...where,
      MultipartUpload: { Parts: parts.map((etag, index) => ({ PartNumber: index + 1, ETag: etag })) },
      ...(options.ifAbsent ? { IfNoneMatch: '*' } : {}),
    })
    // The server puts the parts together meanwhile, which takes it longer the more there is.
    await s3.client.send(command, { abortSignal: patience(Number(size) / 64, options.signal) })
    await options.resume?.keep(null)
  } catch (error) {
    const isLost = error instanceof ObjectStoreError && (error.code === 'mismatch' || error.code === 'exists')
    if (!options.resume || isLost) {
      await s3.client.send(new AbortMultipartUploadCommand(where), { abortSignal: patience() }).catch(() => {})
      await options.resume?.keep(null)
    }
    throw error
  }
}

/** @returns the ETags, in order */
async function sendParts(
  s3: S3Connection,
  key: string,
  handle: FileHandle,
  size: number,
  { id, partBytes }: Attempt,
  { sha256, onProgress, signal }: PutOptions,
  find: (part: number, bytes: Uint8Array) => string | null,
): Promise<string[]> {
  const hash = createHash('sha256')
  const etags: string[] = []
  const free = Array.from({ length: AT_ONCE + 1 }, () => Buffer.allocUnsafe(Math.min(partBytes, size)))
  const flying = new Set<Promise<void>>()
  const failures: unknown[] = []
  const stop = new AbortController()
  const signals = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal

  const send = async (part: number, bytes: Buffer): Promise<void> => {
    const query = { partNumber: String(part), uploadId: id }
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex')
    const { etag = '' } = await s3.putBytes(key, bytes, digest, { query, signal: signals })
    etags[part - 1] = etag.replaceAll('"', '')
    onProgress?.(bytes.length)
  }
  try {
    for (let start = 0, part = 1; start < size && failures.length === 0; start += partBytes, part++) {
      signal?.throwIfAborted()
      const buffer = free.pop() ?? Buffer.allocUnsafe(partBytes)
      const bytes = await readWhole(key, handle, buffer.subarray(0, Math.min(partBytes, size - start)), start)
      if (sha256 !== undefined) hash.update(bytes)
      const known = find(part, bytes)
      if (known !== null) {
        etags[part - 1] = known
        onProgress?.(bytes.length)
        free.push(buffer)
        continue
      }
      const flight: Promise<void> = send(part, bytes)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          flying.delete(flight)
          free.push(buffer)
        })
      flying.add(flight)
      if (flying.size >= AT_ONCE) await Promise.race(flying)
    }
  } catch (error) {
    failures.unshift(error)
  }
  // A reader of the buffers must not outlive them.
  if (failures.length > 0) stop.abort()
  await Promise.all(flying)
  if (failures.length > 0) throw failures[0]
  if ((await handle.read(Buffer.alloc(1), 0, 1, size)).bytesRead > 0) throw changed(key)
  if (sha256 !== undefined) requireHash(key, hash, sha256)
  return etags
}

async function begin(
  s3: S3Connection,
  key: string,
  size: number,
  stamp: string,
  { contentType, cacheControl }: { contentType: string; cacheControl: string | undefined },
): Promise<Attempt> {
  const { UploadId = '' } = await s3.client.send(
    new CreateMultipartUploadCommand({
      Bucket: s3.bucket,
      Key: key,
      ContentType: contentType,
      CacheControl: cacheControl,
    }),
    { abortSignal: patience() },
  )
  const megabyte = 1024 * 1024
  const partBytes = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS / megabyte) * megabyte)
  return { id: UploadId, partBytes, stamp }
}

/** Null when the server knows nothing of it: finished, given up or expired. */
async function findParts(s3: S3Connection, key: string, { id }: Attempt) {
  const parts = new Map<number, { etag: string; size: number }>()
  try {
    const pages = paginateListParts({ client: s3.client }, { Bucket: s3.bucket, Key: key, UploadId: id })
    for await (const { Parts } of pages) {
      for (const { PartNumber, ETag, Size } of Parts ?? []) {
        if (PartNumber && ETag) parts.set(PartNumber, { etag: ETag.replaceAll('"', ''), size: Size ?? 0 })
      }
    }
    return parts
  } catch (error) {
    if (error instanceof NoSuchUpload) return null
    throw error
  }
}

function attemptFrom(token: string | null | undefined): Attempt | null {
  if (!token) return null
  const { id, partBytes, stamp } = JSON.parse(token) as Attempt
  return { id, partBytes, stamp }
}

async function readWhole(key: string, handle: FileHandle, into: Buffer, start: number): Promise<Buffer> {
  for (let at = 0; at < into.length; ) {
    const { bytesRead } = await handle.read(into, at, into.length - at, start + at)
    if (bytesRead === 0) throw changed(key)
    at += bytesRead
  }
  return into
}

function changed(key: string): ObjectStoreError {
  return new ObjectStoreError('mismatch', `${key}: the file changed while it was being sent`)
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
