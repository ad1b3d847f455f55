import { LockMode } from '@mikro-orm/core'
import type { Person } from '../courses/access.ts'
import { Lesson } from '../courses/lesson.ts'
import { lockModule } from '../courses/lock-lesson.ts'
import { makeRoom } from '../courses/order.ts'
import { recountCourse } from '../courses/recount-course.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { announceLesson } from '../notices/notify-learners.job.ts'
import type { NewLesson } from '../vod/turn-into-lesson.ts'
import { Video } from './video.ts'

/**
 * Makes a video lesson of an uploaded video, as long as it is. Whose the video is was asked before.
 *
 * @throws {DomainError} those of `lockModule`; `video_not_found`, `video_not_ready`
 */
export async function turnVideoIntoLesson(
  em: EntityManager,
  queue: Queue,
  person: Person,
  videoId: string,
  { module: moduleId, title, order, is_free: isFree }: NewLesson,
): Promise<Lesson> {
  return em.transactional(async (tx) => {
    const { module, course } = await lockModule(tx, person, moduleId)
    // A deletion that is under way is waited for.
    const lockMode = LockMode.PESSIMISTIC_READ
    const video = await tx.findOne(Video, { id: videoId }, { lockMode, refresh: true })
    if (!video) throw new DomainError('video_not_found')
    if (video.status !== 'ready') throw new DomainError('video_not_ready')
    const lesson = tx.create(Lesson, {
      module,
      title,
      contentType: 'video',
      video,
      durationMinutes: Math.ceil(Number(video.durationSeconds) / 60),
      isFree,
      order: await makeRoom(tx, 'lesson', moduleId, order),
    })
    await tx.flush()
    await recountCourse(tx, course.id)
    await queue.add('recompute-course-progress', { course: course.id }, { em: tx })
    await announceLesson(tx, queue, lesson.id)
    return lesson
  })
}
