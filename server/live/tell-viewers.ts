import { tellRoom } from '../chat/control.ts'
import type { Context } from '../context.ts'
import { Broadcast } from './broadcast.ts'

/**
 * Pages of a channel turn live, and dark again, by themselves. They are told what is so now, whatever it was that changed;
 * of what is not public the room learns nothing. A word that gets lost is made up for by the pages' own look, later.
 */
export async function tellViewers(
  { orm, redis, log }: Pick<Context, 'orm' | 'redis' | 'log'>,
  broadcasts: readonly string[],
): Promise<void> {
  if (broadcasts.length === 0 || !redis.isReady) return
  try {
    const found = await orm.em
      .fork()
      .find(Broadcast, { id: { $in: [...broadcasts] }, visibility: 'public' }, { populate: ['channel'] })
    for (const broadcast of found) {
      const room = broadcast.channel.chatRoom()
      const [id, status] = broadcast.isOnAir() ? ([broadcast.id, 'live'] as const) : ([null, 'offline'] as const)
      await tellRoom(redis, room, { t: 'live', room, broadcast: id, status })
    }
  } catch (error) {
    log.warn({ error }, 'open channel pages could not be told')
  }
}
