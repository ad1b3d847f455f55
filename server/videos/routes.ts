import type { Context as KoaContext } from 'koa'
import type { Context } from '../context.ts'
import { lessonJson, recordingLessonBody } from '../courses/lesson-contract.ts'
import { presentLesson } from '../courses/present-lesson.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { type RequestState, requireViewer } from '../http/request.ts'
import { answerIfChanged, audienceOf } from '../http/viewer.ts'
import { mayManage } from '../live/access.ts'
import {
  presentVideo,
  type VideoJson,
  type VideoPageJson,
  videoBody,
  videoJson,
  videoParams,
  videoPatch,
} from './contract.ts'
import { createVideo } from './create-video.ts'
import { deleteVideo } from './delete-video.ts'
import { managedVideo, watchableVideo } from './find-video.ts'
import { turnVideoIntoLesson } from './turn-video-into-lesson.ts'
import { Video } from './video.ts'

type Ctx = KoaContext & { state: RequestState }

/** Parse, call one operation, present. Rules live in the operations. */
export function videoRoutes({ playback, cookies, queue, settings, config, catalogCache }: Context): Api {
  const api = new Api('/api/videos', 'Videos')

  api.get(
    '/',
    { summary: 'One’s own videos, newest first.', access: 'signed-in', answers: { 200: pageOf(videoJson) } },
    async (ctx) => {
      const { id: owner } = requireViewer(ctx.state)
      const page = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) =>
          ctx.state.em.findAndCount(
            Video,
            { owner, duplicateOf: null },
            { orderBy: { createdAt: 'desc', id: 'asc' }, limit, offset },
          ),
        (rows) => rows.map((video) => show(ctx, video)),
      )
      answerIfChanged(ctx, page satisfies VideoPageJson)
    },
  )

  api.post(
    '/',
    {
      summary:
        'Announce a video; its file is then uploaded by tus 1.0.0 to `/api/uploads` with `video` as its metadata.',
      access: 'signed-in',
      body: videoBody,
      answers: { 201: videoJson },
    },
    async (ctx, { body }) => {
      const { id } = requireViewer(ctx.state)
      ctx.status = 201
      ctx.body = show(ctx, await createVideo(ctx.state.em, settings, id, body))
    },
  )

  api.get(
    '/:id',
    {
      summary: 'A video, for whoever may watch it; of a file that its owner had already, the one that was there.',
      access: 'anyone',
      params: videoParams,
      answers: { 200: videoJson },
    },
    async (ctx, { params }) =>
      answerIfChanged(ctx, show(ctx, await watchableVideo(ctx.state.em, ctx.state.viewer, params.id))),
  )

  api.patch(
    '/:id',
    {
      summary: 'Change its title, or who may watch it.',
      access: 'signed-in',
      params: videoParams,
      body: videoPatch,
      answers: { 200: videoJson },
    },
    async (ctx, { params, body: { title, visibility } }) => {
      const video = await managedVideo(ctx.state.em, requireViewer(ctx.state), params.id)
      if (title !== undefined) video.title = title
      if (visibility !== undefined) video.visibility = visibility
      await ctx.state.em.flush()
      ctx.body = show(ctx, video)
    },
  )

  api.post(
    '/:id/lesson',
    {
      summary: 'Make a video lesson of it.',
      access: 'signed-in',
      params: videoParams,
      body: recordingLessonBody,
      answers: { 201: lessonJson },
    },
    async (ctx, { params, body }) => {
      const viewer = requireViewer(ctx.state)
      const video = await managedVideo(ctx.state.em, requireViewer(ctx.state), params.id)
      const lesson = await turnVideoIntoLesson(ctx.state.em.fork(), queue, viewer, video.id, body)
      await catalogCache.bump()
      ctx.status = 201
      const watchedPercent = settings.get('video_completion_percent')
      const audience = audienceOf(ctx, viewer, cookies)
      ctx.body = presentLesson(lesson, { mayEdit: true, playback, audience, watchedPercent })
    },
  )

  api.delete(
    '/:id',
    {
      summary: 'Delete it with its files, unless a lesson uses it.',
      access: 'signed-in',
      params: videoParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      const { id } = await managedVideo(ctx.state.em, requireViewer(ctx.state), params.id)
      await deleteVideo(ctx.state.em, queue, id)
      ctx.status = 204
    },
  )

  function show(ctx: Ctx, video: Video): VideoJson {
    const audience = audienceOf(ctx, ctx.state.viewer, cookies)
    return presentVideo(video, { playback, audience, mayEdit: mayManage(ctx.state.viewer, video.owner.id) })
  }

  return api
}
