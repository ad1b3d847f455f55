import { writeAudit } from '../admin/audit-log.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueDeletion } from '../library/delete-objects.job.ts'
import { keysOfPicture } from '../pictures/picture-name.ts'
import type { Person } from './access.ts'
import { Course } from './course.ts'
import { lockCourse } from './lock-course.ts'
import { removeFiles } from './remove-files.ts'

/**
 * Deletes a draft with all that is in it, when nobody was ever enrolled and nothing was ever paid.
 *
 * @throws {DomainError} those of `requireCourse`; `course_in_use`
 */
export async function deleteCourse(em: EntityManager, queue: Queue, person: Person, courseId: number): Promise<void> {
  await em.transactional(async (tx) => {
    const { course } = await lockCourse(tx, person, courseId, 'retire')
    const [used] = await tx.execute<{ is_used: boolean }[]>(
      `select exists (select from enrollment where course_id = ?) or exists (select from payment where course_id = ?)
         as is_used`,
      [courseId, courseId],
    )
    if (course.status !== 'draft' || used?.is_used) throw new DomainError('course_in_use')
    const details = { title: course.title }
    writeAudit(tx, { actor: person.id, action: 'course.delete', object: `course:${courseId}`, details })
    // Else it would keep its own files.
    await tx.nativeUpdate(Course, { id: courseId }, { previewAsset: null })
    await removeFiles(tx, queue, 'm.course_id', courseId)
    if (course.thumbnail) await queueDeletion(queue, tx, keysOfPicture(course.thumbnail))
    tx.remove(course)
    await tx.flush()
  })
}
