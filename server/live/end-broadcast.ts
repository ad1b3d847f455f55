import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Recording } from '../vod/recording.ts'
import { Broadcast } from './broadcast.ts'

/** Causes of ours; media has its own beside them. */
export type EndCause = 'ended_in_studio' | 'key_rotated' | 'node_lost' | 'replaced'

/**
 * Ends a running show from the studio. Its recording is closed by the media process, which is told next.
 *
 * @throws {DomainError} `broadcast_not_live`
 */
export async function endBroadcast(em: EntityManager, id: string, now = new Date()): Promise<Broadcast> {
  return em.transactional(async (tx) => {
    const broadcast = await tx.findOneOrFail(Broadcast, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    if (broadcast.status !== 'live') throw new DomainError('broadcast_not_live')
    await closeBroadcast(tx, broadcast, { endedAt: now, cause: 'ended_in_studio' })
    await tx.flush()
    return broadcast
  })
}

/** Marks a live broadcast as over: one that viewers never saw has failed, and left nothing. */
export async function closeBroadcast(
  em: EntityManager,
  broadcast: Broadcast,
  { endedAt, cause }: { endedAt: Date; cause: EndCause | (string & {}) | null },
): Promise<void> {
  broadcast.status = broadcast.startedAt ? 'ended' : 'failed'
  broadcast.endedAt = endedAt
  broadcast.cause = cause
  if (broadcast.status === 'ended') return
  const recording = await em.findOne(Recording, { broadcast })
  if (recording?.status !== 'live') return
  recording.status = 'failed'
  recording.node = null
}
