import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueDeletion } from '../library/delete-objects.job.ts'
import { keysOfPicture } from '../pictures/picture-name.ts'
import type { Person } from './access.ts'
import { lockContent } from './lock-course.ts'

/**
 * @param key of a picture that is in the store
 * @throws {DomainError} those of `requireCourse`; `course_in_review`
 */
export async function setThumbnail(
  em: EntityManager,
  queue: Queue,
  person: Person,
  courseId: number,
  key: string,
): Promise<void> {
  await em.transactional(async (tx) => {
    const { course } = await lockContent(tx, person, courseId)
    if (course.thumbnail) await queueDeletion(queue, tx, keysOfPicture(course.thumbnail))
    course.thumbnail = key
    course.version += 1
    await tx.flush()
  })
}
