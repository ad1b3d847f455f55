import type { EntityManager } from '../db/orm.ts'
import { Recording } from '../vod/recording.ts'
import { Broadcast } from './broadcast.ts'
import { MediaNode } from './media-node.ts'

export interface Beat {
  node: string
  url: string
  rtmpUrl: string
  /** What the node holds, live or waiting for its publisher. */
  broadcasts: string[]
}

/**
 * A media process says that it lives and what it holds.
 *
 * @returns what it must end: over, unknown, or held by another node now
 */
export async function takeBeat(em: EntityManager, beat: Beat, now = new Date()): Promise<string[]> {
  await em.upsert(MediaNode, { name: beat.node, url: beat.url, rtmpUrl: beat.rtmpUrl, lastBeatAt: now })
  if (beat.broadcasts.length === 0) return []
  const held = await em.find(
    Broadcast,
    { id: { $in: beat.broadcasts }, node: beat.node },
    { populate: ['channel.owner'] },
  )
  for (const broadcast of held) {
    if (broadcast.status === 'live') broadcast.missedBeats = 0
    else if (broadcast.cause === 'node_lost') await revive(em, broadcast)
  }
  await em.flush()
  const running = new Set(held.filter(isRunning).map(({ id }) => id))
  return beat.broadcasts.filter((id) => !running.has(id))
}

/** Also over when its owner's account is closed. */
function isRunning(broadcast: Broadcast): boolean {
  return broadcast.status === 'live' && broadcast.channel.owner.maySignIn()
}

/** It was cut off from us, not dead: the show went on and is on air again, unless the channel is live anew. */
async function revive(em: EntityManager, broadcast: Broadcast): Promise<void> {
  if ((await em.count(Broadcast, { channel: broadcast.channel, status: 'live' })) > 0) return
  broadcast.status = 'live'
  broadcast.endedAt = null
  broadcast.cause = null
  broadcast.missedBeats = 0
  const recording = await em.findOne(Recording, { broadcast })
  if (!recording) return
  recording.status = 'live'
  recording.node = broadcast.node
}
