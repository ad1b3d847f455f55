import { LockMode } from '@mikro-orm/core'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import type { EntityManager } from '../db/orm.ts'
import { Recording } from './recording.ts'

/** Closes a recording whose media process will never report: playable when the store has its playlists. */
export async function closeLostRecording(em: EntityManager, store: ObjectStore, id: string): Promise<void> {
  const objects = new Map<string, number>()
  for await (const { key, size } of store.list(`recordings/${id}/`))
    objects.set(key.slice(`recordings/${id}/`.length), size)
  await em.transactional(async (tx) => {
    const recording = await tx.findOne(Recording, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    if (recording?.status !== 'live') return
    recording.status = objects.has('index.m3u8') ? 'ready' : 'failed'
    recording.node = null
    recording.sizeBytes = [...objects.values()].reduce((sum, size) => sum + size, 0)
    recording.hasThumbnail = objects.has('thumbnail.jpg')
    recording.hasStoryboard = objects.has('storyboard.vtt')
    await tx.flush()
  })
}
