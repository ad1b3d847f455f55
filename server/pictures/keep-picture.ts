import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import { newId } from '../db/base.ts'
import { DomainError } from '../errors.ts'
import { keysOfPicture, objectsOfPicture, type PictureKind, pictureKey } from './picture-name.ts'
import { renderPicture } from './render-picture.ts'

/** A name never means another picture. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/**
 * Encodes a picture and stores it in all its sizes; all of them or none.
 *
 * @returns the key that stands for it
 * @throws {DomainError} `image_unreadable`, `too_many_requests`, `store_unavailable`
 */
export async function keepPicture(store: ObjectStore, kind: PictureKind, bytes: Buffer): Promise<string> {
  const { widths, files } = await renderPicture(bytes, kind)
  const key = pictureKey(kind, newId(), widths)
  const encoded = new Map(files.map(({ width, format, bytes }) => [`${width} ${format}`, bytes]))
  try {
    for (const object of objectsOfPicture(key)) {
      const content = encoded.get(`${object.width} ${object.format}`)
      if (content) await putPicture(store, object.key, content)
    }
  } catch (error) {
    await dropPicture(store, key).catch(() => {})
    throw error
  }
  return key
}

/** @throws {DomainError} `store_unavailable` */
export async function putPicture(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  try {
    await store.put(key, bytes, { cacheControl: FOR_EVER })
  } catch (error) {
    if (error instanceof ObjectStoreError) throw new DomainError('store_unavailable', {}, { cause: error })
    throw error
  }
}

/**
 * Deletes a picture in all its sizes.
 *
 * @throws {ObjectStoreError}
 */
export function dropPicture(store: ObjectStore, key: string): Promise<void> {
  return store.delete(keysOfPicture(key))
}
