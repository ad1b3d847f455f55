import Router from '@koa/router'
import type { Context as KoaContext } from 'koa'
import { mayHaveChannelUnasked } from '../accounts/roles.ts'
import { Channel } from '../channels/channel.ts'
import { openChannel } from '../channels/open-channel.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { paginate } from '../http/page.ts'
import { parse, parseBody, type RequestState, requireUser, requireViewer } from '../http/request.ts'
import { answerIfChanged, audienceOf } from '../http/viewer.ts'
import { mayManage } from './access.ts'
import { Broadcast } from './broadcast.ts'
import {
  type BroadcastJson,
  broadcastParams,
  broadcastPatch,
  type HealthAnswerJson,
  type LivePageJson,
  presentBroadcast,
  scheduleBody,
} from './contract.ts'
import { endBroadcast } from './end-broadcast.ts'
import { presentHealth, readHealth } from './health.ts'
import { mayWatchShow } from './learners.ts'
import { listLive, look } from './list-live.ts'
import { cancelBroadcast, editBroadcast, scheduleBroadcast } from './schedule-broadcast.ts'

type Ctx = KoaContext & { state: RequestState; params: Record<string, string> }

/** Parse, call one operation, present. Rules live in the operations. */
export function liveRoutes(context: Context): Router<RequestState> {
  const { redis, nodes, playback, cookies, channelPages, streamKeys } = context
  const router = new Router<RequestState>({ prefix: '/api' })

  router.get('/live', async (ctx) => {
    const { em } = ctx.state
    const page = await paginate(
      ctx,
      context.config.publicUrl,
      (limit, offset) => listLive(em, limit, offset),
      (rows) => present(ctx, rows),
    )
    answerIfChanged(ctx, page satisfies LivePageJson)
  })

  router.post('/broadcasts', async (ctx) => {
    const body = parseBody(scheduleBody, ctx.request.body)
    const owner = await requireUser(ctx.state)
    const existing = await ctx.state.em.findOne(Channel, { owner })
    if (!existing && !mayHaveChannelUnasked(owner.role)) throw new DomainError('channel_not_found')
    const channel = existing ?? (await ctx.state.em.transactional((tx) => openChannel(tx, owner, streamKeys)))
    const broadcast = await scheduleBroadcast(ctx.state.em, owner, channel, {
      title: body.title,
      startsAt: body.starts_at,
      visibility: body.visibility,
      course: body.course,
      lesson: body.lesson,
    })
    channelPages.forget(channel.slug)
    ctx.status = 201
    ctx.body = await presentOne(ctx, broadcast)
  })

  router.get('/broadcasts/:id', async (ctx) => {
    answerIfChanged(ctx, await presentOne(ctx, await watchable(ctx)))
  })

  router.patch('/broadcasts/:id', async (ctx) => {
    const body = parseBody(broadcastPatch, ctx.request.body)
    const { id, channel } = await managed(ctx)
    const broadcast = await editBroadcast(ctx.state.em, requireViewer(ctx.state), id, {
      title: body.title,
      startsAt: body.starts_at,
      visibility: body.visibility,
      course: body.course,
      lesson: body.lesson,
    })
    channelPages.forget(channel.slug)
    ctx.body = await presentOne(ctx, broadcast)
  })

  router.delete('/broadcasts/:id', async (ctx) => {
    const { id, channel } = await managed(ctx)
    await cancelBroadcast(ctx.state.em, id)
    channelPages.forget(channel.slug)
    ctx.status = 204
  })

  router.post('/broadcasts/:id/end', async (ctx) => {
    const { id, channel } = await managed(ctx)
    const broadcast = await endBroadcast(ctx.state.em, id)
    channelPages.forget(channel.slug)
    await nodes.end(ctx.state.em, [broadcast])
    ctx.body = await presentOne(ctx, broadcast)
  })

  router.get('/broadcasts/:id/health', async (ctx) => {
    const { id } = await managed(ctx)
    const [health] = await readHealth(redis, [id])
    ctx.set('Cache-Control', 'no-store')
    ctx.body = { broadcast: id, health: health ? presentHealth(health) : null } satisfies HealthAnswerJson
  })

  /** One that the viewer may not see counts as missing, so a guessed id reveals nothing. */
  async function watchable(ctx: Ctx): Promise<Broadcast> {
    const { id } = parse(broadcastParams, ctx.params)
    const broadcast = await ctx.state.em.findOne(Broadcast, { id }, { populate: ['channel'] })
    const shown = broadcast && { visibility: broadcast.visibility, ownerId: broadcast.channel.owner.id }
    const show = { broadcast: id, recording: null }
    const isShown = shown && (await mayWatchShow(ctx.state.em, ctx.state.viewer, shown, show))
    if (!broadcast || !isShown) throw new DomainError('broadcast_not_found')
    return broadcast
  }

  async function managed(ctx: Ctx): Promise<Broadcast> {
    const viewer = requireViewer(ctx.state)
    const broadcast = await watchable(ctx)
    if (!mayManage(viewer, broadcast.channel.owner.id)) throw new DomainError('forbidden')
    return broadcast
  }

  async function present(ctx: Ctx, broadcasts: Broadcast[]): Promise<BroadcastJson[]> {
    const { em, viewer } = ctx.state
    const audience = audienceOf(ctx, viewer, cookies)
    const sights = await look(em, redis, broadcasts)
    return sights.map((sight) =>
      presentBroadcast(sight, playback, audience, mayManage(viewer, sight.broadcast.channel.owner.id)),
    )
  }

  async function presentOne(ctx: Ctx, broadcast: Broadcast): Promise<BroadcastJson> {
    const [json] = await present(ctx, [broadcast])
    if (!json) throw new DomainError('broadcast_not_found')
    return json
  }

  return router
}
