import { writeAudit } from '../admin/audit-log.ts'
import type { Settings } from '../admin/settings.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import { may, type Person } from './access.ts'
import { applyFields } from './apply-fields.ts'
import { lockPending, move } from './change-status.ts'
import { missingFields } from './completeness.ts'
import type { CourseChanges } from './contract.ts'
import type { Course } from './course.ts'
import { lockCourse, requireEditable } from './lock-course.ts'
import { isTaken } from './slug-of-course.ts'

export interface Edit {
  fields: CourseChanges
  /** The version that an `If-Match` names; null without one. */
  ifMatch: number | null
}

/**
 * Changes what is given; a status among it goes the way of the status actions. What is no draft any more loses nothing
 * that made it complete.
 * A new price touches no purchase: these keep the amount that they began with.
 *
 * @throws {DomainError} those of `requireCourse`, `applyFields` and `move`; `course_in_review`; `version_conflict` or, of an
 *   `If-Match`, `precondition_failed` when another edit was saved meanwhile
 */
export async function editCourse(
  em: EntityManager,
  person: Person,
  courseId: number,
  { fields: { status, version, ...fields }, ifMatch }: Edit,
  settings: Settings,
): Promise<Course> {
  try {
    return await em.transactional(async (tx) => {
      if (status === 'archived') await lockPending(tx, courseId)
      const locked = await lockCourse(tx, person, courseId, 'edit')
      const { course, standing } = locked
      if (ifMatch !== null && ifMatch !== course.version) throw new DomainError('precondition_failed')
      if (version !== undefined && version !== course.version) {
        throw new DomainError('version_conflict', { version: course.version })
      }
      // Out of a review it goes first, into one last: so that the edit is one of a draft.
      const lackedBefore = missingFields(course)
      const leavesReview = course.status === 'review' && status === 'draft'
      if (leavesReview) await move(tx, locked, status, { settings })
      if (Object.keys(fields).length > 0) {
        requireEditable(locked)
        const price = `${course.price} ${course.currency}`
        const asked = `${fields.price ?? course.price} ${fields.currency ?? course.currency}`
        if (asked !== price) {
          if (!may(standing, 'price', course)) throw new DomainError('forbidden')
          const details = { price: [price, asked] }
          writeAudit(tx, { actor: person.id, action: 'course.price', object: `course:${courseId}`, details })
        }
        await applyFields(tx, course, fields, { settings, person })
      }
      if (course.status !== 'draft') {
        const lost = Object.entries(missingFields(course)).filter(([field]) => !(field in lackedBefore))
        if (lost.length > 0) throw fieldErrors(Object.fromEntries(lost))
      }
      if (status !== undefined && status !== course.status) await move(tx, locked, status, { settings })
      course.version += 1
      await tx.flush()
      return course
    })
  } catch (error) {
    if (isTaken(error, 'course_slug_unique')) throw new DomainError('slug_taken')
    throw error
  }
}
