import type { EntityManager } from '../db/orm.ts'
import { DomainError, type ErrorCode } from '../errors.ts'
import type { Person } from './access.ts'
import { Lesson } from './lesson.ts'
import { type LockedCourse, lockContent } from './lock-course.ts'
import { Module } from './module.ts'

/**
 * A module that they may change, its course locked. Of a course that they may not see it counts as missing.
 *
 * @throws {DomainError} `module_not_found`, `forbidden`, `not_signed_in`, `course_in_review`
 */
export async function lockModule(
  tx: EntityManager,
  person: Person | null,
  moduleId: number,
): Promise<LockedCourse & { module: Module }> {
  const found = await tx.findOne(Module, { id: moduleId })
  if (!found) throw new DomainError('module_not_found')
  const locked = await orMissing('module_not_found', lockContent(tx, person, found.course.id))
  // It may have been deleted while we waited; a module never changes its course.
  const module = await tx.findOne(Module, { id: moduleId }, { refresh: true })
  if (!module) throw new DomainError('module_not_found')
  return { ...locked, module }
}

/**
 * The same for a lesson.
 *
 * @throws {DomainError} `lesson_not_found`, `forbidden`, `not_signed_in`, `course_in_review`
 */
export async function lockLesson(
  tx: EntityManager,
  person: Person | null,
  lessonId: number,
): Promise<LockedCourse & { module: Module; lesson: Lesson }> {
  const found = await tx.findOne(Lesson, { id: lessonId }, { populate: ['module'], refresh: true })
  if (!found) throw new DomainError('lesson_not_found')
  const locked = await orMissing('lesson_not_found', lockContent(tx, person, found.module.course.id))
  const lesson = await tx.findOne(Lesson, { id: lessonId }, { populate: ['module'], refresh: true })
  if (!lesson) throw new DomainError('lesson_not_found')
  const { module } = lesson
  // It was moved to another course while we waited for this one.
  if (module.course.id !== locked.course.id) return lockLesson(tx, person, lessonId)
  return { ...locked, module, lesson }
}

/** What they may not even see is named by what they asked for. */
export async function orMissing<T>(code: ErrorCode, found: Promise<T>): Promise<T> {
  try {
    return await found
  } catch (error) {
    if (error instanceof DomainError && error.code === 'course_not_found') throw new DomainError(code)
    throw error
  }
}
