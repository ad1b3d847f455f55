import { isAdmin, may, type Person, type Standing } from '../courses/access.ts'
import type { Course } from '../courses/course.ts'
import { requireCourse } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { FigureQuery } from './period.ts'
import type { ReportKind } from './report.ts'

/** Of what figures may tell. */
export interface Scope {
  /** Null for every course. */
  courses: number[] | null
  /** One person's own; null for all people. */
  user: number | null
}

const actions = { revenue: 'view_finance', views: 'view_statistics', progress: 'view_statistics' } as const

/**
 * What somebody may see of some figures, by the matrix of section 3:
 *
 *   admin ─▶ everything      producer, teacher, assistant ─▶ their courses, as far as their place in each goes
 *   anybody ─▶ their own progress, when there is no course of theirs or they ask for it
 *
 * @throws {DomainError} `course_not_found`, `forbidden`
 */
export async function scopeOf(
  em: EntityManager,
  person: Person,
  kind: ReportKind,
  { course, isOwn }: Pick<FigureQuery, 'course' | 'isOwn'>,
): Promise<Scope> {
  const action = actions[kind]
  if (kind !== 'progress' && isOwn) throw new DomainError('forbidden')
  if (course !== null) {
    if (kind !== 'progress') await requireCourse(em, person, course, action)
    else {
      const found = await requireCourse(em, person, course, 'view')
      if (isOwn || !may(found.standing, action, found.course)) {
        if (!found.standing.isEnrolled && !isOwn) throw new DomainError('forbidden')
        return { courses: [course], user: person.id }
      }
    }
    return { courses: [course], user: null }
  }
  if (isOwn) return { courses: null, user: person.id }
  if (isAdmin(person)) return { courses: null, user: null }
  const courses = await findCourses(em, person, action)
  if (courses.length > 0) return { courses, user: null }
  if (kind === 'progress') return { courses: null, user: person.id }
  // Who may have such courses and has none yet sees nothing, rather than a refusal.
  if (person.role === 'producer' || (kind === 'views' && person.role === 'teacher')) return { courses: [], user: null }
  throw new DomainError('forbidden')
}

/** Whether what was made for `before` is still theirs to see. */
export async function stillSees(em: EntityManager, person: Person, kind: ReportKind, before: Scope): Promise<boolean> {
  if (before.user !== null) return before.user === person.id
  if (isAdmin(person)) return true
  if (before.courses === null) return false
  const now = new Set(await findCourses(em, person, actions[kind]))
  return before.courses.every((course) => now.has(course))
}

type Place = { course: number; status: Course['status']; staff: Standing['staff'] }

/** The courses with which they may do that, in one query. */
async function findCourses(em: EntityManager, person: Person, action: 'view_finance' | 'view_statistics') {
  const places = await em.execute<Place[]>(
    `select c.id as course, c.status,
            jsonb_agg(jsonb_build_object('role', r.role, 'permissions', r.permissions, 'isPrimary', r.is_primary)) as staff
       from course_user_role r join course c on c.id = r.course_id
      where r.user_id = ? group by c.id order by c.id`,
    [person.id],
  )
  return places
    .filter(({ status, staff }) => may({ person, staff, isEnrolled: false }, action, { status }))
    .map(({ course }) => course)
}
