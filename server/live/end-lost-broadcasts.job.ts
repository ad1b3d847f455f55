import { request } from 'node:http'
import { LockMode } from '@mikro-orm/core'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { closeLostRecording } from '../vod/close-lost-recording.ts'
import { Recording } from '../vod/recording.ts'
import { Broadcast } from './broadcast.ts'
import { closeBroadcast } from './end-broadcast.ts'
import { MediaNode } from './media-node.ts'
import { tellViewers } from './tell-viewers.ts'

/** A check every 10 s: more than a minute without a beat that names the broadcast. */
const LOST_AFTER = 7
/** Of a media process whose show was ended by somebody else meanwhile. */
const SILENT_MS = 10 * 60_000
/** A recording is told of within seconds of its show's end, or when whoever has it is back. */
const UNTOLD_MS = 24 * 3600_000

/**
 * Ends broadcasts whose media process is gone for good, and closes their recordings with what the store has.
 *
 * Counts checks rather than comparing clocks: while the api is away no beat can arrive, so nothing is counted, and shows
 * that went on all the time are not cut when it is back.
 */
export async function endLostBroadcasts(context: Context): Promise<void> {
  const { orm, log, config, catalogCache } = context
  if (!(await isUp(config.apiUrl))) return
  const em = orm.em.fork()
  const silent = await countMissedBeats(em)
  for (const id of silent) {
    await em.fork().transactional(async (tx) => {
      const broadcast = await tx.findOne(Broadcast, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      // A beat may have come while it was being locked.
      if (broadcast?.status !== 'live' || broadcast.missedBeats < LOST_AFTER) return
      await closeBroadcast(tx, broadcast, { endedAt: new Date(), cause: 'node_lost' })
      log.warn({ broadcast: id, node: broadcast.node }, 'a broadcast was ended: its media process is gone')
    })
  }
  await tellViewers(context, silent)
  for (const { id } of await findOrphans(em)) {
    try {
      await closeLostRecording(em.fork(), context, id)
      await catalogCache.bump()
      log.warn({ recording: id }, 'a recording was closed with what the store has of it')
    } catch (error) {
      // The next check tries again; one that cannot be read must not keep the others waiting.
      log.error({ error, recording: id }, 'a lost recording could not be closed')
    }
  }
}

/**
 * Recordings of shows that are over, of which no media process will tell. One that does so after all is believed: it may have
 * been silent for long, and knows better.
 */
async function findOrphans(em: EntityManager, nowMs = Date.now()): Promise<Recording[]> {
  const silentSince = new Date(nowMs - SILENT_MS)
  const alive = await em.find(MediaNode, { lastBeatAt: { $gte: silentSince } })
  return em.find(Recording, {
    status: 'live',
    broadcast: { status: { $in: ['ended', 'failed'] } },
    $or: [
      { broadcast: { cause: 'node_lost' } },
      { broadcast: { endedAt: { $lt: silentSince } }, node: { $nin: alive.map(({ name }) => name) } },
      // It lives, and has lost this one.
      { broadcast: { endedAt: { $lt: new Date(nowMs - UNTOLD_MS) } } },
    ],
  })
}

/** @returns broadcasts that were silent for too long */
async function countMissedBeats(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ id: string; missed_beats: number }[]>(
    `update broadcast set missed_beats = least(missed_beats + 1, 1000) where status = 'live' returning id, missed_beats`,
  )
  return rows.filter((row) => row.missed_beats >= LOST_AFTER).map((row) => row.id)
}

/** Whether media processes can reach the api. @param base `unix:/path` or `http://host:port` */
function isUp(base: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const target = base.startsWith('unix:')
    ? { socketPath: base.replace(/^unix:(\/\/)?/, '') }
    : { hostname: new URL(base).hostname, port: new URL(base).port }
  const call = request({ ...target, path: '/healthz', headers: { host: 'api' }, signal: AbortSignal.timeout(2000) })
  call.on('response', (answer) => {
    answer.resume()
    resolve(answer.statusCode === 200)
  })
  call.on('error', () => resolve(false))
  call.end()
  return promise
}
