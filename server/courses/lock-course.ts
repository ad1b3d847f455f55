import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { type CourseAction, isAdmin, may, type Person, type Standing } from './access.ts'
import { Course } from './course.ts'
import { requireCourse } from './standing.ts'

export interface LockedCourse {
  course: Course
  standing: Standing
}

/**
 * `requireCourse`, with the row locked until the transaction ends: whatever changes a course, its modules and lessons
 * stands in line here, so orders have no gaps and counters no drift.
 *
 * @throws {DomainError} those of `requireCourse`
 */
export async function lockCourse(
  tx: EntityManager,
  person: Person | null,
  courseId: number,
  action: CourseAction,
): Promise<LockedCourse> {
  const course = await tx.findOne(Course, { id: courseId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
  if (!course) throw new DomainError('course_not_found')
  return requireCourse(tx, person, courseId, action)
}

/**
 * `lockCourse` for those who change what is in it. While it is being reviewed its authors wait; who approves may still
 * put a thing right.
 *
 * @throws {DomainError} those of `requireCourse`; `course_in_review`
 */
export async function lockContent(tx: EntityManager, person: Person | null, courseId: number): Promise<LockedCourse> {
  const locked = await lockCourse(tx, person, courseId, 'edit')
  requireEditable(locked)
  return locked
}

/** @throws {DomainError} `course_in_review` */
export function requireEditable({ course, standing }: LockedCourse): void {
  const isFrozen = course.status === 'review' && !isAdmin(standing.person) && !may(standing, 'approve', course)
  if (isFrozen) throw new DomainError('course_in_review')
}
