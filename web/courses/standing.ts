import type { CourseJson } from '../../server/courses/contract.ts'
import type { LessonOutlineJson } from '../../server/courses/lesson-contract.ts'

/** What somebody is in a course, as its answer says. Pure. */
type Place = Pick<CourseJson, 'enrollment' | 'rights'>

export function isLearning({ enrollment }: Place): boolean {
  return enrollment?.status === 'active' || enrollment?.status === 'completed'
}

/** Whoever may do more than look and review: its staff and admins. */
export function isTeaching({ rights }: Place): boolean {
  return rights.some((right) => right !== 'view' && right !== 'review')
}

export function lessonsOf({ modules }: Pick<CourseJson, 'modules'>): LessonOutlineJson[] {
  return modules.flatMap(({ lessons }) => lessons)
}

/** Where somebody who is new begins. */
export function firstLesson(course: Pick<CourseJson, 'modules'>): LessonOutlineJson | undefined {
  return lessonsOf(course).find(({ locked }) => !locked)
}

/** Those before and after a lesson that are open to its learner. */
export function neighbours(
  course: Pick<CourseJson, 'modules'>,
  lesson: number,
): { previous: LessonOutlineJson | undefined; next: LessonOutlineJson | undefined } {
  const lessons = lessonsOf(course)
  const at = lessons.findIndex(({ id }) => id === lesson)
  return {
    previous: lessons.slice(0, Math.max(0, at)).findLast(({ locked }) => !locked),
    next: at < 0 ? undefined : lessons.slice(at + 1).find(({ locked }) => !locked),
  }
}

export function lessonAddress(course: Pick<CourseJson, 'slug'>, lesson: number): string {
  return `/learn/${course.slug}/${lesson}`
}
