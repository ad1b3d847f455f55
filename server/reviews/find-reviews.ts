import type { FilterQuery } from '@mikro-orm/core'
import { may, type Person } from '../courses/access.ts'
import type { Course } from '../courses/course.ts'
import { requireCourse } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { Review } from './review.ts'

export interface ReviewFilter {
  rating?: number | undefined
  isVerified?: boolean | undefined
  ordering: 'newest' | 'oldest' | 'best' | 'worst'
}

const orders = {
  newest: [{ createdAt: 'desc' }, { id: 'desc' }],
  oldest: [{ createdAt: 'asc' }, { id: 'desc' }],
  best: [{ rating: 'desc' }, { id: 'desc' }],
  worst: [{ rating: 'asc' }, { id: 'desc' }],
} as const

/** How often each rating was given, 1 to 5. */
export type Histogram = Record<1 | 2 | 3 | 4 | 5, number>

export interface CourseReviews {
  course: Course
  /** Of all that everybody sees, whatever is filtered. */
  histogram: Histogram
  page(limit: number, offset: number): Promise<[Review[], number]>
}

/**
 * Reviews of a course: hidden ones for their author and those who hide.
 *
 * @throws {DomainError} `course_not_found`
 */
export async function findReviews(
  em: EntityManager,
  reader: Person | null,
  courseId: number,
  filter: ReviewFilter,
): Promise<CourseReviews> {
  const { course, standing } = await requireCourse(em, reader, courseId, 'view')
  const conditions: FilterQuery<Review> = {
    course: courseId,
    ...(filter.rating === undefined ? {} : { rating: filter.rating }),
    ...(filter.isVerified === undefined ? {} : { isVerified: filter.isVerified }),
    ...(may(standing, 'moderate_reviews', course)
      ? {}
      : reader
        ? { $or: [{ isHidden: false }, { user: reader.id }] }
        : { isHidden: false }),
  }
  const counted = await em.execute<{ rating: number; count: number }[]>(
    'select rating, count(*)::int as count from review where course_id = ? and not is_hidden group by rating',
    [courseId],
  )
  const histogram: Histogram = { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 }
  for (const { rating, count } of counted) histogram[rating as keyof Histogram] = count
  return {
    course,
    histogram,
    page: (limit, offset) =>
      em.findAndCount(Review, conditions, { orderBy: [...orders[filter.ordering]], limit, offset }),
  }
}
