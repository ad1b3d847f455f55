import { writeAudit } from '../admin/audit-log.ts'
import { may, type Person, type Standing } from '../courses/access.ts'
import type { Course } from '../courses/course.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { plainText } from './plain-text.ts'
import { cleaned, type ReviewText } from './post-review.ts'
import { lockCourseForReviews, recountRatings } from './recount-ratings.ts'
import { Review } from './review.ts'
import { isVerifiedLearner } from './verify-reviews.ts'

export interface FoundReview {
  review: Review
  course: Course
  standing: Standing
}

/**
 * A review that they may see: a hidden one is there for its author and those who hide, and for nobody else.
 *
 * @throws {DomainError} `review_not_found`
 */
export async function requireReview(em: EntityManager, person: Person | null, id: number): Promise<FoundReview> {
  const review = await em.findOne(Review, { id }, { populate: ['course'], refresh: true })
  if (!review) throw new DomainError('review_not_found')
  const course = review.course
  const standing = await findStanding(em, person, course.id)
  const isTheirs = review.user.id === person?.id
  if (!isTheirs && !may(standing, 'view', course)) throw new DomainError('review_not_found')
  if (review.isHidden && !isTheirs && !may(standing, 'moderate_reviews', course)) {
    throw new DomainError('review_not_found')
  }
  return { review, course, standing }
}

/** @throws {DomainError} `review_not_found`, `forbidden` of somebody else's, `review_hidden` */
export async function editReview(em: EntityManager, author: Person, id: number, text: ReviewText): Promise<Review> {
  return changeReview(em, author, id, async (tx, { review, course }) => {
    requireOwn(review, author)
    Object.assign(review, cleaned(text))
    review.isVerified = await isVerifiedLearner(tx, course.id, author.id)
  })
}

/** @throws {DomainError} `review_not_found`, `forbidden` of somebody else's, `review_hidden` */
export async function deleteReview(em: EntityManager, author: Person, id: number): Promise<void> {
  await changeReview(em, author, id, async (tx, { review }) => {
    requireOwn(review, author)
    tx.remove(review)
  })
}

/**
 * Takes a review out of sight and out of the average, or brings it back.
 *
 * @param reason plain text; null brings it back
 * @throws {DomainError} `review_not_found`, `forbidden`
 */
export async function hideReview(
  em: EntityManager,
  moderator: Person & { address: string },
  id: number,
  reason: string | null,
): Promise<Review> {
  return changeReview(em, moderator, id, async (tx, { review, course, standing }) => {
    if (!may(standing, 'moderate_reviews', course)) throw new DomainError('forbidden')
    const { id: actor, address } = moderator
    const details = { course: course.id, hidden: [review.isHidden, reason !== null], reason: reason ?? '' }
    const action = reason === null ? 'review.unhide' : 'review.hide'
    writeAudit(tx, { actor, address, action, object: `review:${id}`, details })
    review.isHidden = reason !== null
    review.hiddenReason = reason ?? ''
  })
}

/**
 * A teacher's answer under a review; an empty one takes it back.
 *
 * @throws {DomainError} `review_not_found`, `forbidden`
 */
export async function replyToReview(em: EntityManager, teacher: Person, id: number, reply: string): Promise<Review> {
  return changeReview(em, teacher, id, async (_tx, { review, course, standing }) => {
    if (!may(standing, 'reply_to_reviews', course)) throw new DomainError('forbidden')
    review.teacherReply = plainText(reply)
    review.repliedAt = review.teacherReply ? new Date() : null
  })
}

/** Under the lock of the course, and read again there: what was visible a moment ago may be hidden by now. */
async function changeReview(
  em: EntityManager,
  person: Person,
  id: number,
  change: (tx: EntityManager, found: FoundReview) => Promise<void>,
): Promise<Review> {
  const { course } = await requireReview(em, person, id)
  return em.transactional(async (tx) => {
    await lockCourseForReviews(tx, course.id)
    const found = await requireReview(tx, person, id)
    await change(tx, found)
    await tx.flush()
    await recountRatings(tx, course.id)
    return found.review
  })
}

function requireOwn(review: Review, author: Person): void {
  if (review.user.id !== author.id) throw new DomainError('forbidden')
  if (review.isHidden) throw new DomainError('review_hidden')
}
