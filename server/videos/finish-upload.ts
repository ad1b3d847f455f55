import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { Video } from './video.ts'

/** All of it is there: it is processed, once. */
export async function finishUpload(em: EntityManager, queue: Queue, id: string): Promise<void> {
  await em.transactional(async (tx) => {
    const video = await tx.findOne(Video, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    if (video?.status !== 'uploading') return
    video.status = 'queued'
    await tx.flush()
    await queue.add('process-video', { video: id }, { em: tx })
  })
}
