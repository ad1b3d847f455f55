import { z } from 'zod'
import { pageOf } from '../http/page.ts'
import { plainText } from './plain-text.ts'
import type { Review } from './review.ts'

const id = z.coerce
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1)
export const courseParams = z.strictObject({ id })
export const reviewParams = z.strictObject({ id })

const orderings = { '-created_at': 'newest', created_at: 'oldest', '-rating': 'best', rating: 'worst' } as const

export const reviewsQuery = z.object({
  rating: z.coerce.number().int().min(1).max(5).optional(),
  is_verified: z
    .enum(['true', 'false', '1', '0'])
    .transform((value) => value === 'true' || value === '1')
    .optional(),
  /** `created_at` or `rating`, with a minus for the other way round; anything else is ignored. */
  ordering: z
    .string()
    .optional()
    .transform((asked) =>
      asked && Object.hasOwn(orderings, asked) ? orderings[asked as keyof typeof orderings] : 'newest',
    ),
})

export const reviewBody = z.strictObject({
  rating: z.int().min(1).max(5),
  title: z.string().trim().max(200).default(''),
  content: z.string().trim().max(5000).default(''),
})
export const replyBody = z.strictObject({ reply: z.string().trim().max(5000) })
/** Something is left of it without its markup. */
const reason = z.string().max(500).transform(plainText).pipe(z.string().min(1))
export const hideBody = z.strictObject({ reason })
export const reportBody = z.strictObject({ reason })

/** Text is text, not HTML. Of the author the public name alone. */
export const reviewJson = z.object({
  id: z.int(),
  course: z.int(),
  author: z.object({ display_name: z.string() }),
  /** The reader's own. */
  is_own: z.boolean(),
  rating: z.int(),
  title: z.string(),
  content: z.string(),
  /** Its author bought the course or completed a lesson of it. */
  is_verified: z.boolean(),
  teacher_reply: z.string(),
  replied_at: z.iso.datetime().nullable(),
  /** Only ever true for its author and those who hide. */
  is_hidden: z.boolean(),
  hidden_reason: z.string(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})
export type ReviewJson = z.infer<typeof reviewJson>

export const reviewPageJson = pageOf(reviewJson).extend({
  average_rating: z.string(),
  reviews_count: z.int(),
  /** How many visible reviews gave each rating, whatever is filtered. */
  histogram: z.object({ 1: z.int(), 2: z.int(), 3: z.int(), 4: z.int(), 5: z.int() }),
})

export function presentReview(review: Review, authorName: string, reader: number | null): ReviewJson {
  return {
    id: review.id,
    course: review.course.id,
    author: { display_name: authorName },
    is_own: review.user.id === reader,
    rating: review.rating,
    title: review.title,
    content: review.content,
    is_verified: review.isVerified,
    teacher_reply: review.teacherReply,
    replied_at: review.repliedAt?.toISOString() ?? null,
    is_hidden: review.isHidden,
    hidden_reason: review.hiddenReason,
    created_at: review.createdAt.toISOString(),
    updated_at: review.updatedAt.toISOString(),
  }
}
