import { mayHaveChannelUnasked } from '../accounts/roles.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { imageTypes, takePicture } from '../http/image-upload.ts'
import { type RequestState, requireUser, requireViewer } from '../http/request.ts'
import { answerIfChanged, audienceOf } from '../http/viewer.ts'
import { tellViewers } from '../live/tell-viewers.ts'
import { dropPicture } from '../pictures/keep-picture.ts'
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
import { findChannel } from './follow.ts'
import { openChannel } from './open-channel.ts'
import { rotateStreamKey } from './rotate-stream-key.ts'
import { setPicture } from './set-picture.ts'

/** Parse, call one operation, present. Rules live in the operations. */
export function channelRoutes(context: Context): Api {
  const { config, store, queue, limits, catalogCache, channelPages, streamKeys, nodes, playback, cookies } = context
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
    async (ctx, { body: { picture, ...changes } }) => {
      const channel = await ownChannel(ctx.state)
      const before = channel.slug
      await editChannel(ctx.state.em, channel, changes)
      if (picture === null) await replacePicture(ctx.state, channel, null)
      channelPages.forget(before)
      channelPages.forget(channel.slug)
      // A teacher's page says where the channel is.
      if (before !== channel.slug) await catalogCache.bump()
      ctx.body = await show(ctx, channel.slug)
    },
  )

  api.put(
    '/me/picture',
    {
      summary:
        'A new picture of one’s own channel: the body itself, or the first file of a form (`multipart/form-data`).',
      description:
        '8 MB at most; JPEG, PNG, WebP or GIF by its first bytes. Kept square, at most 512 across. The address ends in the widths it is there in, as `<id>-96-256-512.webp`; the smaller are `<id>-96.webp` and so on, and each is also `.avif`.',
      access: 'signed-in',
      upload: imageTypes,
      answers: { 200: channelJson },
    },
    async (ctx) => {
      const channel = await ownChannel(ctx.state)
      await limits.take('avatar', `c${channel.id}`)
      await replacePicture(ctx.state, channel, await takePicture(ctx, store, 'channels'))
      ctx.body = await show(ctx, channel.slug)
    },
  )

  api.delete(
    '/me/picture',
    { summary: 'No picture of one’s own channel.', access: 'signed-in', answers: { 204: null } },
    async (ctx) => {
      await replacePicture(ctx.state, await ownChannel(ctx.state), null)
      ctx.status = 204
    },
  )

  api.delete(
    '/:slug/picture',
    {
      summary: 'Take away the picture of anybody’s channel.',
      access: 'admin',
      params: channelParams,
      answers: { 204: null },
    },
    async (ctx, { params: { slug } }) => {
      await replacePicture(ctx.state, await findChannel(ctx.state.em, slug), null)
      ctx.status = 204
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
    return presentChannel(snapshot, shown, playback, audienceOf(ctx, viewer, cookies), config.store)
  }

  async function replacePicture(state: RequestState, { id, slug }: Channel, key: string | null): Promise<void> {
    const by = { actor: requireViewer(state).id, address: state.address }
    await setPicture(state.em, queue, id, key, by).catch(async (error: unknown) => {
      if (key) await dropPicture(store, key).catch(() => {})
      throw error
    })
    channelPages.forget(slug)
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
      rtmp_url: home?.rtmpUrl ?? config.ingest.publicUrl,
      stream_key: streamKeys.reveal(channel.streamKeyCipher),
    }
  }

  return api
}
