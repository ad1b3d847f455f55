import type { Role } from '../accounts/roles.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { Broadcast } from '../live/broadcast.ts'
import { mayWatchShow } from '../live/learners.ts'
import { notify } from './notify.ts'

const BATCH = 500
/** A show that drops and is begun anew is the same one to those who follow. */
const AGAIN_MS = 10 * 60_000

/**
 * A broadcast is on air: its channel's followers are to be told. In the transaction that puts it on air.
 *
 * Nobody is told of an unlisted one, nor of a second one within ten minutes: that is a show that dropped.
 */
export async function announce(tx: EntityManager, queue: Queue, broadcast: Broadcast, now = new Date()): Promise<void> {
  if (broadcast.visibility === 'unlisted' || broadcast.announcedAt) return
  const { channel } = broadcast
  if ((await tx.count(Broadcast, { channel, announcedAt: { $gt: new Date(now.getTime() - AGAIN_MS) } })) > 0) return
  broadcast.announcedAt = now
  await queue.add('notify-followers', { broadcast: broadcast.id }, { em: tx })
}

/** Tells the followers that may watch it, a batch at a time. Run again it goes on: who was told is told no more. */
export async function notifyFollowers(
  { orm, queue }: Pick<Context, 'orm' | 'queue'>,
  { broadcast: id }: { broadcast: string },
): Promise<void> {
  const em = orm.em.fork()
  const broadcast = await em.findOne(Broadcast, { id }, { populate: ['channel'] })
  // Over, or made unlisted, before anybody could be told.
  if (broadcast?.status !== 'live' || broadcast.visibility === 'unlisted') return
  const { channel, title } = broadcast
  const data = { channel: channel.title, title: title === channel.title ? '' : title }
  for (let after = 0; ; ) {
    const followers = await em.execute<{ follow: number; id: number; role: Role }[]>(
      `select f.id as follow, u.id, u.role from channel_follow f join users u on u.id = f.user_id
        where f.channel_id = ? and f.id > ? and u.id <> ? order by f.id limit ?`,
      [channel.id, after, channel.owner.id, BATCH],
    )
    const last = followers.at(-1)
    if (!last) return
    after = last.follow
    const people: number[] = []
    for (const follower of followers) {
      if (await mayWatchIt(follower)) people.push(follower.id)
    }
    await em.transactional((tx) =>
      notify(tx, queue, people, { kind: 'live', cause: `live:${id}`, data, url: `/c/${channel.slug}` }),
    )
  }

  async function mayWatchIt(follower: { id: number; role: Role }): Promise<boolean> {
    if (broadcast?.visibility !== 'enrolled') return true
    const shown = { visibility: broadcast.visibility, ownerId: channel.owner.id }
    return mayWatchShow(em, follower, shown, { broadcast: id, recording: null })
  }
}
