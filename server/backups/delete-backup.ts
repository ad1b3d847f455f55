import type { ObjectStore } from '../../media/storage/object-store.ts'
import { FOLDER, MANIFEST } from './manifest.ts'

/** The manifest first: one whose deletion is broken off is not taken for whole. */
export async function deleteBackup(store: ObjectStore, name: string): Promise<void> {
  const folder = `${FOLDER}${name}/`
  await store.delete([`${folder}${MANIFEST}`])
  const keys: string[] = []
  for await (const { key } of store.list(folder)) keys.push(key)
  if (keys.length > 0) await store.delete(keys)
}
