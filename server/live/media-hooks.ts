import Router from '@koa/router'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { sentenceFor } from '../http/errors.ts'
import { parse, parseBody, type RequestState } from '../http/request.ts'
import { isSame } from '../http/session-cookie.ts'
import { type Grant, goLive } from './go-live.ts'
import { takeBeat } from './take-beat.ts'
import { takeClosed, takeEnded, takeStarted } from './take-report.ts'
import { tellViewers } from './tell-viewers.ts'

const id = z.string().regex(/^[0-9a-f]{24}$/)
const node = z.string().regex(/^[a-z0-9-]{1,32}$/)
const eventId = z.string().min(1).max(64)
const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
/** A report that is refused would be repeated for ever: what is too long is cut. */
const shortened = z.string().transform((text) => text.slice(0, 50))
const byId = z.object({ id })
const byNode = z.object({ node })

const authorizeBody = z.object({ stream_key: z.string().max(4096), node, address: z.string().max(64) })
const startedBody = z.object({ event_id: eventId, node, started_at: moment })
const endedBody = z.object({ event_id: eventId, node, ended_at: moment, cause: shortened.nullable() })
const closedBody = z.object({
  event_id: eventId,
  node,
  broadcast: id,
  is_playable: z.boolean(),
  duration_seconds: z.number().nonnegative(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  renditions: z.array(z.string().max(32)).max(16),
  size_bytes: z.number().int().nonnegative(),
  has_thumbnail: z.boolean(),
  has_storyboard: z.boolean(),
  is_uploaded: z.boolean(),
})
const beatBody = z.object({
  url: z.string().max(255),
  rtmp_url: z.string().max(255),
  broadcasts: z.array(id).max(1000),
})

/**
 * What media processes ask and tell. Never routed by nginx, and closed without the secret; who lacks it is told that there
 * is nothing here.
 */
export function mediaHooks(context: Context): Router<RequestState> {
  const { streamKeys, limits, queue, channelPages, catalogCache, config, log } = context
  const router = new Router<RequestState>({ prefix: '/internal' })

  router.use(async (ctx, next) => {
    if (!isSame(ctx.get('x-internal-secret'), config.secrets.internal)) throw new DomainError('not_found')
    return next()
  })

  router.post('/ingest/authorize', async (ctx) => {
    const body = parseBody(authorizeBody, ctx.request.body)
    ctx.body = await authorize(body.stream_key, body.node, body.address).then(presentGrant, (error) => {
      if (!(error instanceof DomainError)) throw error
      // The encoder shows this sentence; it knows no languages.
      log.info({ code: error.code, node: body.node, address: body.address }, 'a publisher was refused')
      ctx.status = 403
      return { detail: sentenceFor(error.code), code: error.code }
    })

    async function authorize(streamKey: string, name: string, address: string): Promise<Grant> {
      if ((await limits.blockedFor('publish', address)) > 0) throw new DomainError('publish_slowed')
      try {
        return await goLive(ctx.state.em, streamKeys, { streamKey, node: name })
      } catch (error) {
        const isWrongKey = error instanceof DomainError && error.code === 'stream_key_refused'
        if (isWrongKey) await limits.take('publish', address).catch(() => {})
        throw error
      }
    }
  })

  router.post('/broadcasts/:id/started', async (ctx) => {
    const params = parse(byId, ctx.params)
    const body = parseBody(startedBody, ctx.request.body)
    const report = { eventId: body.event_id, node: body.node, startedAt: body.started_at }
    await takeStarted(ctx.state.em, queue, params.id, report)
    channelPages.forgetAll()
    await tellViewers(context, [params.id])
    ctx.status = 204
  })

  router.post('/broadcasts/:id/ended', async (ctx) => {
    const params = parse(byId, ctx.params)
    const body = parseBody(endedBody, ctx.request.body)
    const report = { eventId: body.event_id, node: body.node, endedAt: body.ended_at, cause: body.cause }
    await takeEnded(ctx.state.em, params.id, report)
    channelPages.forgetAll()
    await tellViewers(context, [params.id])
    ctx.status = 204
  })

  router.post('/recordings/:id/closed', async (ctx) => {
    const params = parse(byId, ctx.params)
    const body = parseBody(closedBody, ctx.request.body)
    const outcome = await takeClosed(ctx.state.em, queue, params.id, {
      eventId: body.event_id,
      node: body.node,
      isPlayable: body.is_playable,
      durationSeconds: body.duration_seconds,
      width: body.width,
      height: body.height,
      renditions: body.renditions,
      sizeBytes: body.size_bytes,
      hasThumbnail: body.has_thumbnail,
      hasStoryboard: body.has_storyboard,
      isUploaded: body.is_uploaded,
    })
    if (outcome === 'taken') await catalogCache.bump()
    if (outcome === 'gone') await queue.add('delete-recording-files', { recording: params.id }, { startAfter: 60 })
    ctx.status = 204
  })

  router.post('/nodes/:node/beat', async (ctx) => {
    const params = parse(byNode, ctx.params)
    const body = parseBody(beatBody, ctx.request.body)
    const beat = { node: params.node, url: body.url, rtmpUrl: body.rtmp_url, broadcasts: body.broadcasts }
    ctx.body = { cut: await takeBeat(ctx.state.em, beat) }
  })

  return router
}

function presentGrant({ channel, broadcast, recording }: Grant) {
  return { channel: channel.slug, broadcast: broadcast.id, recording: recording.id, title: broadcast.title }
}
