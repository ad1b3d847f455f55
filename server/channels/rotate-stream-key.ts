import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { Broadcast } from '../live/broadcast.ts'
import { closeBroadcast } from '../live/end-broadcast.ts'
import { Channel } from './channel.ts'
import type { StreamKeys } from './stream-key.ts'

/**
 * Gives the channel a new stream key. The old one is refused from here on, and a show that runs with it is over.
 *
 * @returns the shows to cut at their media process
 */
export async function rotateStreamKey(
  em: EntityManager,
  channelId: number,
  streamKeys: StreamKeys,
  now = new Date(),
): Promise<{ channel: Channel; cut: Broadcast[] }> {
  return em.transactional(async (tx) => {
    // The lock that publishers take, too: none slips in with the old key between these lines.
    const channel = await tx.findOneOrFail(
      Channel,
      { id: channelId },
      { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
    )
    const { streamKeyCipher, streamKeyHash } = streamKeys.create()
    channel.streamKeyCipher = streamKeyCipher
    channel.streamKeyHash = streamKeyHash
    channel.streamKeyRotatedAt = now
    const cut = await tx.find(Broadcast, { channel, status: 'live' })
    for (const broadcast of cut) await closeBroadcast(tx, broadcast, { endedAt: now, cause: 'key_rotated' })
    await tx.flush()
    return { channel, cut }
  })
}
