import { LockMode } from '@mikro-orm/core'
import { Lesson } from '../courses/lesson.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { Video } from './video.ts'

/**
 * Deletes a video, also one that is being uploaded or processed. Its files go by a job of the same transaction.
 *
 * @throws {DomainError} `video_not_found`; `video_in_use` while a lesson is made of it
 */
export async function deleteVideo(em: EntityManager, queue: Queue, id: string): Promise<void> {
  await em.transactional(async (tx) => {
    const video = await tx.findOne(Video, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    if (!video) throw new DomainError('video_not_found')
    // A lesson that begins to use it now waits for this row, and finds it gone.
    if ((await tx.count(Lesson, { video })) > 0) throw new DomainError('video_in_use')
    tx.remove(video)
    await tx.flush()
    await queue.add('delete-video-files', { video: id }, { em: tx })
  })
}
