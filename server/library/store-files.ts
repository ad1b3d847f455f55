import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import { newId } from '../db/base.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { MediaAsset } from './media-asset.ts'
import type { ReceivedFile } from './receive-form.ts'

/**
 * Puts received files into the store, private, under names that nobody can guess or choose; their rows are made in the
 * transaction that uses them.
 *
 * @returns `discard` deletes the objects again, when that transaction fails
 * @throws {DomainError} `store_unavailable`
 */
export async function storeFiles(
  store: ObjectStore,
  files: readonly ReceivedFile[],
): Promise<{ stored: { key: string; file: ReceivedFile }[]; discard: () => Promise<void> }> {
  const stored = files.map((file) => ({ key: `assets/${newId()}${newId().slice(0, 8)}`, file }))
  const discard = () => store.delete(stored.map(({ key }) => key))
  try {
    for (const { key, file } of stored) {
      await store.put(key, { file: file.path }, { contentType: file.mime, cacheControl: 'private, no-store' })
    }
  } catch (error) {
    await discard().catch(() => {})
    if (error instanceof ObjectStoreError) throw new DomainError('store_unavailable', {}, { cause: error })
    throw error
  }
  return { stored, discard }
}

export function createAsset(tx: EntityManager, owner: number, key: string, file: ReceivedFile): MediaAsset {
  const { sha256, sizeBytes, mime, fileName } = file
  return tx.create(MediaAsset, { key, sha256, sizeBytes, mime, fileName, visibility: 'private', owner })
}
