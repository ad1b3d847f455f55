import { Profile } from '../accounts/profile.ts'
import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import type { Settings } from '../admin/settings.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import { Payment } from '../payments/payment.ts'
import { failPayment } from '../payments/settle.ts'
import { type CourseAction, isAdmin, may, type Person, type Standing } from './access.ts'
import { missingContent, missingFields } from './completeness.ts'
import type { Course } from './course.ts'
import { type LockedCourse, lockCourse } from './lock-course.ts'
import { recountTeachers } from './recount-course.ts'

export const statusActions = ['submit', 'withdraw', 'approve', 'reject', 'archive', 'unarchive', 'unpublish'] as const
export type StatusAction = (typeof statusActions)[number]

type Status = Course['status']
interface Transition {
  from: Status
  to: Status
  right: CourseAction
}

/** The arrows of `Course`, and whose they are. */
const transitions: Record<StatusAction, Transition> = {
  submit: { from: 'draft', to: 'review', right: 'submit' },
  withdraw: { from: 'review', to: 'draft', right: 'submit' },
  approve: { from: 'review', to: 'published', right: 'approve' },
  reject: { from: 'review', to: 'draft', right: 'approve' },
  archive: { from: 'published', to: 'archived', right: 'retire' },
  unarchive: { from: 'archived', to: 'published', right: 'approve' },
  unpublish: { from: 'published', to: 'draft', right: 'retire' },
}

/**
 * Does what a status action says.
 *
 * @throws {DomainError} those of `requireCourse`; `invalid_transition` from another status; `invalid_input` of what is missing;
 *   `email_not_verified`, `teacher_rejected`, `own_submission`, `course_has_learners`
 */
export async function changeStatus(
  em: EntityManager,
  person: Person,
  courseId: number,
  action: StatusAction,
  { comment, settings }: { comment: string; settings: Settings },
): Promise<Course> {
  return em.transactional(async (tx) => {
    if (action === 'archive') await lockPending(tx, courseId)
    const locked = await lockCourse(tx, person, courseId, transitions[action].right)
    await take(tx, locked, action, { comment, settings })
    locked.course.version += 1
    await tx.flush()
    return locked.course
  })
}

/**
 * The same by the status that is wanted, as a full edit says it.
 *
 * @throws {DomainError} those of `changeStatus`
 */
export async function move(
  tx: EntityManager,
  locked: LockedCourse,
  to: Status,
  { settings }: { settings: Settings },
): Promise<void> {
  const { course, standing } = locked
  const fitting = statusActions.filter(
    (name) => transitions[name].from === course.status && transitions[name].to === to,
  )
  if (fitting.length === 0) throw new DomainError('invalid_transition', { from: course.status, to })
  const action = fitting.find((name) => may(standing, transitions[name].right, course))
  if (!action) throw new DomainError('forbidden')
  await take(tx, locked, action, { comment: '', settings })
}

async function take(
  tx: EntityManager,
  { course, standing }: LockedCourse,
  action: StatusAction,
  { comment, settings }: { comment: string; settings: Settings },
): Promise<void> {
  const { from, to } = transitions[action]
  if (course.status !== from) throw new DomainError('invalid_transition', { from: course.status, to })
  if (action === 'submit') await requireAuthor(tx, standing, settings)
  if (action === 'approve') requireOtherEyes(standing, course)
  if (action === 'unpublish') await requireNobodyEnrolled(tx, course.id)
  // Also on the way back from the archive, where it may have been emptied.
  if (to === 'review' || to === 'published') {
    const missing = { ...missingFields(course), ...(await missingContent(tx, course.id)) }
    if (Object.keys(missing).length > 0) throw fieldErrors(missing)
  }
  course.status = to
  const actor = standing.person?.id ?? null
  if (action === 'submit') course.submittedBy = actor === null ? null : tx.getReference(User, actor)
  if (action === 'submit' || action === 'approve') course.reviewComment = ''
  if (action === 'reject') course.reviewComment = comment
  if (to === 'published') course.publishedAt ??= new Date()
  course.archivedAt = to === 'archived' ? new Date() : null
  const details = { status: [from, to], ...(comment ? { comment } : {}) }
  writeAudit(tx, { actor, action: `course.${action}`, object: `course:${course.id}`, details })
  await tx.flush()
  if (to === 'archived') await failPending(tx, course.id)
  if (to === 'published' || from === 'published') await recountTeachers(tx, course.id)
}

async function requireAuthor(tx: EntityManager, { person }: Standing, settings: Settings): Promise<void> {
  if (!person || isAdmin(person)) return
  const user = await tx.findOneOrFail(User, { id: person.id })
  if (!user.isVerified && settings.get('email_verification_required')) throw new DomainError('email_not_verified')
  const profile = await tx.findOneOrFail(Profile, { user })
  if (profile.verificationStatus === 'rejected') throw new DomainError('teacher_rejected')
}

/** Four eyes: who submitted it approves it only with the `publish` permission of their own. */
function requireOtherEyes({ person, staff }: Standing, course: Course): void {
  const isOwn = person !== null && course.submittedBy?.id === person.id
  const isAllowed = isAdmin(person) || staff.some(({ permissions }) => permissions.publish === true)
  if (isOwn && !isAllowed) throw new DomainError('own_submission')
}

async function requireNobodyEnrolled(tx: EntityManager, courseId: number): Promise<void> {
  const [found] = await tx.execute('select id from enrollment where course_id = ? limit 1', [courseId])
  if (found) throw new DomainError('course_has_learners')
}

/** Payments are locked before their course wherever both are: a webhook that comes at this moment must not meet us in a ring. */
export async function lockPending(tx: EntityManager, courseId: number): Promise<void> {
  await tx.execute(`select from payment where course_id = ? and status = 'pending' order by id for update`, [courseId])
}

/** A checkout that is open leads nowhere any more; money that comes all the same is its webhook's to settle. */
async function failPending(tx: EntityManager, courseId: number): Promise<void> {
  const pending = await tx.find(Payment, { course: courseId, status: 'pending' }, { refresh: true })
  for (const payment of pending) await failPayment(tx, payment, 'course_archived')
}
