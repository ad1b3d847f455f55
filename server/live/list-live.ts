import { Lesson } from '../courses/lesson.ts'
import type { EntityManager } from '../db/orm.ts'
import type { RedisClient } from '../redis.ts'
import { Recording } from '../vod/recording.ts'
import { Broadcast } from './broadcast.ts'
import type { BroadcastSight } from './broadcast-json.ts'
import { readHealth } from './health.ts'

/** Public broadcasts on air, newest first, and how many there are. */
export async function listLive(em: EntityManager, limit: number, offset: number): Promise<[Broadcast[], number]> {
  return em.findAndCount(
    Broadcast,
    { status: 'live', startedAt: { $ne: null }, visibility: 'public' },
    { orderBy: { startedAt: 'desc', id: 'asc' }, limit, offset, populate: ['channel'] },
  )
}

/** Adds what the rows do not know: viewers from Redis, recordings and lessons in one query each. */
export async function look(
  em: EntityManager,
  redis: RedisClient,
  broadcasts: readonly Broadcast[],
): Promise<BroadcastSight[]> {
  const ids = broadcasts.map(({ id }) => id)
  const [health, recordings, lessons] = await Promise.all([
    readHealth(redis, ids),
    ids.length > 0 ? em.find(Recording, { broadcast: { $in: ids } }) : [],
    ids.length > 0 ? em.find(Lesson, { broadcast: { $in: ids } }, { fields: ['broadcast'] }) : [],
  ])
  const recordingOf = new Map(recordings.map((recording) => [recording.broadcast.id, recording.id]))
  const lessonOf = new Map(lessons.map((lesson) => [lesson.broadcast?.id, lesson.id]))
  return broadcasts.map((broadcast, index) => ({
    broadcast,
    recording: recordingOf.get(broadcast.id) ?? null,
    lesson: lessonOf.get(broadcast.id) ?? null,
    viewers: health[index]?.viewers ?? 0,
  }))
}
