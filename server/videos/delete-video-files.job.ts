import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { uploadPath } from './uploads.ts'

const BATCH = 500

/** Removes every object of a video that is gone, and its upload. Run again it finds less to do. */
export async function deleteVideoFiles({ store, config }: Context, video: string): Promise<void> {
  if (!/^[0-9a-f]{24}$/.test(video)) throw new TypeError('not the id of a video')
  const upload = uploadPath(config.dataDir, video)
  await rm(upload, { force: true })
  await rm(join(config.dataDir, 'transcoding', video), { recursive: true, force: true })
  await rm(`${upload}.json`, { force: true })
  let keys: string[] = []
  for await (const { key } of store.list(`videos/${video}/`)) {
    keys.push(key)
    if (keys.length < BATCH) continue
    await store.delete(keys)
    keys = []
  }
  if (keys.length > 0) await store.delete(keys)
}
