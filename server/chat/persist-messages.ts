import { Histogram, Registry } from 'prom-client'
import { AuditLog } from '../admin/audit-log.ts'
import type { EntityManager, Orm } from '../db/orm.ts'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import type { ChatLine, ModOperation } from './protocol.ts'
import type { Deed } from './room-store.ts'

const EVERY_MS = 400
const BATCH = 1000
const ROOMS_AT_ONCE = 64
/** So much of a room's log stays in Redis. */
const HOT_LINES = 1000
/** A log that grows past this is not being persisted. */
const ALARM_LINES = 50_000

interface ChatStores {
  orm: Orm
  redis: RedisClient
  log: Pick<Logger, 'warn' | 'error'>
  /** Told how old the oldest line was that has just been written, seconds. */
  onWritten?: (lagSeconds: number) => void
}

interface Entry {
  s: number
  line: Omit<ChatLine, 's'>
  deed: Deed | null
}

/**
 * Writes the rooms' logs from Redis into PostgreSQL, and then cuts them there.
 *
 *   hub ──▶ log, `chat:dirty` ──▶ every 400 ms, one worker a room ──▶ chat_message, chat_room, chat_ban, audit_log
 *
 * What was written is written once: the room's row says how far, and is locked meanwhile. A worker that dies leaves the
 * room dirty for the next, since nothing is cut before it is committed.
 */
export class ChatKeeper implements AsyncDisposable {
  readonly #stores: ChatStores
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | null = null

  constructor(orm: Orm, redis: RedisClient, log: Pick<Logger, 'warn' | 'error'>, metrics = new Registry()) {
    const lag = new Histogram({
      name: 'chat_persist_lag_seconds',
      help: 'From the number that Redis gave the oldest line of a batch until PostgreSQL had it.',
      buckets: [0.25, 0.5, 1, 2, 5, 15, 60],
      registers: [metrics],
    })
    this.#stores = { orm, redis, log, onWritten: (seconds) => lag.observe(seconds) }
    this.#timer = setInterval(() => {
      this.#running ??= this.persistDirty()
        .catch((error: unknown) => log.warn({ error }, 'chat messages wait to be written'))
        .finally(() => {
          this.#running = null
        })
    }, EVERY_MS)
  }

  /** What is dirty now. A room that fails keeps none of the others waiting. */
  async persistDirty(): Promise<void> {
    const { redis, log } = this.#stores
    if (!redis.isReady) return
    for (const room of await redis.sRandMemberCount('chat:dirty', ROOMS_AT_ONCE)) {
      try {
        if (await persistBatch(this.#stores, room, false)) await this.#tidy(room)
      } catch (error) {
        log.warn({ error, room }, 'chat messages wait to be written')
      }
    }
  }

  /** Clean only now that it is written; what came since then is found, or makes it dirty again by itself. */
  async #tidy(room: string): Promise<void> {
    const { redis, orm } = this.#stores
    await redis.sRem('chat:dirty', room)
    const [epoch, last] = await redis.hmGet(`{r:${room}}:meta`, ['e', 's'])
    const [row] = await orm.em.execute<{ epoch: string; persisted_seq: number }[]>(
      'select epoch, persisted_seq from chat_room where id = ?',
      [room],
    )
    if (epoch && (row?.epoch !== epoch || row.persisted_seq < Number(last ?? 0))) await redis.sAdd('chat:dirty', room)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }
}

/** All that is written in a room now is in PostgreSQL afterwards; for whoever reads it there next. */
export async function persistRoom(stores: ChatStores, room: string): Promise<void> {
  while (!(await persistBatch(stores, room, true))) {}
}

/**
 * @param isPatient waits for whoever is at this room
 * @returns false when there is more of it, or somebody else is at it
 */
