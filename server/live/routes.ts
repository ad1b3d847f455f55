import type { Context as KoaContext } from 'koa'
import { mayHaveChannelUnasked } from '../accounts/roles.ts'
import { Channel } from '../channels/channel.ts'
import { openChannel } from '../channels/open-channel.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { type RequestState, requireUser, requireViewer } from '../http/request.ts'
import { answerIfChanged, audienceOf } from '../http/viewer.ts'
import { mayManage } from './access.ts'
import { Broadcast } from './broadcast.ts'
import {
  type BroadcastJson,
  broadcastJson,
  broadcastParams,
  broadcastPatch,
  type HealthAnswerJson,
  healthAnswerJson,
  type LivePageJson,
  presentBroadcast,
  scheduleBody,
} from './contract.ts'
import { endBroadcast } from './end-broadcast.ts'
import { presentHealth, readHealth } from './health.ts'
import { mayWatchShow } from './learners.ts'
import { listLive, look } from './list-live.ts'
import { cancelBroadcast, editBroadcast, scheduleBroadcast } from './schedule-broadcast.ts'
import { tellViewers } from './tell-viewers.ts'

type Ctx = KoaContext & { state: RequestState; params: Record<string, string> }

/** Parse, call one operation, present. Rules live in the operations. */
export function liveRoutes(context: Context): Api {
  const { redis, nodes, playback, cookies, channelPages, streamKeys } = context
  const api = new Api('/api', 'Live')

  api.get(
    '/live',
    { summary: 'Public broadcasts on air, newest first.', access: 'anyone', answers: { 200: pageOf(broadcastJson) } },
    async (ctx) => {
      const { em } = ctx.state
      const page = await paginate(
        ctx,
        context.config.publicUrl,
        (limit, offset) => listLive(em, limit, offset),
        (rows) => present(ctx, rows),
      )
      answerIfChanged(ctx, page satisfies LivePageJson)
    },
  )

  api.post(
    '/broadcasts',
    {
      summary: 'Announce a broadcast on one’s own channel, also as a lesson of a course.',
      access: 'signed-in',
      body: scheduleBody,
      answers: { 201: broadcastJson },
    },
    async (ctx, { body }) => {
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
    },
  )

  api.get(
    '/broadcasts/:id',
    {
      summary: 'A broadcast, for whoever may watch it.',
      access: 'anyone',
      params: broadcastParams,
      answers: { 200: broadcastJson },
    },
    async (ctx, { params }) => {
      answerIfChanged(ctx, await presentOne(ctx, await watchable(ctx, params.id)))
    },
  )

  api.patch(
    '/broadcasts/:id',
    {
      summary: 'Change a broadcast; its hour only before it begins.',
      access: 'signed-in',
      body: broadcastPatch,
      params: broadcastParams,
      answers: { 200: broadcastJson },
    },
    async (ctx, { params, body }) => {
      const { id, channel } = await managed(ctx, params.id)
      const broadcast = await editBroadcast(ctx.state.em, requireViewer(ctx.state), id, {
        title: body.title,
        startsAt: body.starts_at,
        visibility: body.visibility,
        course: body.course,
        lesson: body.lesson,
      })
      channelPages.forget(channel.slug)
      ctx.body = await presentOne(ctx, broadcast)
    },
  )

  api.delete(
    '/broadcasts/:id',
    { summary: 'Take an announcement back.', access: 'signed-in', params: broadcastParams, answers: { 204: null } },
    async (ctx, { params }) => {
      const { id, channel } = await managed(ctx, params.id)
      await cancelBroadcast(ctx.state.em, id)
      channelPages.forget(channel.slug)
      ctx.status = 204
    },
  )

  api.post(
    '/broadcasts/:id/end',
    {
      summary: 'End a running broadcast; its publisher is cut off.',
      access: 'signed-in',
      params: broadcastParams,
      answers: { 200: broadcastJson },
    },
    async (ctx, { params }) => {
      const { id, channel } = await managed(ctx, params.id)
      const broadcast = await endBroadcast(ctx.state.em, id)
      channelPages.forget(channel.slug)
      await nodes.end(ctx.state.em, [broadcast])
      await tellViewers(context, [id])
      ctx.body = await presentOne(ctx, broadcast)
    },
  )

  api.get(
    '/broadcasts/:id/health',
    {
      summary: 'How a running broadcast is doing, for its studio.',
      access: 'signed-in',
      params: broadcastParams,
      answers: { 200: healthAnswerJson },
    },
    async (ctx, { params }) => {
      const { id } = await managed(ctx, params.id)
      const [health] = await readHealth(redis, [id])
      ctx.set('Cache-Control', 'no-store')
      ctx.body = { broadcast: id, health: health ? presentHealth(health) : null } satisfies HealthAnswerJson
    },
  )

  /** One that the viewer may not see counts as missing, so a guessed id reveals nothing. */
  async function watchable(ctx: Ctx, id: string): Promise<Broadcast> {
    const broadcast = await ctx.state.em.findOne(Broadcast, { id }, { populate: ['channel'] })
    const shown = broadcast && { visibility: broadcast.visibility, ownerId: broadcast.channel.owner.id }
    const show = { broadcast: id, recording: null }
    const isShown = shown && (await mayWatchShow(ctx.state.em, ctx.state.viewer, shown, show))
    if (!broadcast || !isShown) throw new DomainError('broadcast_not_found')
    return broadcast
  }

  async function managed(ctx: Ctx, id: string): Promise<Broadcast> {
    const viewer = requireViewer(ctx.state)
    const broadcast = await watchable(ctx, id)
    if (!mayManage(viewer, broadcast.channel.owner.id)) throw new DomainError('forbidden')
    return broadcast
  }

  async function present(ctx: Ctx, broadcasts: Broadcast[]): Promise<BroadcastJson[]> {
    const { em, viewer } = ctx.state
    const audience = audienceOf(ctx, viewer, cookies)
    const sights = await look(em, redis, broadcasts)
    return sights.map((sight) =>
      presentBroadcast(
        sight,
        playback,
        audience,
        mayManage(viewer, sight.broadcast.channel.owner.id),
        context.config.store,
      ),
    )
  }

  async function presentOne(ctx: Ctx, broadcast: Broadcast): Promise<BroadcastJson> {
    const [json] = await present(ctx, [broadcast])
    if (!json) throw new DomainError('broadcast_not_found')
    return json
  }

  return api
}
