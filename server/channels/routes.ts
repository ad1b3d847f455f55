import Router from '@koa/router'
import { mayHaveChannelUnasked } from '../accounts/roles.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { parse, parseBody, type RequestState, requireUser, requireViewer } from '../http/request.ts'
import { answerIfChanged, audienceOf } from '../http/viewer.ts'
import { Channel } from './channel.ts'
import { broadcastFor } from './channel-page.ts'
import { type ChannelJson, channelParams, channelPatch, presentChannel, type StreamKeyJson } from './contract.ts'
import { editChannel } from './edit-channel.ts'
import { openChannel } from './open-channel.ts'
import { rotateStreamKey } from './rotate-stream-key.ts'

/** Parse, call one operation, present. Rules live in the operations. */
export function channelRoutes(context: Context): Router<RequestState> {
  const { catalogCache, channelPages, streamKeys, nodes, playback, cookies } = context
  const router = new Router<RequestState>({ prefix: '/api/channels' })

  // `me` is no channel's slug.
  router.get('/me', async (ctx) => {
    const channel = await ownChannel(ctx.state)
    ctx.set('Cache-Control', 'no-store')
    ctx.body = await show(ctx, channel.slug)
  })

  /** A student asks for a channel; who has one gets that. */
  router.post('/me', async (ctx) => {
    const owner = await requireUser(ctx.state)
    const channel = await ctx.state.em.transactional((tx) => openChannel(tx, owner, streamKeys))
    channelPages.forget(channel.slug)
    ctx.status = 201
    ctx.body = await show(ctx, channel.slug)
  })

  router.patch('/me', async (ctx) => {
    const changes = parseBody(channelPatch, ctx.request.body)
    const channel = await ownChannel(ctx.state)
    const before = channel.slug
    await editChannel(ctx.state.em, channel, changes)
    channelPages.forget(before)
    channelPages.forget(channel.slug)
    // A teacher's page says where the channel is.
    if (before !== channel.slug) await catalogCache.bump()
    ctx.body = await show(ctx, channel.slug)
  })

  router.get('/me/stream-key', async (ctx) => {
    const channel = await ownChannel(ctx.state)
    ctx.set('Cache-Control', 'no-store')
    ctx.body = await presentKey(ctx.state, channel)
  })

  /** A new key; what runs with the old one is cut. */
  router.post('/me/stream-key', async (ctx) => {
    const own = await ownChannel(ctx.state)
    const { channel, cut } = await rotateStreamKey(ctx.state.em, own.id, streamKeys)
    channelPages.forget(channel.slug)
    context.log.info({ channel: channel.id, user: channel.owner.id, cut: cut.length }, 'a stream key was rotated')
    await nodes.end(ctx.state.em, cut)
    ctx.set('Cache-Control', 'no-store')
    ctx.body = await presentKey(ctx.state, channel)
  })

  router.get('/:slug', async (ctx) => {
    const { slug } = parse(channelParams, ctx.params)
    answerIfChanged(ctx, await show(ctx, slug))
  })

  async function show(
    ctx: Parameters<typeof audienceOf>[0] & { state: RequestState },
    slug: string,
  ): Promise<ChannelJson> {
    const { viewer } = ctx.state
    const snapshot = await channelPages.find(slug)
    if (!snapshot) throw new DomainError('channel_not_found')
    const shown = broadcastFor(viewer, snapshot)
    return presentChannel(snapshot.channel, snapshot.displayName, shown, playback, audienceOf(ctx, viewer, cookies))
  }

  async function ownChannel({ em, viewer }: RequestState): Promise<Channel> {
    const { id, role } = requireViewer({ viewer })
    const channel = await em.findOne(Channel, { owner: id })
    if (channel) return channel
    if (!mayHaveChannelUnasked(role)) throw new DomainError('channel_not_found')
    const owner = await requireUser({ em, viewer })
    return em.transactional((tx) => openChannel(tx, owner, streamKeys))
  }

  async function presentKey({ em }: RequestState, channel: Channel): Promise<StreamKeyJson> {
    const home = await nodes.homeOf(em, channel.id)
    return {
      rtmp_url: home?.rtmpUrl ?? context.config.ingest.publicUrl,
      stream_key: streamKeys.reveal(channel.streamKeyCipher),
    }
  }

  return router
}
