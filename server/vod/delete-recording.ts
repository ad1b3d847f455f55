import { LockMode } from '@mikro-orm/core'
import { Lesson } from '../courses/lesson.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { Recording } from './recording.ts'

/**
 * Deletes a recording. Its objects go by a job that is enqueued in the same transaction: a store that is away delays them,
 * and nothing is left behind.
 *
 * @throws {DomainError} `recording_not_found`, `recording_live`; `recording_in_use` while a lesson is made of it
 */
export async function deleteRecording(em: EntityManager, queue: Queue, id: string): Promise<void> {
  await em.transactional(async (tx) => {
    const recording = await tx.findOne(Recording, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    // Somebody else was first.
    if (!recording) throw new DomainError('recording_not_found')
    if (recording.status === 'live') throw new DomainError('recording_live')
    // A lesson that begins to use it now waits for this row, and finds it gone.
    if ((await tx.count(Lesson, { recording })) > 0) throw new DomainError('recording_in_use')
    tx.remove(recording)
    await tx.flush()
    await queue.add('delete-recording-files', { recording: id }, { em: tx })
  })
}
