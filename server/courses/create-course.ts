import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import type { Settings } from '../admin/settings.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { mayCreateCourse, type Person } from './access.ts'
import { applyFields } from './apply-fields.ts'
import type { CourseCreate } from './contract.ts'
import { Course } from './course.ts'
import { CourseUserRole } from './course-user-role.ts'
import { withFreeSlug } from './slug-of-course.ts'

/**
 * Makes a draft whose first of staff is who makes it: a producer as its producer, everybody else as its teacher.
 *
 * @throws {DomainError} `forbidden` of a student; `invalid_input`; `slug_taken`, `slug_reserved` of a slug that was given
 */
export async function createCourse(
  em: EntityManager,
  person: Person,
  fields: CourseCreate,
  settings: Settings,
): Promise<Course> {
  if (!mayCreateCourse(person)) throw new DomainError('forbidden')
  return withFreeSlug(fields.title, 'course', 'course_slug_unique', (slug) =>
    // After a failed flush an entity manager is not to be used again.
    em.fork().transactional(async (tx) => {
      const course = tx.create(Course, { title: fields.title, slug })
      await tx.flush()
      await applyFields(tx, course, fields, { settings, person })
      tx.create(CourseUserRole, {
        course,
        user: tx.getReference(User, person.id),
        role: person.role === 'producer' ? 'producer' : 'teacher',
        isPrimary: true,
      })
      writeAudit(tx, { actor: person.id, action: 'course.create', object: `course:${course.id}` })
      await tx.flush()
      return course
    }),
  )
}
