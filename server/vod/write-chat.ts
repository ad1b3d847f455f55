import { text } from 'node:stream/consumers'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import { persistRoom } from '../chat/persist-messages.ts'
import type { EntityManager, Orm } from '../db/orm.ts'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { ChatTimeline } from './chat-timeline.ts'
import type { ChatPieceJson, ReplayedMessageJson } from './contract.ts'
import { Recording } from './recording.ts'

/** How far behind the show somebody is taken to be of whom nobody knows. */
const USUAL_DELAY_SECONDS = 2
/** Words of farewell after the last picture stand at it. */
const FAREWELL_MS = 30_000
/** And are looked for once more, when they must have been said. */
const LATER_MS = FAREWELL_MS + 10_000
const ROWS = 2000
/** Of the message that one answers. */
const QUOTED = 120

export interface ChatStores {
  orm: Orm
  redis: RedisClient
  store: ObjectStore
  log: Logger
}

interface Row {
  id: number
  author_id: number | null
  author_name: string
  rank: number
  text: string
  sent_at: string
  moment_ms: string
  answered_name: string | null
  answered_text: string | null
}

/**
 * Writes a show's chat beside its recording: `chat-<n>.json`, ten minutes of it each, all of them each time.
 *
 *   room in Redis ──▶ PostgreSQL ──▶ cursor, in the order of the picture ──▶ pieces ──▶ `chat_pieces`, `chat_due_at` = null
 *
 * Guarantees:
 *   1. What was said in the room before this began is in it; what was deleted before, is not.
 *   2. A message that is changed meanwhile leaves the recording due, so it is written again.
 *   3. Of several that write one recording each waits for the one before; a deletion of the recording waits, too.
 *   4. Killed anywhere, it leaves the recording due. Of the chat one piece at a time is in memory.
 *
 * @throws {ObjectStoreError} `unavailable`, `full`; Redis's error while it is away
 */
export async function writeChat({ orm, redis, store, log }: ChatStores, id: string, nowMs = Date.now()): Promise<void> {
  const em = orm.em.fork()
  const recording = await em.findOne(Recording, { id }, { populate: ['channel'] })
  if (recording?.status !== 'ready' || recording.node) return
  await persistRoom({ orm, redis, log }, recording.channel.chatRoom())
  const timeline = await timelineOf(store, recording)
  await em.fork().transactional(async (tx) => {
    await tx.execute('select pg_advisory_xact_lock(hashtext(?))', [`chat of recording ${id}`])
    // Not `for update`: whoever deletes a message must be able to say so meanwhile.
    const [known] = await tx.execute<{ due: string | null; chat_pieces: number; next_show: string | null }[]>(
      `select r.chat_due_at::text as due, r.chat_pieces,
              (select extract(epoch from min(n.started_at)) * 1000 from broadcast n
                where n.channel_id = r.channel_id and n.started_at > b.started_at) as next_show
         from recording r join broadcast b on b.id = r.broadcast_id where r.id = ? for key share of r`,
      [id],
    )
    if (!known) return
    let laterMs: number | null = null
    if (timeline) {
      const untilMs = Math.min(timeline.endMs + FAREWELL_MS, Number(known.next_show ?? Number.POSITIVE_INFINITY))
      await openCursor(tx, recording.channel.chatRoom(), timeline.startMs, untilMs)
      await writePieces(tx, store, id, timeline)
      if (nowMs < untilMs) laterMs = timeline.endMs + LATER_MS
    } else log.warn({ recording: id }, 'a recording without a playlist has no chat beside it')
    const pieces = timeline?.pieces ?? 0
    const surplus = Array.from({ length: Math.max(0, known.chat_pieces - pieces) }, (_, n) => keyOf(id, pieces + n))
    if (surplus.length > 0) await store.delete(surplus)
    await tx.execute(
      `update recording
          set chat_pieces = ?, chat_due_at = case when chat_due_at::text is not distinct from ? then ? else chat_due_at end
        where id = ?`,
      [pieces, known.due, laterMs === null ? null : new Date(laterMs), id],
    )
  })
}

/** All renditions have the same. Null when there is none. */
async function timelineOf(store: ObjectStore, { id, renditions }: Recording): Promise<ChatTimeline | null> {
  try {
    const { body } = await store.get(`recordings/${id}/${renditions[0] ?? 'none'}/index.m3u8`)
    return ChatTimeline.of(await text(body))
  } catch (error) {
    if (error instanceof ObjectStoreError && error.code === 'not_found') return null
    throw error
  }
}

/**
 * In the order of the picture that the authors had before them: as they said, unless that cannot be, else a moment before
 * they wrote. Who left the platform has no name.
 */
async function openCursor(tx: EntityManager, room: string, fromMs: number, untilMs: number): Promise<void> {
  await tx.execute(
    `declare replayed no scroll cursor for
     with shown as (
       select m.*, case when m.watched_at >= ? then least(m.watched_at, m.sent_at)
                        else m.sent_at - make_interval(secs => ${USUAL_DELAY_SECONDS}) end as moment
         from chat_message m
        where m.room = ? and m.deleted_at is null and m.sent_at between ? and ?)
     select m.id, m.author_id, ${nameOf('m', 'mu', 'mp')} as author_name, m.rank, m.text, m.sent_at,
            extract(epoch from m.moment) * 1000 as moment_ms,
            ${nameOf('a', 'au', 'ap')} as answered_name, left(a.text, ${QUOTED}) as answered_text
       from shown m
       left join users mu on mu.id = m.author_id left join profile mp on mp.user_id = m.author_id
       left join chat_message a
         on a.room = m.room and a.epoch = m.epoch and a.seq = m.reply_to and a.deleted_at is null
       left join users au on au.id = a.author_id left join profile ap on ap.user_id = a.author_id
      where m.moment < ?
      order by m.moment, m.id`,
    [new Date(fromMs), room, new Date(fromMs), new Date(untilMs), new Date(untilMs)],
  )
}

function nameOf(message: string, user: string, profile: string): string {
  return `case when ${user}.deleted_at is null then ${message}.author_name else ${profile}.display_name end`
}

async function writePieces(tx: EntityManager, store: ObjectStore, id: string, timeline: ChatTimeline): Promise<void> {
  let piece = 0
  let messages: ReplayedMessageJson[] = []
  const put = async () => {
    const body = Buffer.from(JSON.stringify({ messages } satisfies ChatPieceJson))
    await store.put(keyOf(id, piece), body, { contentType: 'application/json' })
    piece += 1
    messages = []
  }
  for (;;) {
    const rows = await tx.execute<Row[]>(`fetch ${ROWS} from replayed`)
    for (const row of rows) {
      const message = presentReplayed(row, timeline.secondsAt(Number(row.moment_ms)))
      while (piece < timeline.pieceAt(message.at)) await put()
      messages.push(message)
    }
    if (rows.length < ROWS) break
  }
  while (piece < timeline.pieces) await put()
}

function presentReplayed(row: Row, at: number): ReplayedMessageJson {
  const { answered_name: name, answered_text: answered } = row
  return {
    at,
    id: row.id,
    author: { id: row.author_id, name: row.author_name },
    rank: row.rank,
    text: row.text,
    reply_to: name === null || answered === null ? null : { name, text: answered },
    sent_at: new Date(row.sent_at).toISOString(),
  }
}

function keyOf(recording: string, piece: number): string {
  return `recordings/${recording}/chat-${piece}.json`
}