async function persistBatch(
  { orm, redis, log: logger, onWritten }: ChatStores,
  room: string,
  isPatient: boolean,
): Promise<boolean> {
  const [meta, log] = [`{r:${room}}:meta`, `{r:${room}}:log`]
  const [epoch, begunAt, head] = await redis.hmGet(meta, ['e', 'from', 's'])
  if (!epoch) return true
  const em = orm.em.fork()
  const persisted = await em.transactional(async (tx) => {
    const name = `chat ${room}`
    if (isPatient) await tx.execute('select pg_advisory_xact_lock(hashtext(?))', [name])
    else {
      const [lock] = await tx.execute<{ ok: boolean }[]>('select pg_try_advisory_xact_lock(hashtext(?)) as ok', [name])
      if (!lock?.ok) return null
    }
    await tx.execute('insert into chat_room (id, created_at) values (?, now()) on conflict do nothing', [room])
    const [row] = await tx.execute<{ epoch: string; persisted_seq: number }[]>(
      'select epoch, persisted_seq from chat_room where id = ?',
      [room],
    )
    // An epoch that goes on behind another leaves that one's lines where they were.
    const from = row?.epoch === epoch ? row.persisted_seq : Math.min(row?.persisted_seq ?? 0, Number(begunAt ?? 0))
    const found = await redis.xRange(log, `(${from}-0`, '+', { COUNT: BATCH })
    // Begun anew meanwhile: these lines are not of that epoch.
    if ((await redis.hGet(meta, 'e')) !== epoch) return null
    const entries = (found ?? []).map(({ id, message }) => entryOf(id, message as Record<string, string>))
    for (const entry of entries) await write(tx, room, epoch, entry)
    const isWhole = entries.length < BATCH
    // Numbers behind the last line are of lines that were lost, or taken away.
    const last = Math.max(entries.at(-1)?.s ?? from, isWhole ? Number(head ?? 0) : 0)
    await tx.execute('update chat_room set epoch = ?, persisted_seq = ? where id = ?', [epoch, last, room])
    return { last, isWhole, oldestMs: entries[0]?.line.ts }
  })
  if (!persisted) return false
  if (persisted.oldestMs) onWritten?.(Math.max(0, Date.now() - persisted.oldestMs) / 1000)
  if (persisted.last > HOT_LINES) await redis.xTrim(log, 'MINID', persisted.last - HOT_LINES)
  const length = await redis.xLen(log)
  if (length > ALARM_LINES) logger.error({ room, length }, 'the log of a room grows faster than it is written')
  return persisted.isWhole
}

async function write(em: EntityManager, room: string, epoch: string, { s, line, deed }: Entry): Promise<void> {
  if (line.k === 'msg') {
    await em.execute(
      `insert into chat_message
         (created_at, updated_at, room, epoch, seq, author_id, author_name, rank, text, reply_to, watched_at, sent_at)
       values (now(), now(), ?, ?, ?, (select id from users where id = ?), ?, ?, ?, ?, ?, ?)
       on conflict (room, epoch, seq) do nothing`,
      [
        ...[room, epoch, s, accountOf(line.u), line.n ?? '', line.r ?? 0, line.b ?? '', line.re ?? null],
        ...[line.at ? new Date(line.at) : null, new Date(line.ts)],
      ],
    )
  }
  if (line.k === 'del') {
    await em.execute(
      `update chat_message set text = '', deleted_at = now(), updated_at = now() where room = ? and epoch = ? and seq = ?`,
      [room, epoch, line.of ?? -1],
    )
  }
  if (line.k === 'purge') {
    await em.execute(
      `update chat_message set text = '', deleted_at = now(), updated_at = now()
        where room = ? and author_id = ? and sent_at <= ? and deleted_at is null`,
      [room, accountOf(line.u), new Date(line.ts)],
    )
  }
  if (line.k === 'set' && line.set) {
    const { slow, mode, frozen, notices } = line.set
    await em.execute('update chat_room set slow = ?, mode = ?, is_frozen = ?, notices = ? where id = ?', [
      ...[slow, mode, frozen, notices, room],
    ])
  }
  if (deed) await writeDeed(em, room, deed, new Date(line.ts))
}

async function writeDeed(em: EntityManager, room: string, { by, operation }: Deed, at: Date): Promise<void> {
  const actor = accountOf(by)
  if (operation.op === 'ban' || operation.op === 'timeout') {
    const until = operation.op === 'ban' ? null : new Date(at.getTime() + operation.sec * 1000)
    await em.execute(
      `insert into chat_ban (created_at, updated_at, room, user_id, until, reason, by_id)
       select now(), now(), ?, id, ?, ?, ? from users where id = ?
       on conflict (room, user_id) do update set until = excluded.until, reason = excluded.reason, by_id = excluded.by_id`,
      [room, until, operation.why, actor, accountOf(operation.uid)],
    )
  }
  if (operation.op === 'unban') {
    await em.execute('delete from chat_ban where room = ? and user_id = ?', [room, accountOf(operation.uid)])
  }
  em.create(AuditLog, {
    actor,
    action: `chat.${operation.op}`,
    object: `room:${room}`,
    details: detailsOf(operation),
  })
  await em.flush()
}

function detailsOf({ op: _op, ...details }: ModOperation): Record<string, unknown> {
  return details
}

function entryOf(id: string, message: Record<string, string>): Entry {
  return {
    s: Number.parseInt(id, 10),
    line: { ts: Number(message.t), ...(JSON.parse(message.d ?? '{}') as Omit<ChatLine, 's' | 'ts'>) },
    deed: message.m ? (JSON.parse(message.m) as Deed) : null,
  }
}

/** Of `u:<account>`; null for a guest, who is nobody in the database. */
function accountOf(uid: string | undefined): number | null {
  return uid?.startsWith('u:') ? Number(uid.slice(2)) : null
}
