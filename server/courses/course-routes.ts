import type { Context as KoaContext } from 'koa'
import { recordCourseView } from '../analytics/record-view.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { ifMatchOf } from '../http/if-match.ts'
import { imageTypes, takePicture } from '../http/image-upload.ts'
import { type RequestState, requireViewer } from '../http/request.ts'
import { sendAsset } from '../library/send-asset.ts'
import { dropPicture } from '../pictures/keep-picture.ts'
import { changeStatus, type StatusAction, statusActions } from './change-status.ts'
import {
  type CourseJson,
  courseCreate,
  courseJson,
  courseParams,
  coursePatch,
  courseReplace,
  courseStatusJson,
  idParams,
  statusBody,
} from './contract.ts'
import { createCourse } from './create-course.ts'
import { deleteCourse } from './delete-course.ts'
import { editCourse } from './edit-course.ts'
import { setThumbnail } from './set-thumbnail.ts'
import { showCourse } from './show-course.ts'
import { requireCourse } from './standing.ts'

type Ctx = KoaContext & { state: RequestState }

const summaries: Record<StatusAction, string> = {
  submit: 'Ask for a review of a draft.',
  withdraw: 'Take a course back from its review.',
  approve: 'Publish a course that is in review.',
  reject: 'Send a course back to its authors, with a reason.',
  archive: 'Take a published course out of the catalogue; its learners keep it.',
  unarchive: 'Publish an archived course again.',
  unpublish: 'Make a published course that nobody is enrolled in a draft again.',
}

/** One course: making, showing, editing, its picture and its status. Rules live in the operations. */
export function courseItemRoutes(context: Context): Api {
  const { settings, catalogCache, queue, store } = context
  const api = new Api('/api/courses', 'Courses')

  api.post(
    '/',
    {
      summary: 'Make a draft; who makes it teaches or produces it.',
      access: 'signed-in',
      body: courseCreate,
      answers: { 201: courseJson },
    },
    async (ctx, { body }) => {
      const course = await createCourse(ctx.state.em, requireViewer(ctx.state), body, settings)
      ctx.status = 201
      await answer(ctx, course.id)
    },
  )

  api.get(
    '/:id',
    {
      summary: 'A course by its id or slug, with its modules and lessons but nothing of what is in them.',
      description: 'The ETag is its version: an `If-Match` of it on PUT or PATCH refuses to overwrite a later edit.',
      access: 'anyone',
      params: courseParams,
      answers: { 200: courseJson },
    },
    async (ctx, { params }) => {
      const course = await answer(ctx, params.id)
      if (course.status === 'published') recordCourseView(context, ctx, course.id, ctx.state.viewer)
    },
  )

  for (const [method, body, summary] of [
    ['put', courseReplace, 'Replace all fields: what is left out is reset, but for the price, which must be said.'],
    ['patch', coursePatch, 'Change the fields that are given.'],
  ] as const) {
    api[method](
      '/:id',
      { summary, access: 'signed-in', params: idParams, body, answers: { 200: courseJson } },
      async (ctx, { params, body: fields }) => {
        const edit = { fields, ifMatch: ifMatchOf(ctx) }
        await editCourse(ctx.state.em, requireViewer(ctx.state), params.id, edit, settings)
        await catalogCache.bump()
        await answer(ctx, params.id)
      },
    )
  }

  api.delete(
    '/:id',
    {
      summary: 'Delete a draft that nobody was ever enrolled in.',
      access: 'signed-in',
      params: idParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      await deleteCourse(ctx.state.em, queue, requireViewer(ctx.state), params.id)
      ctx.status = 204
    },
  )

  api.put(
    '/:id/thumbnail',
    {
      summary: 'Its picture: JPEG, PNG, WebP or GIF, 8 MB at most, as the body.',
      description:
        'Kept at 16:9 and up to 1280 across. `thumbnail_url` ends in the widths it is there in, as `<id>-400-800-1280.webp`; the smaller are `<id>-400.webp` and so on, and each is also `.avif`.',
      access: 'signed-in',
      params: idParams,
      upload: imageTypes,
      answers: { 200: courseJson },
    },
    async (ctx, { params }) => {
      const viewer = requireViewer(ctx.state)
      // Before the file is read, so that only those who may send one.
      await requireCourse(ctx.state.em, viewer, params.id, 'edit')
      const key = await takePicture(ctx, store, 'courses')
      try {
        await setThumbnail(ctx.state.em.fork(), queue, viewer, params.id, key)
      } catch (error) {
        await dropPicture(store, key).catch(() => {})
        throw error
      }
      await catalogCache.bump()
      await answer(ctx, params.id)
    },
  )

  api.get(
    '/:id/preview',
    {
      summary: 'Its preview video when that is a file of ours, where the store has no addresses of its own.',
      access: 'anyone',
      params: idParams,
      answers: { 200: { mime: 'video/mp4' }, 206: { mime: 'video/mp4' } },
    },
    async (ctx, { params }) => {
      const { course } = await requireCourse(ctx.state.em, ctx.state.viewer, params.id, 'view')
      const asset = course.previewAsset && (await ctx.state.em.populate(course, ['previewAsset'])).previewAsset
      if (!asset) throw new DomainError('file_missing')
      await sendAsset(ctx, store, asset)
    },
  )

  for (const action of statusActions) {
    api.post(
      `/:id/${action}`,
      {
        summary: summaries[action],
        access: 'signed-in',
        params: idParams,
        body:
          action === 'reject' ? statusBody.extend({ comment: statusBody.shape.comment.unwrap().min(1) }) : statusBody,
        answers: { 200: courseStatusJson },
      },
      async (ctx, { params, body }) => {
        const change = { comment: body.comment, settings }
        const course = await changeStatus(ctx.state.em, requireViewer(ctx.state), params.id, action, change)
        await catalogCache.bump()
        const { id, status, version, publishedAt } = course
        ctx.body = { id, status, version, published_at: publishedAt?.toISOString() ?? null }
      },
    )
  }

  async function answer(ctx: Ctx, id: number | string): Promise<CourseJson> {
    // As it is in the database now, not as an edit left it in memory.
    const course = await showCourse(ctx.state.em.fork(), ctx.state.viewer, String(id), context)
    ctx.set('Cache-Control', 'private, no-store')
    ctx.set('ETag', `"${course.version}"`)
    ctx.body = course
    return course
  }

  return api
}
