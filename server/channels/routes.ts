import { mayHaveChannelUnasked } from '../accounts/roles.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { type RequestState, requireUser, requireViewer } from '../http/request.ts'
import { answerIfChanged, audienceOf } from '../http/viewer.ts'
import { tellViewers } from '../live/tell-viewers.ts'
import { Channel } from './channel.ts'
import { broadcastFor } from './channel-page.ts'
import {
  type ChannelJson,
  channelJson,
  channelParams,
  channelPatch,
  presentChannel,
  type StreamKeyJson,
  streamKeyJson,
} from './contract.ts'
import { editChannel } from './edit-channel.ts'
import { openChannel } from './open-channel.ts'
import { rotateStreamKey } from './rotate-stream-key.ts'

/** Parse, call one operation, present. Rules live in the operations. */
export function channelRoutes(context: Context): Api {
  const { catalogCache, channelPages, streamKeys, nodes, playback, cookies } = context
  const api = new Api('/api/channels', 'Channels')

  // `me` is no channel's slug.
  api.get(
    '/me',
    { summary: 'One’s own channel; who teaches has one.', access: 'signed-in', answers: { 200: channelJson } },
    async (ctx) => {
      const channel = await ownChannel(ctx.state)
      ctx.set('Cache-Control', 'no-store')
      ctx.body = await show(ctx, channel.slug)
    },
  )

  api.post(
    '/me',
    { summary: 'Ask for a channel; who has one gets that.', access: 'signed-in', answers: { 201: channelJson } },
    async (ctx) => {
      const owner = await requireUser(ctx.state)
      const channel = await ctx.state.em.transactional((tx) => openChannel(tx, owner, streamKeys))
      channelPages.forget(channel.slug)
      ctx.status = 201
      ctx.body = await show(ctx, channel.slug)
    },
  )

  api.patch(
    '/me',
    { summary: 'Change one’s own channel.', access: 'signed-in', body: channelPatch, answers: { 200: channelJson } },
    async (ctx, { body: changes }) => {
      const channel = await ownChannel(ctx.state)
      const before = channel.slug
      await editChannel(ctx.state.em, channel, changes)
      channelPages.forget(before)
      channelPages.forget(channel.slug)
      // A teacher's page says where the channel is.
      if (before !== channel.slug) await catalogCache.bump()
      ctx.body = await show(ctx, channel.slug)
    },
  )

  api.get(
    '/me/stream-key',
    {
      summary: 'Where to publish, and the key to do so; for the owner alone.',
      access: 'signed-in',
      answers: { 200: streamKeyJson },
    },
    async (ctx) => {
      const channel = await ownChannel(ctx.state)
      ctx.set('Cache-Control', 'no-store')
      ctx.body = await presentKey(ctx.state, channel)
    },
  )

  api.post(
    '/me/stream-key',
    {
      summary: 'Make a new stream key; what runs with the old one is cut.',
      access: 'signed-in',
      answers: { 200: streamKeyJson },
    },
    async (ctx) => {
      const own = await ownChannel(ctx.state)
      const { channel, cut } = await rotateStreamKey(ctx.state.em, own.id, streamKeys)
      channelPages.forget(channel.slug)
      context.log.info({ channel: channel.id, user: channel.owner.id, cut: cut.length }, 'a stream key was rotated')
      await nodes.end(ctx.state.em, cut)
      await tellViewers(
        context,
        cut.map(({ id }) => id),
      )
      ctx.set('Cache-Control', 'no-store')
      ctx.body = await presentKey(ctx.state, channel)
    },
  )

  api.get(
    '/:slug',
    {
      summary: 'A channel, with its running or next broadcast.',
      access: 'anyone',
      params: channelParams,
      answers: { 200: channelJson },
    },
    async (ctx, { params: { slug } }) => {
      answerIfChanged(ctx, await show(ctx, slug))
    },
  )

  async function show(
    ctx: Parameters<typeof audienceOf>[0] & { state: RequestState },
    slug: string,
  ): Promise<ChannelJson> {
    const { viewer } = ctx.state
    const snapshot = await channelPages.find(slug)
    if (!snapshot) throw new DomainError('channel_not_found')
    const shown = broadcastFor(viewer, snapshot)
    return presentChannel(snapshot, shown, playback, audienceOf(ctx, viewer, cookies))
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

  return api
}
