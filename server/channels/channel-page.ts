import { Profile } from '../accounts/profile.ts'
import type { Viewer } from '../accounts/viewer.ts'
import { Lesson } from '../courses/lesson.ts'
import type { Orm } from '../db/orm.ts'
import { isListed } from '../live/access.ts'
import { Broadcast } from '../live/broadcast.ts'
import type { BroadcastSight } from '../live/broadcast-json.ts'
import { readHealth } from '../live/health.ts'
import type { RedisClient } from '../redis.ts'
import { Remembered } from '../remembered.ts'
import { Recording } from '../vod/recording.ts'
import { Channel } from './channel.ts'
import { ChannelFollow } from './channel-follow.ts'

/** All that any viewer's channel page is made of. */
export interface ChannelSnapshot {
  channel: Channel
  displayName: string
  followers: number
  /** The one on air, then what is announced, soonest first. */
  broadcasts: BroadcastSight[]
}

const OVERDUE_MS = 12 * 3600_000

/**
 * Channel pages are polled every 3 s by every viewer. Whoever asks within a second is answered from one look at the
 * database and Redis, however many they are.
 */
export class ChannelPages {
  readonly #orm: Orm
  readonly #redis: RedisClient
  readonly #snapshots: Remembered<ChannelSnapshot | null>

  constructor(orm: Orm, redis: RedisClient, rememberedMs = 1000) {
    this.#orm = orm
    this.#redis = redis
    this.#snapshots = new Remembered((slug) => this.#look(slug), rememberedMs)
  }

  find(slug: string): Promise<ChannelSnapshot | null> {
    return this.#snapshots.get(slug)
  }

  /** For what was just changed by this process; others see it within the second. */
  forget(slug: string): void {
    this.#snapshots.forget(slug)
  }

  /** A report names a broadcast, not its channel, and is rare. */
  forgetAll(): void {
    this.#snapshots.forgetAll()
  }

  async #look(slug: string): Promise<ChannelSnapshot | null> {
    const em = this.#orm.em.fork()
    const channel = await em.findOne(Channel, { slug })
    if (!channel) return null
    const [profile, followers, broadcasts] = await Promise.all([
      em.findOneOrFail(Profile, { user: channel.owner }),
      em.count(ChannelFollow, { channel }),
      em.find(
        Broadcast,
        {
          channel,
          $or: [
            { status: 'live', startedAt: { $ne: null } },
            { status: 'scheduled', startsAt: { $gt: new Date(Date.now() - OVERDUE_MS) } },
          ],
        },
        { orderBy: { status: 'asc', startsAt: 'asc' }, limit: 20, populate: ['channel'] },
      ),
    ])
    const live = broadcasts.filter((broadcast) => broadcast.isOnAir())
    const [recording, [health], lessons] = await Promise.all([
      live[0] ? em.findOne(Recording, { broadcast: live[0] }) : null,
      readHealth(
        this.#redis,
        live.map(({ id }) => id),
      ),
      broadcasts.length > 0 ? em.find(Lesson, { broadcast: { $in: broadcasts } }, { fields: ['broadcast'] }) : [],
    ])
    return {
      channel,
      displayName: profile.displayName,
      followers,
      broadcasts: broadcasts.map((broadcast) => ({
        broadcast,
        recording: broadcast === live[0] ? (recording?.id ?? null) : null,
        lesson: lessons.find((lesson) => lesson.broadcast?.id === broadcast.id)?.id ?? null,
        viewers: broadcast === live[0] ? (health?.viewers ?? 0) : 0,
      })),
    }
  }
}

/** What this viewer is shown: the running one, else the next, among those that are listed for them. */
export function broadcastFor(viewer: Viewer | null, { channel, broadcasts }: ChannelSnapshot): BroadcastSight | null {
  const isShown = ({ broadcast }: BroadcastSight) =>
    isListed(viewer, { visibility: broadcast.visibility, ownerId: channel.owner.id })
  return broadcasts.find(isShown) ?? null
}
