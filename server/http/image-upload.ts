import { fileTypeFromBuffer } from 'file-type'
import type { Context as KoaContext } from 'koa'
import sharp from 'sharp'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import { ObjectStoreError } from '../../media/storage/object-store.ts'
import { newId } from '../db/base.ts'
import { DomainError } from '../errors.ts'
import { boundaryOf, readParts } from './multipart.ts'

const MAX_BYTES = 8 * 1024 * 1024
const FORM_OVERHEAD = 64 * 1024
/** A small file can unpack to a picture that fills the memory. */
const MAX_PIXELS = 40_000_000
/** By their first bytes, whatever the request calls them. SVG is a document that runs scripts, and none of these. */
const accepted = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif'])

/** What such a route says that it takes. */
export const imageTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'] as const

type PictureFolder = 'courses' | 'avatars' | 'channels' | 'emotes'

export interface PictureSize {
  width: number
  height: number
}

/**
 * Takes a picture that is the body of the request, or the first file of its form, and keeps it as WebP, without what
 * cameras write into pictures, under `public/<folder>/<random>.webp`. The name it had is never looked at.
 *
 * @returns the object's key
 * @throws {DomainError} `body_too_large`, `file_type_refused`, `image_unreadable`, `store_unavailable`
 */
export async function takePicture(
  ctx: KoaContext,
  store: ObjectStore,
  folder: PictureFolder,
  { width, height }: PictureSize,
): Promise<string> {
  const bytes = await readPicture(ctx)
  const webp = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
    .rotate()
    .resize({ width, height, fit: 'cover', withoutEnlargement: true })
    .webp({ quality: 82 })
    .toBuffer()
    .catch((error: unknown) => {
      throw new DomainError('image_unreadable', {}, { cause: error })
    })
  return keepPicture(store, folder, webp)
}

/**
 * What was sent, as long as it begins like a picture.
 *
 * @throws {DomainError} `body_too_large`, `file_type_refused`, `malformed_form`, `file_missing`
 */
export async function readPicture(ctx: KoaContext, maxBytes = MAX_BYTES): Promise<Buffer> {
  if (Number(ctx.get('content-length')) > maxBytes + FORM_OVERHEAD) throw new DomainError('body_too_large')
  const bytes = await (ctx.is('multipart/form-data') ? readForm(ctx) : readAll(ctx.req))
  if (bytes.length > maxBytes) throw new DomainError('body_too_large')
  const type = await fileTypeFromBuffer(bytes)
  if (!type || !accepted.has(type.mime)) throw new DomainError('file_type_refused')
  return bytes
}

/**
 * @returns the object's key
 * @throws {DomainError} `store_unavailable`
 */
export async function keepPicture(store: ObjectStore, folder: PictureFolder, webp: Buffer): Promise<string> {
  const key = `public/${folder}/${newId()}.webp`
  try {
    await store.put(key, webp, { contentType: 'image/webp', cacheControl: 'public, max-age=31536000, immutable' })
  } catch (error) {
    if (error instanceof ObjectStoreError) throw new DomainError('store_unavailable', {}, { cause: error })
    throw error
  }
  return key
}

/** @throws {DomainError} `malformed_form`, `file_missing`, `body_too_large` */
async function readForm(ctx: KoaContext): Promise<Buffer> {
  const boundary = boundaryOf(ctx.get('content-type'))
  if (!boundary) throw new DomainError('malformed_form')
  for await (const part of readParts(ctx.req, boundary)) {
    if (part.fileName !== null) return readAll(part.body)
  }
  throw new DomainError('file_missing')
}

/** @throws {DomainError} `body_too_large` as soon as that is known */
async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > MAX_BYTES) throw new DomainError('body_too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
