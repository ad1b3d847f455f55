import type { EntityManager } from '../db/orm.ts'
import type { Person } from './access.ts'
import { lockContent } from './lock-course.ts'

/**
 * @returns the key of the picture it had, to be deleted once this is committed
 * @throws {DomainError} those of `requireCourse`; `course_in_review`
 */
export async function setThumbnail(
  em: EntityManager,
  person: Person,
  courseId: number,
  key: string,
): Promise<string | null> {
  return em.transactional(async (tx) => {
    const { course } = await lockContent(tx, person, courseId)
    const replaced = course.thumbnail ?? null
    course.thumbnail = key
    course.version += 1
    await tx.flush()
    return replaced
  })
}
