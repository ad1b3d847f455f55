import { LockMode } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { Channel } from '../channels/channel.ts'
import type { StreamKeys } from '../channels/stream-key.ts'
import { Lesson } from '../courses/lesson.ts'
import { newId } from '../db/base.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Recording } from '../vod/recording.ts'
import { Broadcast } from './broadcast.ts'
import { closeBroadcast } from './end-broadcast.ts'
import { MediaNode } from './media-node.ts'

/** A publisher may be this early for what is announced, and this late. */
const EARLY_MS = 30 * 60_000
const LATE_MS = 12 * 3600_000
/** OBS reconnects by itself 2 s after it was cut off; a refusal is what makes it stop. */
const JUST_ENDED_MS = 10_000
/** A node that was silent for so long does not hold a show any more. */
export const NODE_LOST_MS = 60_000

export interface Grant {
  channel: Channel
  broadcast: Broadcast
  recording: Recording
}

/**
 * Lets a publisher in: into the channel's running broadcast when it comes back to the node that holds it, into the
 * announced one that is due, else into a new public one, made with its recording.
 *
 * @throws {DomainError} `stream_key_refused`, `show_just_ended`, `live_elsewhere`
 */
export async function goLive(
  em: EntityManager,
  streamKeys: StreamKeys,
  { streamKey, node }: { streamKey: string; node: string },
  now = new Date(),
): Promise<Grant> {
  return em.transactional(async (tx) => {
    // Two publishers with one key, and a rotation in between, stand in line here.
    const channel = await tx.findOne(
      Channel,
      { streamKeyHash: streamKeys.hash(streamKey) },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    )
    const owner = channel && (await tx.findOne(User, { id: channel.owner.id }))
    if (!channel || !owner?.maySignIn()) throw new DomainError('stream_key_refused')

    const running = await tx.findOne(Broadcast, { channel, status: 'live' })
    if (running?.node === node) {
      running.missedBeats = 0
      return { channel, broadcast: running, recording: await tx.findOneOrFail(Recording, { broadcast: running }) }
    }
    if (running) await takeOver(tx, running, now)
    else await refuseReflex(tx, channel, now)

    const broadcast =
      (await findDue(tx, channel, now)) ?? tx.create(Broadcast, { id: newId(), channel, title: channel.title })
    broadcast.status = 'live'
    broadcast.node = node
    const { title, visibility } = broadcast
    const recording = tx.create(Recording, { id: newId(), channel, broadcast, title, visibility, node })
    await tx.flush()
    // What it leaves is the lesson from now on.
    await tx.nativeUpdate(Lesson, { broadcast, recording: null }, { recording })
    return { channel, broadcast, recording }
  })
}

/** Another node has the show: if that node is alive, so is the show. */
async function takeOver(tx: EntityManager, running: Broadcast, now: Date): Promise<void> {
  const holder = running.node ? await tx.findOne(MediaNode, { name: running.node }) : null
  if (holder && now.getTime() - holder.lastBeatAt.getTime() < NODE_LOST_MS) throw new DomainError('live_elsewhere')
  await closeBroadcast(tx, running, { endedAt: now, cause: 'node_lost' })
  // Before the next one is inserted: a channel is live once.
  await tx.flush()
}

async function refuseReflex(tx: EntityManager, channel: Channel, now: Date): Promise<void> {
  const ended = await tx.findOne(Broadcast, {
    channel,
    cause: 'ended_in_studio',
    endedAt: { $gt: new Date(now.getTime() - JUST_ENDED_MS) },
  })
  if (ended) throw new DomainError('show_just_ended')
}

/** Of several that are due, the one whose time is nearest. */
async function findDue(tx: EntityManager, channel: Channel, now: Date): Promise<Broadcast | null> {
  const due = await tx.find(Broadcast, {
    channel,
    status: 'scheduled',
    startsAt: { $gte: new Date(now.getTime() - LATE_MS), $lte: new Date(now.getTime() + EARLY_MS) },
  })
  const distance = (broadcast: Broadcast) => Math.abs((broadcast.startsAt?.getTime() ?? 0) - now.getTime())
  return due.toSorted((a, b) => distance(a) - distance(b))[0] ?? null
}
