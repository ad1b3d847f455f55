import { Profile } from '../accounts/profile.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { Api } from '../http/api.ts'
import { paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { deleteReview, editReview, hideReview, replyToReview } from './change-review.ts'
import {
  courseParams,
  hideBody,
  presentReview,
  type ReviewJson,
  replyBody,
  reportBody,
  reviewBody,
  reviewJson,
  reviewPageJson,
  reviewParams,
  reviewsQuery,
} from './contract.ts'
import { findReviews } from './find-reviews.ts'
import { postReview } from './post-review.ts'
import { reportReview } from './report-review.ts'
import type { Review } from './review.ts'

/** What learners say of courses. The catalogue shows the averages, so each change of one is told to its cache. */
export function reviewRoutes(context: Context): Api[] {
  return [courseReviews(context), singleReviews(context)]
}

function courseReviews({ config, catalogCache }: Context): Api {
  const api = new Api('/api/courses/:id/reviews', 'Reviews')

  api.get(
    '/',
    {
      summary: 'What learners say of a course, newest first.',
      description: 'Hidden ones are shown to their author and to those who may hide, and count in no average.',
      access: 'anyone',
      params: courseParams,
      query: reviewsQuery,
      answers: { 200: reviewPageJson },
    },
    async (ctx, { params, query }) => {
      const { em, viewer } = ctx.state
      const filter = { rating: query.rating, isVerified: query.is_verified, ordering: query.ordering }
      const { course, histogram, page } = await findReviews(em, viewer, params.id, filter)
      const reviews = await paginate(ctx, config.publicUrl, page, (rows) => presentAll(em, rows, viewer?.id ?? null))
      const { averageRating, reviewsCount } = course
      ctx.body = { ...reviews, average_rating: averageRating, reviews_count: reviewsCount, histogram }
    },
  )

  api.post(
    '/',
    {
      summary: 'Reviews a course one learns in; once.',
      access: 'signed-in',
      params: courseParams,
      body: reviewBody,
      answers: { 201: reviewJson },
    },
    async (ctx, { params, body }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      const review = await postReview(em, viewer, params.id, body)
      await catalogCache.bump()
      ctx.status = 201
      ctx.body = await present(em, review, viewer.id)
    },
  )

  return api
}

function singleReviews({ catalogCache }: Context): Api {
  const api = new Api('/api/reviews/:id', 'Reviews')

  api.put(
    '/',
    {
      summary: 'Rewrites one’s own review, unless it is hidden.',
      access: 'signed-in',
      params: reviewParams,
      body: reviewBody,
      answers: { 200: reviewJson },
    },
    async (ctx, { params, body }) => {
      const viewer = requireViewer(ctx.state)
      const review = await editReview(ctx.state.em, viewer, params.id, body)
      await catalogCache.bump()
      ctx.body = await present(ctx.state.em, review, viewer.id)
    },
  )

  api.delete(
    '/',
    {
      summary: 'Takes one’s own review back, unless it is hidden.',
      access: 'signed-in',
      params: reviewParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      await deleteReview(ctx.state.em, requireViewer(ctx.state), params.id)
      await catalogCache.bump()
      ctx.status = 204
    },
  )

  api.post(
    '/reply',
    {
      summary: 'A teacher’s answer under a review; an empty one takes it back.',
      access: 'signed-in',
      params: reviewParams,
      body: replyBody,
      answers: { 200: reviewJson },
    },
    async (ctx, { params, body }) => {
      const viewer = requireViewer(ctx.state)
      const review = await replyToReview(ctx.state.em, viewer, params.id, body.reply)
      ctx.body = await present(ctx.state.em, review, viewer.id)
    },
  )

  api.post(
    '/hide',
    {
      summary: 'Takes a review out of sight and out of the average.',
      access: 'signed-in',
      params: reviewParams,
      body: hideBody,
      answers: { 200: reviewJson },
    },
    async (ctx, { params, body }) => {
      const { em, address } = ctx.state
      const viewer = requireViewer(ctx.state)
      const review = await hideReview(em, { ...viewer, address }, params.id, body.reason)
      await catalogCache.bump()
      ctx.body = await present(em, review, viewer.id)
    },
  )

  api.post(
    '/unhide',
    {
      summary: 'Shows a hidden review again.',
      access: 'signed-in',
      params: reviewParams,
      answers: { 200: reviewJson },
    },
    async (ctx, { params }) => {
      const { em, address } = ctx.state
      const viewer = requireViewer(ctx.state)
      const review = await hideReview(em, { ...viewer, address }, params.id, null)
      await catalogCache.bump()
      ctx.body = await present(em, review, viewer.id)
    },
  )

  api.post(
    '/report',
    {
      summary: 'Tells the admins that a review should not be there.',
      access: 'signed-in',
      params: reviewParams,
      body: reportBody,
      answers: { 204: null },
    },
    async (ctx, { params, body }) => {
      await reportReview(ctx.state.em, requireViewer(ctx.state), params.id, body.reason)
      ctx.status = 204
    },
  )

  return api
}

async function present(em: EntityManager, review: Review, reader: number): Promise<ReviewJson> {
  const [json] = await presentAll(em, [review], reader)
  return json as ReviewJson
}

/** The names of all authors in one query. */
async function presentAll(em: EntityManager, reviews: readonly Review[], reader: number | null): Promise<ReviewJson[]> {
  const authors = reviews.map((review) => review.user.id)
  const profiles = await em.find(Profile, { user: { $in: authors } }, { fields: ['user', 'displayName'] })
  const names = new Map(profiles.map((profile) => [profile.user.id, profile.displayName]))
  return reviews.map((review) => presentReview(review, names.get(review.user.id) ?? '', reader))
}
