import { LockMode } from '@mikro-orm/core'
import type { Channel } from '../channels/channel.ts'
import type { Person } from '../courses/access.ts'
import { newId } from '../db/base.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Recording } from '../vod/recording.ts'
import { attach, type Purpose } from './attach-lesson.ts'
import { Broadcast } from './broadcast.ts'
import type { Visibility } from './broadcast-json.ts'

export interface Announcement {
  title: string
  startsAt: Date
  /** By default for the learners of its course, or public when it has none. */
  visibility?: Visibility | undefined
}

/**
 * Announces a broadcast: the next publisher around that time opens it.
 *
 * @throws {DomainError} those of `attach`
 */
export async function scheduleBroadcast(
  em: EntityManager,
  person: Person,
  channel: Channel,
  { title, startsAt, visibility, ...purpose }: Announcement & Purpose,
): Promise<Broadcast> {
  return em.transactional(async (tx) => {
    const broadcast = tx.create(Broadcast, { id: newId(), channel, title, startsAt })
    await tx.flush()
    await attach(tx, person, broadcast, purpose)
    broadcast.visibility = visibility ?? (broadcast.course ? 'enrolled' : 'public')
    await tx.flush()
    return broadcast
  })
}

/**
 * Title and visibility can change at any time, and take the recording along; the hour only before it begins.
 *
 * @throws {DomainError} `broadcast_not_scheduled`; those of `attach`
 */
export async function editBroadcast(
  em: EntityManager,
  person: Person,
  id: string,
  changes: Partial<Announcement> & Purpose,
): Promise<Broadcast> {
  return em.transactional(async (tx) => {
    const broadcast = await lock(tx, id)
    if (changes.startsAt && broadcast.status !== 'scheduled') throw new DomainError('broadcast_not_scheduled')
    const { title = broadcast.title, visibility = broadcast.visibility, startsAt = broadcast.startsAt } = changes
    Object.assign(broadcast, { title, visibility, startsAt })
    await attach(tx, person, broadcast, changes)
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

/** @throws {DomainError} `broadcast_not_found` when it was taken back meanwhile */
async function lock(tx: EntityManager, id: string): Promise<Broadcast> {
  const broadcast = await tx.findOne(Broadcast, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
  if (!broadcast) throw new DomainError('broadcast_not_found')
  return broadcast
}
