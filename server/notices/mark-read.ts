import { tellPerson } from '../chat/control.ts'
import type { EntityManager } from '../db/orm.ts'
import type { RedisClient } from '../redis.ts'
import { Notification } from './notification.ts'

/**
 * Marks somebody's notices as read, those of others not; their other pages learn of it.
 *
 * @param ids null for all
 * @returns how many are unread now
 */
export async function markRead(
  em: EntityManager,
  redis: RedisClient,
  user: number,
  ids: readonly number[] | null,
): Promise<number> {
  const which = ids === null ? {} : { id: { $in: [...ids] } }
  await em.nativeUpdate(Notification, { user, readAt: null, ...which }, { readAt: new Date() })
  const unread = await countUnread(em, user)
  // Without Redis they see it when they look next.
  await tellPerson(redis, `u:${user}`, { t: 'unread', n: unread }).catch(() => {})
  return unread
}

export function countUnread(em: EntityManager, user: number): Promise<number> {
  return em.count(Notification, { user, readAt: null })
}
