import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import type { Person } from './access.ts'
import { hasLearners } from './edit-lessons.ts'
import type { ModuleBody, ModuleChanges } from './lesson-contract.ts'
import { lockContent } from './lock-course.ts'
import { lockModule } from './lock-lesson.ts'
import { Module } from './module.ts'
import { applyOrder, closeGaps, idsInOrder, makeRoom, moveTo, requireEach } from './order.ts'
import { recountCourse } from './recount-course.ts'
import { removeFiles } from './remove-files.ts'

/** @throws {DomainError} those of `lockContent` */
export async function addModule(
  em: EntityManager,
  person: Person,
  courseId: number,
  { order, is_free: isFree, title, description }: ModuleBody,
): Promise<Module> {
  return em.transactional(async (tx) => {
    const { course } = await lockContent(tx, person, courseId)
    const place = await makeRoom(tx, 'module', courseId, order)
    const module = tx.create(Module, { course, title, description, isFree, order: place })
    await tx.flush()
    return module
  })
}

/** @throws {DomainError} those of `lockModule` */
export async function editModule(
  em: EntityManager,
  person: Person,
  moduleId: number,
  { order, ...fields }: ModuleChanges,
): Promise<Module> {
  return em.transactional(async (tx) => {
    const { module, course } = await lockModule(tx, person, moduleId)
    if (fields.title !== undefined) module.title = fields.title
    if (fields.description !== undefined) module.description = fields.description
    if (fields.is_free !== undefined) module.isFree = fields.is_free
    await tx.flush()
    if (order !== undefined) await moveTo(tx, 'module', course.id, { id: moduleId, order })
    return tx.findOneOrFail(Module, { id: moduleId }, { refresh: true })
  })
}

/**
 * Deletes it with its lessons, unless learners have begun one that is still shown.
 *
 * @throws {DomainError} those of `lockModule`; `lesson_in_use`
 */
export async function deleteModule(em: EntityManager, queue: Queue, person: Person, moduleId: number): Promise<void> {
  await em.transactional(async (tx) => {
    const { module, course } = await lockModule(tx, person, moduleId)
    if (await hasLearners(tx, 'l.module_id', moduleId)) throw new DomainError('lesson_in_use')
    await removeFiles(tx, queue, 'l.module_id', moduleId)
    tx.remove(module)
    await tx.flush()
    await closeGaps(tx, 'module', course.id)
    await recountCourse(tx, course.id)
    await queue.add('recompute-course-progress', { course: course.id }, { em: tx })
  })
}

/**
 * Brings all modules of a course into this order.
 *
 * @throws {DomainError} those of `lockContent`; `invalid_input` unless each is named exactly once and no other is
 */
export async function reorderModules(
  em: EntityManager,
  person: Person,
  { course: courseId, order }: { course: number; order: number[] },
): Promise<number[]> {
  return em.transactional(async (tx) => {
    await lockContent(tx, person, courseId)
    const ids = await idsInOrder(tx, 'module', courseId)
    requireEach(order, ids)
    requireEach(ids, order)
    await applyOrder(tx, 'module', courseId, order)
    return order
  })
}
