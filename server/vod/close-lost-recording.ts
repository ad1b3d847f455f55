import { LockMode } from '@mikro-orm/core'
import { rebuildPlaylists } from '../../media/files/rebuild-playlists.ts'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import { lockCoursesOf, timeLessons } from '../courses/time-lessons.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { Recording } from './recording.ts'

/** Closes a recording whose media process will never report, with what the object store has of it. */
export async function closeLostRecording(
  em: EntityManager,
  { store, queue }: { store: ObjectStore; queue: Queue },
  id: string,
): Promise<void> {
  const { broadcast, createdAt } = await em.findOneOrFail(Recording, { id }, { populate: ['broadcast'] })
  // Outside of the transaction: a long show takes a while.
  const found = await rebuildPlaylists(store, id, (broadcast.startedAt ?? createdAt).getTime())
  await em.fork().transactional(async (tx) => {
    const courses = await lockCoursesOf(tx, id)
    const recording = await tx.findOne(Recording, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    // Its media process may have come back meanwhile, and knows better.
    if (recording?.status !== 'live' || !(await isLost(tx, recording))) return
    recording.node = null
    recording.status = found ? 'ready' : 'failed'
    if (found) Object.assign(recording, found, { chatDueAt: new Date() })
    await tx.flush()
    if (found?.hasThumbnail) await queue.add('size-thumbnail', { kind: 'recording', id }, { em: tx })
    if (found) await timeLessons(tx, recording, courses)
  })
}

async function isLost(tx: EntityManager, recording: Recording): Promise<boolean> {
  await tx.populate(recording, ['broadcast'])
  return recording.broadcast.status !== 'live'
}
