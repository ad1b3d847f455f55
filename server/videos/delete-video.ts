import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { Video } from './video.ts'

/**
 * Deletes a video, also one that is being uploaded or processed. Its files go by a job of the same transaction.
 *
 * @throws {DomainError} `video_not_found`
 */
export async function deleteVideo(em: EntityManager, queue: Queue, id: string): Promise<void> {
  await em.transactional(async (tx) => {
    const video = await tx.findOne(Video, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    if (!video) throw new DomainError('video_not_found')
    tx.remove(video)
    await tx.flush()
    await queue.add('delete-video-files', { video: id }, { em: tx })
  })
}
