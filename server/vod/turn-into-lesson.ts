import { LockMode } from '@mikro-orm/core'
import type { Person } from '../courses/access.ts'
import { Lesson } from '../courses/lesson.ts'
import { lockModule } from '../courses/lock-lesson.ts'
import { makeRoom } from '../courses/order.ts'
import { recountCourse } from '../courses/recount-course.ts'
import { minutesOf } from '../courses/time-lessons.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { Recording } from './recording.ts'

export interface NewLesson {
  module: number
  title: string
  order?: number | undefined
  is_free: boolean
}

/**
 * Makes a video lesson of a recording, as long as it is. Whose the recording is was asked before.
 *
 * @throws {DomainError} those of `lockModule`; `recording_live` while its broadcast runs, `recording_failed`
 */
export async function turnIntoLesson(
  em: EntityManager,
  queue: Queue,
  person: Person,
  recordingId: string,
  { module: moduleId, title, order, is_free: isFree }: NewLesson,
): Promise<Lesson> {
  return em.transactional(async (tx) => {
    const { module, course } = await lockModule(tx, person, moduleId)
    // A deletion that is under way is waited for.
    const lockMode = LockMode.PESSIMISTIC_READ
    const recording = await tx.findOne(Recording, { id: recordingId }, { lockMode, refresh: true })
    if (!recording) throw new DomainError('recording_not_found')
    if (recording.status === 'live') throw new DomainError('recording_live')
    if (recording.status === 'failed') throw new DomainError('recording_failed')
    const lesson = tx.create(Lesson, {
      module,
      title,
      contentType: 'video',
      recording,
      broadcast: recording.broadcast,
      durationMinutes: minutesOf(recording),
      isFree,
      order: await makeRoom(tx, 'lesson', moduleId, order),
    })
    await tx.flush()
    await recountCourse(tx, course.id)
    await queue.add('recompute-course-progress', { course: course.id }, { em: tx })
    await tx.populate(lesson, ['broadcast'])
    return lesson
  })
}
