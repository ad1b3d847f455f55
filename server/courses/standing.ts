import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import {
  type CourseAction,
  type CoursePermissions,
  type CourseRole,
  may,
  type Person,
  type Standing,
} from './access.ts'
import { Course } from './course.ts'

interface Row {
  role: CourseRole | null
  permissions: CoursePermissions | null
  is_primary: boolean | null
  is_enrolled: boolean
}

/** Somebody's place in a course, in one query; of a guest without any. */
export async function findStanding(em: EntityManager, person: Person | null, courseId: number): Promise<Standing> {
  if (!person) return { person, staff: [], isEnrolled: false }
  const rows = await em.execute<Row[]>(
    `select r.role, r.permissions, r.is_primary,
            exists (select from enrollment e where e.course_id = c.id and e.user_id = ? and e.status in ('active', 'completed'))
              as is_enrolled
       from course c left join course_user_role r on r.course_id = c.id and r.user_id = ?
      where c.id = ?`,
    [person.id, person.id, courseId],
  )
  return {
    person: { id: person.id, role: person.role },
    staff: rows.flatMap(({ role, permissions, is_primary }) =>
      role ? [{ role, permissions: permissions ?? {}, isPrimary: is_primary === true }] : [],
    ),
    isEnrolled: rows[0]?.is_enrolled ?? false,
  }
}

/**
 * The course, when they may do that with it. What they may not even see counts as missing, so a guessed id reveals nothing.
 *
 * @throws {DomainError} `course_not_found`, `not_signed_in`, `forbidden`
 */
export async function requireCourse(
  em: EntityManager,
  person: Person | null,
  courseId: number,
  action: CourseAction,
): Promise<{ course: Course; standing: Standing }> {
  const course = await em.findOne(Course, { id: courseId })
  const standing = await findStanding(em, person, courseId)
  if (!course || !may(standing, 'view', course)) throw new DomainError('course_not_found')
  if (may(standing, action, course)) return { course, standing }
  throw new DomainError(person ? 'forbidden' : 'not_signed_in')
}
