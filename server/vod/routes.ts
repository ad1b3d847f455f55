import Router from '@koa/router'
import type { Context as KoaContext } from 'koa'
import { Channel } from '../channels/channel.ts'
import type { Context } from '../context.ts'
import { recordingLessonBody } from '../courses/lesson-contract.ts'
import { presentLesson } from '../courses/present-lesson.ts'
import { DomainError } from '../errors.ts'
import { paginate } from '../http/page.ts'
import { parse, parseBody, type RequestState, requireViewer } from '../http/request.ts'
import { answerIfChanged, audienceOf } from '../http/viewer.ts'
import { mayManage } from '../live/access.ts'
import { mayWatchShow } from '../live/learners.ts'
import {
  presentRecording,
  type RecordingPageJson,
  recordingParams,
  recordingPatch,
  recordingsQuery,
} from './contract.ts'
import { deleteRecording } from './delete-recording.ts'
import { Recording } from './recording.ts'
import { turnIntoLesson } from './turn-into-lesson.ts'

type Ctx = KoaContext & { state: RequestState; params: Record<string, string> }

/** Parse, call one operation, present. Rules live in the operations. */
export function recordingRoutes(context: Context): Router<RequestState> {
  const { playback, cookies, queue, catalogCache } = context
  const router = new Router<RequestState>({ prefix: '/api/recordings' })

  /** Public ones; on their own channel its owner sees all, also those that failed. */
  router.get('/', async (ctx) => {
    const { channel: slug } = parse(recordingsQuery, ctx.query)
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
      (rows) => rows.map((recording) => presentRecording(recording, playback, audience)),
    )
    answerIfChanged(ctx, page satisfies RecordingPageJson)
  })

  router.get('/:id', async (ctx) => {
    const recording = await watchable(ctx)
    answerIfChanged(ctx, presentRecording(recording, playback, audienceOf(ctx, ctx.state.viewer, cookies)))
  })

  router.patch('/:id', async (ctx) => {
    const changes = parseBody(recordingPatch, ctx.request.body)
    const recording = await managed(ctx)
    if (changes.title !== undefined) recording.title = changes.title
    if (changes.visibility !== undefined) recording.visibility = changes.visibility
    await ctx.state.em.flush()
    ctx.body = presentRecording(recording, playback, audienceOf(ctx, ctx.state.viewer, cookies))
  })

  /** 201 with the lesson, as its editor sees it. */
  router.post('/:id/lesson', async (ctx) => {
    const body = parseBody(recordingLessonBody, ctx.request.body)
    const viewer = requireViewer(ctx.state)
    const recording = await managed(ctx)
    const lesson = await turnIntoLesson(ctx.state.em.fork(), queue, viewer, recording.id, body)
    await catalogCache.bump()
    const mayEdit = true
    ctx.status = 201
    ctx.body = presentLesson(lesson, { mayEdit, playback, audience: audienceOf(ctx, viewer, cookies) })
  })

  router.delete('/:id', async (ctx) => {
    const { id } = await managed(ctx)
    await deleteRecording(ctx.state.em, queue, id)
    ctx.status = 204
  })

  /** One that the viewer may not see counts as missing, so a guessed id reveals nothing. */
  async function watchable(ctx: Ctx): Promise<Recording> {
    const { id } = parse(recordingParams, ctx.params)
    const recording = await ctx.state.em.findOne(Recording, { id }, { populate: ['channel'] })
    const shown = recording && { visibility: recording.visibility, ownerId: recording.channel.owner.id }
    const show = recording && { broadcast: recording.broadcast.id, recording: id }
    const isShown = shown && show && (await mayWatchShow(ctx.state.em, ctx.state.viewer, shown, show))
    if (!recording || !isShown) throw new DomainError('recording_not_found')
    return recording
  }

  async function managed(ctx: Ctx): Promise<Recording> {
    const viewer = requireViewer(ctx.state)
    const recording = await watchable(ctx)
    if (!mayManage(viewer, recording.channel.owner.id)) throw new DomainError('forbidden')
    return recording
  }

  return router
}
