import { Channel } from '../channels/channel.ts'
import type { Context } from '../context.ts'
import { lessonJson, recordingLessonBody } from '../courses/lesson-contract.ts'
import { presentLesson } from '../courses/present-lesson.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { answerIfChanged, audienceOf } from '../http/viewer.ts'
import { mayManage } from '../live/access.ts'
import {
  presentRecording,
  type RecordingPageJson,
  recordingJson,
  recordingParams,
  recordingPatch,
  recordingsQuery,
} from './contract.ts'
import { deleteRecording } from './delete-recording.ts'
import { managedRecording, watchableRecording } from './find-recording.ts'
import { Recording } from './recording.ts'
import { turnIntoLesson } from './turn-into-lesson.ts'

/** Parse, call one operation, present. Rules live in the operations. */
export function recordingRoutes(context: Context): Api {
  const { playback, cookies, queue, catalogCache } = context
  const api = new Api('/api/recordings', 'Recordings')

  api.get(
    '/',
    {
      summary: 'Public recordings, newest first; on their own channel its owner sees all, also those that failed.',
      access: 'anyone',
      query: recordingsQuery,
      answers: { 200: pageOf(recordingJson) },
    },
    async (ctx, { query: { channel: slug } }) => {
      const { em, viewer } = ctx.state
      const channel = slug === undefined ? null : await em.findOne(Channel, { slug })
      if (slug !== undefined && !channel) throw new DomainError('channel_not_found')
      const isOwn = channel !== null && mayManage(viewer, channel.owner.id)
      // What is live is on the live page until it ends.
      const shown = isOwn ? {} : { visibility: 'public' as const, status: 'ready' as const }
      const where = { ...shown, ...(channel ? { channel } : {}) }
      const audience = audienceOf(ctx, viewer, cookies)
      const page = await paginate(
        ctx,
        context.config.publicUrl,
        (limit, offset) =>
          em.findAndCount(Recording, where, {
            orderBy: { createdAt: 'desc', id: 'asc' },
            limit,
            offset,
            populate: ['channel'],
          }),
        (rows) => rows.map((recording) => presentRecording(recording, playback, audience, context.config.store)),
      )
      answerIfChanged(ctx, page satisfies RecordingPageJson)
    },
  )

  api.get(
    '/:id',
    {
      summary: 'A recording, for whoever may watch it.',
      access: 'anyone',
      params: recordingParams,
      answers: { 200: recordingJson },
    },
    async (ctx, { params }) => {
      const recording = await watchableRecording(ctx.state.em, ctx.state.viewer, params.id)
      answerIfChanged(
        ctx,
        presentRecording(recording, playback, audienceOf(ctx, ctx.state.viewer, cookies), context.config.store),
      )
    },
  )

  api.patch(
    '/:id',
    {
      summary: 'Change its title, or who may watch it.',
      access: 'signed-in',
      params: recordingParams,
      body: recordingPatch,
      answers: { 200: recordingJson },
    },
    async (ctx, { params, body: changes }) => {
      const recording = await managedRecording(ctx.state.em, requireViewer(ctx.state), params.id)
      if (changes.title !== undefined) recording.title = changes.title
      if (changes.visibility !== undefined) recording.visibility = changes.visibility
      await ctx.state.em.flush()
      ctx.body = presentRecording(recording, playback, audienceOf(ctx, ctx.state.viewer, cookies), context.config.store)
    },
  )

  api.post(
    '/:id/lesson',
    {
      summary: 'Make a video lesson of it.',
      access: 'signed-in',
      params: recordingParams,
      body: recordingLessonBody,
      answers: { 201: lessonJson },
    },
    async (ctx, { params, body }) => {
      const viewer = requireViewer(ctx.state)
      const recording = await managedRecording(ctx.state.em, requireViewer(ctx.state), params.id)
      const lesson = await turnIntoLesson(ctx.state.em.fork(), queue, viewer, recording.id, body)
      await catalogCache.bump()
      const mayEdit = true
      ctx.status = 201
      const watchedPercent = context.settings.get('video_completion_percent')
      const audience = audienceOf(ctx, viewer, cookies)
      ctx.body = presentLesson(lesson, { mayEdit, playback, audience, watchedPercent })
    },
  )

  api.delete(
    '/:id',
    {
      summary: 'Delete it with its files, unless a lesson uses it.',
      access: 'signed-in',
      params: recordingParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      const { id } = await managedRecording(ctx.state.em, requireViewer(ctx.state), params.id)
      await deleteRecording(ctx.state.em, queue, id)
      ctx.status = 204
    },
  )

  return api
}
