import { fileTypeFromBuffer } from 'file-type'
import type { Context as KoaContext } from 'koa'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import { DomainError } from '../errors.ts'
import { keepPicture } from '../pictures/keep-picture.ts'
import type { PictureKind } from '../pictures/picture-name.ts'
import { boundaryOf, readParts } from './multipart.ts'

const MAX_BYTES = 8 * 1024 * 1024
const FORM_OVERHEAD = 64 * 1024
/** By their first bytes, whatever the request calls them. SVG is a document that runs scripts, and none of these. */
const accepted = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif'])

/** What such a route says that it takes. */
export const imageTypes = ['image/jpeg', 'image/png', 'image/webp', 'image/gif'] as const

/**
 * Takes a picture that is the body of the request, or the first file of its form, and keeps it in all its sizes. The name
 * it had is never looked at.
 *
 * @returns the key that stands for it
 * @throws {DomainError} those of `readPicture` and `keepPicture`
 */
export async function takePicture(ctx: KoaContext, store: ObjectStore, kind: PictureKind): Promise<string> {
  return keepPicture(store, kind, await readPicture(ctx))
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
