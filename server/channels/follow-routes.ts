import { z } from 'zod'
import { Profile } from '../accounts/profile.ts'
import { say } from '../chat/control.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { publicUrl } from '../http/public-files.ts'
import { requireViewer } from '../http/request.ts'
import { Broadcast } from '../live/broadcast.ts'
import { channelRefJson, presentChannelRef } from '../live/broadcast-json.ts'
import type { Channel } from './channel.ts'
import { ChannelFollow } from './channel-follow.ts'
import { channelParams } from './contract.ts'
import { findChannel, follow, unfollow } from './follow.ts'

const followJson = z.object({
  /** Of whoever asks; false for a guest. */
  is_following: z.boolean(),
  followers_count: z.int(),
})
export type FollowJson = z.infer<typeof followJson>

const followedJson = channelRefJson.extend({
  owner: z.object({ id: z.int(), display_name: z.string(), avatar_url: z.string().nullable() }),
  /** Something that everybody may watch is on air. */
  is_live: z.boolean(),
  followed_at: z.string(),
})
export type FollowedJson = z.infer<typeof followedJson>

const pagedQuery = z.object({ page: z.string().optional(), page_size: z.string().optional() })

/** Who follows a channel is told when it goes live, and may write where only followers may. */
export function followRoutes({ config, redis, log, channelPages }: Context): Api {
  const api = new Api('/api/channels', 'Channels')

  api.get(
    '/following',
    {
      summary: 'The channels that one follows, latest first.',
      access: 'signed-in',
      query: pagedQuery,
      answers: { 200: pageOf(followedJson) },
    },
    async (ctx) => {
      const { em } = ctx.state
      const { id } = requireViewer(ctx.state)
      ctx.set('Cache-Control', 'no-store')
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) =>
          em.findAndCount(
            ChannelFollow,
            { user: id },
            { populate: ['channel'], orderBy: { createdAt: 'desc', id: 'desc' }, limit, offset },
          ),
        (rows) => present(em, rows),
      )
    },
  )

  api.get(
    '/:slug/follow',
    {
      summary: 'Whether one follows a channel, and how many do.',
      access: 'anyone',
      params: channelParams,
      answers: { 200: followJson },
    },
    async (ctx, { params: { slug } }) => {
      const { em, viewer } = ctx.state
      const channel = await findChannel(em, slug)
      const isFollowing = viewer !== null && (await em.count(ChannelFollow, { channel, user: viewer.id })) > 0
      ctx.set('Cache-Control', 'no-store')
      ctx.body = await describe(em, channel, isFollowing)
    },
  )

  api.post(
    '/:slug/follow',
    {
      summary: 'Follow a channel; again is harmless. One’s own is refused.',
      access: 'signed-in',
      params: channelParams,
      answers: { 200: followJson },
    },
    async (ctx, { params: { slug } }) => {
      const { em } = ctx.state
      const { id } = requireViewer(ctx.state)
      const channel = await follow(em, id, slug)
      await changed(channel, id)
      ctx.body = await describe(em, channel, true)
    },
  )

  api.delete(
    '/:slug/follow',
    {
      summary: 'Follow a channel no more; again is harmless.',
      access: 'signed-in',
      params: channelParams,
      answers: { 200: followJson },
    },
    async (ctx, { params: { slug } }) => {
      const { em } = ctx.state
      const { id } = requireViewer(ctx.state)
      const channel = await unfollow(em, id, slug)
      await changed(channel, id)
      ctx.body = await describe(em, channel, false)
    },
  )

  /** The chat's hubs remember who may write; without Redis they have forgotten it in half a minute anyway. */
  async function changed(channel: Channel, userId: number): Promise<void> {
    channelPages.forget(channel.slug)
    await say(redis, { kind: 'place', room: channel.chatRoom(), uid: `u:${userId}` }).catch((error: unknown) =>
      log.warn({ error }, 'the hubs of the chat were not told of a follower'),
    )
  }

  async function describe(em: EntityManager, channel: Channel, isFollowing: boolean): Promise<FollowJson> {
    return { is_following: isFollowing, followers_count: await em.count(ChannelFollow, { channel }) }
  }

  async function present(em: EntityManager, rows: ChannelFollow[]): Promise<FollowedJson[]> {
    const channels = rows.map(({ channel }) => channel)
    const profiles = await em.find(Profile, { user: { $in: channels.map(({ owner }) => owner.id) } })
    const profileOf = new Map(profiles.map((profile) => [profile.user.id, profile]))
    const live = await em.find(
      Broadcast,
      { channel: { $in: channels }, status: 'live', visibility: 'public', startedAt: { $ne: null } },
      { fields: ['channel'] },
    )
    const isLive = new Set(live.map(({ channel }) => channel.id))
    return rows.map(({ channel, createdAt }) => {
      const { id, owner } = channel
      const profile = profileOf.get(owner.id)
      return {
        ...presentChannelRef(channel, config.store),
        owner: {
          id: owner.id,
          display_name: profile?.displayName ?? '',
          avatar_url: profile?.avatar ? publicUrl(config.store, profile.avatar) : null,
        },
        is_live: isLive.has(id),
        followed_at: createdAt.toISOString(),
      }
    })
  }

  return api
}
