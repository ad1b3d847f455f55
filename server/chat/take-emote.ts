import type { Context as KoaContext } from 'koa'
import sharp from 'sharp'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import { newId } from '../db/base.ts'
import { DomainError } from '../errors.ts'
import { readPicture } from '../http/image-upload.ts'
import { putPicture } from '../pictures/keep-picture.ts'

const MAX_BYTES = 1024 * 1024
/** Of all frames together: a small file can unpack to a film that fills the memory. */
const MAX_PIXELS = 20_000_000
const MAX_FRAMES = 200
const SIDE = 128
/** A page shows dozens of them. */
const MAX_KEPT_BYTES = 512 * 1024

/**
 * Keeps the picture that is the body of a request as a small WebP; what moves goes on moving.
 *
 * @returns the object's key, and whether it moves
 * @throws {DomainError} `body_too_large`, `file_type_refused`, `image_unreadable`, `file_too_large`, `store_unavailable`
 */
export async function takeEmote(
  ctx: KoaContext,
  store: ObjectStore,
): Promise<{ picture: string; isAnimated: boolean }> {
  const bytes = await readPicture(ctx, MAX_BYTES)
  const source = sharp(bytes, { animated: true, limitInputPixels: MAX_PIXELS, failOn: 'error' })
  const { webp, pages } = await (async () => {
    const { pages = 1 } = await source.metadata()
    if (pages > MAX_FRAMES) throw new Error('too many frames')
    const upright = pages > 1 ? source : source.autoOrient()
    const resized = upright.resize({ width: SIDE, height: SIDE, fit: 'inside', withoutEnlargement: true })
    return { webp: await resized.webp({ quality: 80 }).toBuffer(), pages }
  })().catch((error: unknown) => {
    throw new DomainError('image_unreadable', {}, { cause: error })
  })
  if (webp.length > MAX_KEPT_BYTES) throw new DomainError('file_too_large')
  const picture = `public/emotes/${newId()}.webp`
  await putPicture(store, picture, webp)
  return { picture, isAnimated: pages > 1 }
}
