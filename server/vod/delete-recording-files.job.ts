import type { ObjectStore } from '../../media/storage/object-store.ts'

const BATCH = 500

/** Removes every object of a recording that is gone. Run again it finds less to do. */
export async function deleteRecordingFiles(store: ObjectStore, recording: string): Promise<void> {
  if (!/^[0-9a-f]{24}$/.test(recording)) throw new TypeError('not the id of a recording')
  let keys: string[] = []
  for await (const { key } of store.list(`recordings/${recording}/`)) {
    keys.push(key)
    if (keys.length < BATCH) continue
    await store.delete(keys)
    keys = []
  }
  if (keys.length > 0) await store.delete(keys)
}
