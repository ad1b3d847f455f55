import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Channel } from './channel.ts'
import { ChannelFollow } from './channel-follow.ts'

/**
 * Once; again is harmless, also at the same time.
 *
 * @throws {DomainError} `channel_not_found`, `own_channel`
 */
export async function follow(em: EntityManager, userId: number, slug: string): Promise<Channel> {
  const channel = await findChannel(em, slug)
  if (channel.owner.id === userId) throw new DomainError('own_channel')
  await em.execute(
    `insert into channel_follow (created_at, updated_at, channel_id, user_id) values (now(), now(), ?, ?)
     on conflict (channel_id, user_id) do nothing`,
    [channel.id, userId],
  )
  return channel
}

/**
 * Once; again is harmless.
 *
 * @throws {DomainError} `channel_not_found`
 */
export async function unfollow(em: EntityManager, userId: number, slug: string): Promise<Channel> {
  const channel = await findChannel(em, slug)
  await em.nativeDelete(ChannelFollow, { channel, user: userId })
  return channel
}

/** @throws {DomainError} `channel_not_found` */
export async function findChannel(em: EntityManager, slug: string): Promise<Channel> {
  const channel = await em.findOne(Channel, { slug })
  if (!channel) throw new DomainError('channel_not_found')
  return channel
}
