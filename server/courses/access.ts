import type { Role } from '../accounts/roles.ts'

/** Who may do what with a course or a lesson. Pure: it decides on what `standing.ts` found out. */

export const courseRoles = ['teacher', 'producer', 'assistant'] as const
export type CourseRole = (typeof courseRoles)[number]

export const permissionKeys = [
  'edit_content',
  'manage_pricing',
  'view_analytics',
  'view_revenue',
  'manage_students',
  'moderate_reviews',
  'moderate_chat',
  'go_live',
  'publish',
] as const
export type PermissionKey = (typeof permissionKeys)[number]
export type CoursePermissions = Partial<Record<PermissionKey, boolean>>

/** An account as far as rights go. */
export interface Person {
  id: number
  role: Role
}

/** Somebody's place in one course. */
export interface Standing {
  person: Person | null
  staff: readonly { role: CourseRole; permissions: CoursePermissions; isPrimary: boolean }[]
  /** There is an active or completed enrollment. */
  isEnrolled: boolean
}

export interface CourseState {
  status: 'draft' | 'review' | 'published' | 'archived'
}

export const actions = [
  'view',
  'edit',
  'retire',
  'submit',
  'approve',
  'price',
  'assign_assistants',
  'assign_staff',
  'view_statistics',
  'view_finance',
  'refund',
  'promote',
  'manage_students',
  'review',
  'moderate_reviews',
  'reply_to_reviews',
  'moderate_chat',
  'go_live',
] as const
export type CourseAction = (typeof actions)[number]

export function isAdmin(person: Person | null): boolean {
  return person?.role === 'admin'
}

export function mayCreateCourse(person: Person | null): boolean {
  return person !== null && person.role !== 'student'
}

/** A teacher's page has an address of its own; a student has none. */
export function mayHaveCustomUrl(person: Person | null): boolean {
  return mayCreateCourse(person)
}

/** Staff of this course, an admin aside. What an account lost, its place in a course does not give back. */
export function isStaff(standing: Standing): boolean {
  return rolesOf(standing).length > 0
}

/**
 * The matrix of section 3 of the API.
 *
 * @param course `edit` and `price` depend on its status
 */
export function may(standing: Standing, action: CourseAction, course: CourseState): boolean {
  const { person, isEnrolled } = standing
  if (action === 'view' && course.status === 'published') return true
  if (person === null) return false
  if (action === 'review') return isAdmin(person) || (isEnrolled && !isStaff(standing))
  if (isAdmin(person)) return true
  const is = (role: CourseRole) => rolesOf(standing).some((place) => place.role === role)
  const has = (key: PermissionKey) => rolesOf(standing).some((place) => place.permissions[key] === true)
  switch (action) {
    case 'view':
      return isStaff(standing) || (course.status === 'archived' && isEnrolled)
    case 'edit':
      return is('teacher') || is('producer') || has('edit_content')
    case 'retire':
      return is('producer') || rolesOf(standing).some(({ role, isPrimary }) => role === 'teacher' && isPrimary)
    case 'submit':
      return is('teacher') || is('producer')
    case 'approve':
      return is('producer') || (is('teacher') && has('publish'))
    case 'price':
      return is('producer') || (is('teacher') && (course.status === 'draft' || has('manage_pricing')))
    case 'assign_assistants':
      return is('teacher') || is('producer')
    case 'assign_staff':
      return is('producer')
    case 'view_statistics':
      return is('teacher') || is('producer') || has('view_analytics')
    case 'view_finance':
      return is('producer') || (is('teacher') && has('view_revenue'))
    case 'refund':
      return is('producer')
    case 'promote':
      return is('producer') || (is('teacher') && has('manage_pricing'))
    case 'manage_students':
      return is('teacher') || is('producer') || has('manage_students')
    case 'moderate_reviews':
      return has('moderate_reviews')
    case 'reply_to_reviews':
      return is('teacher')
    case 'moderate_chat':
      return is('teacher') || is('producer') || has('moderate_chat')
    case 'go_live':
      return is('teacher') || is('producer') || has('go_live')
  }
}

/** Whether the content of a lesson is theirs to see, not its title alone. */
export function mayLearn(standing: Standing, course: CourseState, lesson: { isFree: boolean }): boolean {
  if (standing.person && (isAdmin(standing.person) || isStaff(standing))) return true
  if (standing.isEnrolled && (course.status === 'published' || course.status === 'archived')) return true
  return lesson.isFree && course.status === 'published'
}

/** A place counts only as far as the account's own role reaches: a demoted teacher teaches nowhere. */
export function heldRoles({ role }: Pick<Person, 'role'>): readonly CourseRole[] {
  if (role === 'student') return ['assistant']
  return role === 'teacher' ? ['teacher', 'assistant'] : courseRoles
}

function rolesOf({ person, staff }: Standing): Standing['staff'] {
  return person ? staff.filter(({ role }) => heldRoles(person).includes(role)) : []
}
