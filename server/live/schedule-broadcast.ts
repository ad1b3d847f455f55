import { LockMode } from '@mikro-orm/core'
import type { Channel } from '../channels/channel.ts'
import { newId } from '../db/base.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Recording } from '../vod/recording.ts'
import { Broadcast } from './broadcast.ts'
import type { Visibility } from './broadcast-json.ts'

export interface Announcement {
  title: string
  startsAt: Date
  visibility: Visibility
}

/** Announces a broadcast: the next publisher around that time opens it. */
export async function scheduleBroadcast(
  em: EntityManager,
  channel: Channel,
  announcement: Announcement,
): Promise<Broadcast> {
  const broadcast = em.create(Broadcast, { id: newId(), channel, ...announcement })
  await em.flush()
  return broadcast
}

/**
 * Title and visibility can change at any time, and take the recording along; the hour only before it begins.
 *
 * @throws {DomainError} `broadcast_not_scheduled`
 */
export async function editBroadcast(em: EntityManager, id: string, changes: Partial<Announcement>): Promise<Broadcast> {
  return em.transactional(async (tx) => {
    const broadcast = await lock(tx, id)
    if (changes.startsAt && broadcast.status !== 'scheduled') throw new DomainError('broadcast_not_scheduled')
    const { title = broadcast.title, visibility = broadcast.visibility, startsAt = broadcast.startsAt } = changes
    Object.assign(broadcast, { title, visibility, startsAt })
    const recording = await tx.findOne(Recording, { broadcast })
    if (recording) Object.assign(recording, { title, visibility })
    await tx.flush()
    return broadcast
  })
}

/**
 * Takes an announcement back. What has begun leaves a recording, which is deleted instead.
 *
 * @throws {DomainError} `broadcast_not_scheduled`
 */
export async function cancelBroadcast(em: EntityManager, id: string): Promise<void> {
  await em.transactional(async (tx) => {
    const broadcast = await lock(tx, id)
    if (broadcast.status !== 'scheduled') throw new DomainError('broadcast_not_scheduled')
    tx.remove(broadcast)
    await tx.flush()
  })
}

function lock(tx: EntityManager, id: string): Promise<Broadcast> {
  return tx.findOneOrFail(Broadcast, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
}
