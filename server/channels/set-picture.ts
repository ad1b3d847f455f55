import { LockMode } from '@mikro-orm/core'
import { type Deed, writeAudit } from '../admin/audit-log.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueDeletion } from '../library/delete-objects.job.ts'
import { keysOfPicture } from '../pictures/picture-name.ts'
import { Channel } from './channel.ts'

/**
 * Gives a channel a picture, or takes it away; the one before is deleted in all its sizes. With a line in the audit log
 * when it is not its owner who does it.
 *
 * @param key of a picture that is in the store
 */
export async function setPicture(
  em: EntityManager,
  queue: Queue,
  channelId: number,
  key: string | null,
  by: Pick<Deed, 'actor' | 'address'>,
): Promise<void> {
  await em.transactional(async (tx) => {
    // Of two at once each deletes what it has replaced, and nothing is left behind.
    const channel = await tx.findOneOrFail(
      Channel,
      { id: channelId },
      { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
    )
    if (channel.picture) await queueDeletion(queue, tx, keysOfPicture(channel.picture))
    channel.picture = key
    if (by.actor !== channel.owner.id)
      writeAudit(tx, { ...by, action: 'channel.picture', object: `channel:${channelId}` })
    await tx.flush()
  })
}
