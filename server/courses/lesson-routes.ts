import type { Context as KoaContext } from 'koa'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { ifMatchOf } from '../http/if-match.ts'
import { pageOf, paginate } from '../http/page.ts'
import { type RequestState, requireViewer } from '../http/request.ts'
import { audienceOf } from '../http/viewer.ts'
import { receiveForm } from '../library/receive-form.ts'
import { sendAsset } from '../library/send-asset.ts'
import { storeFiles } from '../library/store-files.ts'
import { requireLearning } from '../progress/lesson-place.ts'
import { may } from './access.ts'
import { idParams } from './contract.ts'
import { addLesson, deleteLesson, editLesson } from './edit-lessons.ts'
import {
  lessonBody,
  lessonJson,
  lessonOutlineJson,
  lessonPatch,
  orderJson,
  reorderLessonsBody,
} from './lesson-contract.ts'
import { orMissing } from './lock-lesson.ts'
import { Module } from './module.ts'
import { findOutline } from './outline.ts'
import { presentLesson } from './present-lesson.ts'
import { reorderLessons } from './reorder-lessons.ts'
import { setLessonFile } from './set-lesson-file.ts'
import { requireCourse } from './standing.ts'

const MAX_FILE_BYTES = 100 * 1024 * 1024

type Ctx = KoaContext & { state: RequestState }

/** Lessons of a module. Rules live in the operations. */
export function lessonRoutes({ config, cookies, playback, queue, catalogCache, store, settings }: Context): Api[] {
  const ofModule = new Api('/api/modules', 'Lessons')
  const api = new Api('/api/lessons', 'Lessons')

  ofModule.get(
    '/:id/lessons',
    {
      summary: 'Lessons of a module, but nothing of what is in them.',
      access: 'anyone',
      params: idParams,
      answers: { 200: pageOf(lessonOutlineJson) },
    },
    async (ctx, { params }) => {
      const { em, viewer } = ctx.state
      const module = await em.findOne(Module, { id: params.id })
      if (!module) throw new DomainError('module_not_found')
      const found = await orMissing('module_not_found', requireCourse(em, viewer, module.course.id, 'view'))
      const [outline] = await findOutline(em, found.course, found.standing, module.id)
      const lessons = outline?.lessons ?? []
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        async (limit, offset) => [lessons.slice(offset, offset + limit), lessons.length],
        (rows) => rows,
      )
    },
  )

  ofModule.post(
    '/:id/lessons',
    {
      summary: 'Add a lesson: at the end, or at an order, and what stands there moves on.',
      access: 'signed-in',
      params: idParams,
      body: lessonBody,
      answers: { 201: lessonJson },
    },
    async (ctx, { params, body }) => {
      const lesson = await addLesson(ctx.state.em, queue, requireViewer(ctx.state), params.id, body)
      await catalogCache.bump()
      ctx.status = 201
      await answer(ctx, lesson.id)
    },
  )

  api.post(
    '/reorder',
    {
      summary: 'Bring all lessons of a module into an order; lessons of other modules among them move here.',
      access: 'signed-in',
      body: reorderLessonsBody,
      answers: { 200: orderJson },
    },
    async (ctx, { body }) => {
      ctx.body = { order: await reorderLessons(ctx.state.em, queue, requireViewer(ctx.state), body) }
      await catalogCache.bump()
    },
  )

  api.get(
    '/:id',
    {
      summary: 'A lesson with what is in it, for those who may learn from it.',
      description:
        'Others are refused with `enrollment_required`, the course and its price. An `If-Match` of its ETag on PUT or PATCH refuses to overwrite a later edit.',
      access: 'anyone',
      params: idParams,
      answers: { 200: lessonJson },
    },
    async (ctx, { params }) => answer(ctx, params.id),
  )

  for (const [method, body, summary] of [
    ['put', lessonBody, 'Replace all fields of a lesson but its order, which moves it when it is given.'],
    ['patch', lessonPatch, 'Change the fields that are given.'],
  ] as const) {
    api[method](
      '/:id',
      { summary, access: 'signed-in', params: idParams, body, answers: { 200: lessonJson } },
      async (ctx, { params, body: changes }) => {
        await editLesson(ctx.state.em, queue, requireViewer(ctx.state), params.id, changes, ifMatchOf(ctx))
        await catalogCache.bump()
        await answer(ctx, params.id)
      },
    )
  }

  api.delete(
    '/:id',
    {
      summary: 'Delete a lesson, unless it is shown and learners have begun it.',
      access: 'signed-in',
      params: idParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      await deleteLesson(ctx.state.em, queue, requireViewer(ctx.state), params.id)
      await catalogCache.bump()
      ctx.status = 204
    },
  )

  api.get(
    '/:id/file',
    {
      summary: 'The file of a lesson, for those who may learn from it.',
      access: 'anyone',
      params: idParams,
      answers: { 200: { mime: 'application/octet-stream' }, 206: { mime: 'application/octet-stream' } },
    },
    async (ctx, { params }) => {
      const { lesson } = await requireLearning(ctx.state.em, ctx.state.viewer, params.id)
      if (!lesson.file) throw new DomainError('file_missing')
      await sendAsset(ctx, store, lesson.file)
    },
  )

  api.put(
    '/:id/file',
    {
      summary: 'Give a lesson the file that its learners may download.',
      description: 'As `multipart/form-data` with one file of up to 100 MB. What it is, its first bytes say.',
      access: 'signed-in',
      params: idParams,
      upload: ['multipart/form-data'],
      answers: { 200: lessonJson },
    },
    async (ctx, { params }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      // Before the file is read, so that only those who may send one.
      const { standing, course } = await requireLearning(em, viewer, params.id)
      if (!may(standing, 'edit', course)) throw new DomainError('forbidden')
      await using form = await receiveForm(ctx.req, { maxFiles: 1, maxFileBytes: MAX_FILE_BYTES })
      if (form.files.length === 0) throw new DomainError('file_missing')
      const { stored, discard } = await storeFiles(store, form.files)
      try {
        await setLessonFile(em.fork(), queue, viewer, params.id, stored[0] ?? null)
      } catch (error) {
        await discard().catch(() => {})
        throw error
      }
      await answer(ctx, params.id)
    },
  )

  api.delete(
    '/:id/file',
    { summary: 'Take the file of a lesson away.', access: 'signed-in', params: idParams, answers: { 204: null } },
    async (ctx, { params }) => {
      await setLessonFile(ctx.state.em, queue, requireViewer(ctx.state), params.id, null)
      ctx.status = 204
    },
  )

  async function answer(ctx: Ctx, id: number): Promise<void> {
    const { viewer, em } = ctx.state
    // As it is in the database now, not as an edit left it in memory.
    const { lesson, course, standing } = await requireLearning(em.fork(), viewer, id)
    const mayEdit = may(standing, 'edit', course)
    ctx.set('Cache-Control', 'private, no-store')
    ctx.set('ETag', `"${lesson.updatedAt.getTime()}"`)
    const watchedPercent = settings.get('video_completion_percent')
    const audience = audienceOf(ctx, viewer, cookies)
    ctx.body = presentLesson(lesson, { mayEdit, playback, audience, watchedPercent })
  }

  return [ofModule, api]
}
