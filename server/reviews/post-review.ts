import { UniqueConstraintViolationException } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { isStaff, may, type Person } from '../courses/access.ts'
import { requireCourse } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { plainText } from './plain-text.ts'
import { lockCourseForReviews, recountRatings } from './recount-ratings.ts'
import { Review } from './review.ts'
import { isVerifiedLearner } from './verify-reviews.ts'

export interface ReviewText {
  rating: number
  title: string
  content: string
}

/**
 * What a learner says of a course, once: of two at the same time the database refuses one. The course and its teachers
 * show the new average with it.
 *
 * @throws {DomainError} `course_not_found`, `forbidden` for its staff, `enrollment_required`, `already_reviewed`
 */
export async function postReview(
  em: EntityManager,
  author: Person,
  courseId: number,
  text: ReviewText,
): Promise<Review> {
  try {
    return await em.transactional(async (tx) => {
      await lockCourseForReviews(tx, courseId)
      const { course, standing } = await requireCourse(tx, author, courseId, 'view')
      if (!may(standing, 'review', course)) {
        if (isStaff(standing)) throw new DomainError('forbidden')
        throw new DomainError('enrollment_required', {
          course: courseId,
          price: course.price,
          currency: course.currency,
        })
      }
      const review = tx.create(Review, {
        ...cleaned(text),
        course,
        user: tx.getReference(User, author.id),
        isVerified: await isVerifiedLearner(tx, courseId, author.id),
      })
      await tx.flush()
      await recountRatings(tx, courseId)
      return review
    })
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException) throw new DomainError('already_reviewed')
    throw error
  }
}

export function cleaned({ rating, title, content }: ReviewText): ReviewText {
  return { rating, title: plainText(title), content: plainText(content) }
}
