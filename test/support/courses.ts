import type { RequiredEntityData } from '@mikro-orm/core'
import { User } from '../../server/accounts/user.ts'
import type { CoursePermissions, CourseRole } from '../../server/courses/access.ts'
import { Category } from '../../server/courses/category.ts'
import { Course } from '../../server/courses/course.ts'
import { CourseUserRole } from '../../server/courses/course-user-role.ts'
import { Enrollment } from '../../server/courses/enrollment.ts'
import { Lesson } from '../../server/courses/lesson.ts'
import { Module } from '../../server/courses/module.ts'
import type { EntityManager } from '../../server/db/orm.ts'

let made = 0
const next = () => ++made

/** A branch of the catalogue. */
export async function aCategory(
  em: EntityManager,
  given: Partial<RequiredEntityData<Category>> = {},
): Promise<Category> {
  const number = next()
  const category = em.create(Category, { name: `Category ${number}`, slug: `category-${number}`, ...given })
  await em.flush()
  return category
}

/** A published free course of a teacher, without modules. */
export async function aCourse(
  em: EntityManager,
  teacher: User,
  given: Partial<RequiredEntityData<Course>> = {},
): Promise<Course> {
  const number = next()
  const course = em.create(Course, {
    title: `Course ${number}`,
    slug: `course-${number}`,
    description: 'All of it.',
    shortDescription: 'What it is.',
    status: 'published',
    publishedAt: new Date(),
    category: given.category ?? (await aCategory(em)),
    ...given,
  })
  em.create(CourseUserRole, { course, user: em.getReference(User, teacher.id), role: 'teacher', isPrimary: true })
  await em.flush()
  return course
}

/** Somebody's place in a course beside its primary teacher. */
export async function aStaffMember(
  em: EntityManager,
  course: Course,
  user: User,
  role: CourseRole,
  permissions: CoursePermissions = {},
): Promise<CourseUserRole> {
  const place = em.create(CourseUserRole, { course, user: em.getReference(User, user.id), role, permissions })
  await em.flush()
  return place
}

/** The next module of a course. */
export async function aModule(
  em: EntityManager,
  course: Course,
  given: Partial<RequiredEntityData<Module>> = {},
): Promise<Module> {
  const order = (await em.count(Module, { course })) + 1
  const module = em.create(Module, { course, title: `Module ${order}`, order, ...given })
  await em.flush()
  return module
}

/** The next lesson of a module: a text. */
export async function aLesson(
  em: EntityManager,
  module: Module,
  given: Partial<RequiredEntityData<Lesson>> = {},
): Promise<Lesson> {
  const order = (await em.count(Lesson, { module })) + 1
  const lesson = em.create(Lesson, {
    module,
    title: `Lesson ${order}`,
    contentType: 'text',
    content: '<p>What one learns.</p>',
    order,
    ...given,
  })
  await em.flush()
  return lesson
}

/** A learner's place in a course, counted. */
export async function anEnrollment(
  em: EntityManager,
  course: Course,
  user: User,
  given: Partial<RequiredEntityData<Enrollment>> = {},
): Promise<Enrollment> {
  const enrollment = em.create(Enrollment, {
    course,
    user: em.getReference(User, user.id),
    source: 'free',
    ...given,
  })
  course.studentsCount += 1
  await em.flush()
  return enrollment
}
