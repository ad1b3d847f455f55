import { randomUUID } from 'node:crypto'
import type { RedisClient } from '../redis.ts'
import type { ChatErrorCode, ChatLine, ModOperation, Rank, RoomMode, RoomSettings } from './protocol.ts'
import { Script } from './redis-scripts.ts'

const RECENT = 500
/** One message each 0.7 s, four at once; over all nodes. */
const RATE = { intervalMs: 700, toleranceMs: 2100 }
/** What a person can read at all; moderators are not counted. */
const SHOWN_PER_SECOND = 50
/** A room's log is kept so long after its last line; PostgreSQL has it for ever. */
const KEPT_SECONDS = 7 * 24 * 3600

const send = new Script('send')
const append = new Script('append')
const begin = new Script('begin')

export type SendResult =
  | { kind: 'sent' | 'repeated'; epoch: string; s: number }
  | { kind: 'refused'; code: ChatErrorCode; retryMs: number }
  /** Redis has lost its settings and bans: `restore` them first. */
  | { kind: 'unknown' }

/** What a line does besides being one; in the same step, so nobody sees the one without the other. */
export type Effect =
  | { kind: 'set'; field: keyof RoomSettings; value: string | number }
  | { kind: 'pin'; s: number }
  | { kind: 'unpin' }
  | { kind: 'ban'; uid: string; untilMs: number }
  | { kind: 'unban'; uid: string }
  | { kind: 'delete'; s: number }
  | { kind: 'purge'; uid: string }

/** A room as Redis has it. */
export interface StoredRoom {
  epoch: string
  last: number
  lines: ChatLine[]
  pin: ChatLine | null
  settings: RoomSettings
}

/** Who moderated, and how; kept beside the line, and shown to no client. */
export interface Deed {
  by: string
  operation: ModOperation
}

/** What became of a line. */
export interface Appended {
  epoch: string
  s: number
  /** Milliseconds since 1970. */
  ts: number
}

/** A line without its number and time, which Redis gives it. */
export type NewLine = Omit<ChatLine, 's' | 'ts'>

export function channelOf(room: string): string {
  return `{r:${room}}:ch`
}

/** What a room has in Redis. Its keys share a hash tag: in a cluster they lie together. */
export class RoomStore {
  readonly #redis: RedisClient

  constructor(redis: RedisClient) {
    this.#redis = redis
  }

  async send(
    room: string,
    sender: { uid: string; rank: Rank; modes: readonly RoomMode[] },
    cid: string,
    line: NewLine,
  ): Promise<SendResult> {
    const key = (name: string) => `{r:${room}}:${name}`
    const { uid, rank, modes } = sender
    const reply = (await send.run(
      this.#redis,
      [
        ...[key('meta'), key('log'), key('ban'), key(`i:${uid}:${cid}`)],
        ...[key(`rl:${uid}`), key(`sl:${uid}`), key('shown')],
      ],
      [
        ...[uid, rank, JSON.stringify(line), channelOf(room), newEpoch()],
        ...[RATE.intervalMs, RATE.toleranceMs, SHOWN_PER_SECOND, `,${modes.join(',')},`],
      ],
    )) as [string, string, number, number?]
    const [kind, first, second] = reply
    if (kind === 'unknown') return { kind }
    if (kind === 'err') return { kind: 'refused', code: first as ChatErrorCode, retryMs: second }
    return { kind: kind === 'ok' ? 'sent' : 'repeated', epoch: first, s: second }
  }

  /**
   * @param asked the client's own name for it: asked again within five minutes, it is answered as it was, and nothing is done
   * @returns its epoch, number and time; null when what it pins is not there any more
   */
  async append(
    room: string,
    line: NewLine,
    effects: readonly Effect[] = [],
    deed: Deed | null = null,
    asked: { by: string; cid: string } | null = null,
  ): Promise<Appended | null> {
    const reply = (await append.run(
      this.#redis,
      ['meta', 'log', 'ban', ...(asked ? [`i:${asked.by}:${asked.cid}`] : [])].map((name) => `{r:${room}}:${name}`),
      [
        JSON.stringify(line),
        channelOf(room),
        newEpoch(),
        deed ? JSON.stringify(deed) : '',
        ...effects.flatMap(argumentsOf),
      ],
    )) as [string, number, number] | null
    return reply && { epoch: reply[0], s: reply[1], ts: reply[2] }
  }

  /** Settings and bans as the platform has them, into a Redis that does not know the room; whoever is first does it. */
  async restore(
    room: string,
    settings: RoomSettings,
    bans: readonly { uid: string; untilMs: number }[],
  ): Promise<void> {
    const [meta, ban] = [`{r:${room}}:meta`, `{r:${room}}:ban`]
    const writing = this.#redis.multi()
    const fields = { ...settings, frozen: settings.frozen ? '1' : '0', known: '1' }
    for (const [field, value] of Object.entries(fields)) writing.hSetNX(meta, field, String(value))
    for (const { uid, untilMs } of bans) writing.hSetNX(ban, uid, String(untilMs))
    await writing.exec()
  }

  /** Whether Redis has the room's settings and bans. */
  async isKnown(room: string): Promise<boolean> {
    return (await this.#redis.hGet(`{r:${room}}:meta`, 'known')) === '1'
  }

  /** With the newest lines; begins a room that nobody has written in. */
  async load(room: string): Promise<StoredRoom> {
    const [meta, log] = [`{r:${room}}:meta`, `{r:${room}}:log`]
    const [, , fields, entries] = (await this.#redis
      .multi()
      .hSetNX(meta, 'e', newEpoch())
      .expire(log, KEPT_SECONDS)
      .hGetAll(meta)
      .xRevRange(log, '+', '-', { COUNT: RECENT })
      .exec()) as unknown as [number, number, Record<string, string>, StreamEntry[]]
    return {
      epoch: fields.e ?? '',
      last: Number(fields.s ?? 0),
      lines: entries.map(lineOf).reverse(),
      pin: pinOf(fields),
      settings: settingsOf(fields),
    }
  }

  /** How it is set, without its lines. */
  async peek(room: string): Promise<Pick<StoredRoom, 'settings' | 'pin'>> {
    const fields = await this.#redis.hGetAll(`{r:${room}}:meta`)
    return { settings: settingsOf(fields), pin: pinOf(fields) }
  }

  /** Where the room is, without its lines. */
  async head(room: string): Promise<{ epoch: string | null; last: number }> {
    const [epoch = null, last] = await this.#redis.hmGet(`{r:${room}}:meta`, ['e', 's'])
    return { epoch, last: Number(last ?? 0) }
  }

  /** Lines from (included) to (excluded), those that are still there. */
  async range(room: string, from: number, to: number): Promise<ChatLine[]> {
    const entries = await this.#redis.xRange(`{r:${room}}:log`, `${from}-0`, `(${to}-0`)
    return (entries as StreamEntry[]).map(lineOf)
  }

  /** Up to `limit` lines before one, oldest first. */
  async before(room: string, s: number, limit: number): Promise<ChatLine[]> {
    if (s <= 1) return []
    const entries = await this.#redis.xRevRange(`{r:${room}}:log`, `(${s}-0`, '-', { COUNT: limit })
    return (entries as StreamEntry[]).map(lineOf).reverse()
  }

  /** After a failover that lost lines: new ones go on behind `last`, in a new epoch, so that clients look again. */
  async goOnAnew(room: string, epoch: string, last: number): Promise<void> {
    await begin.run(this.#redis, [`{r:${room}}:meta`], [epoch, last, newEpoch()])
  }

  /** Milliseconds since 1970 until which somebody may not write; 0 for ever, null when they may. */
  async bannedUntil(room: string, uid: string): Promise<number | null> {
    const until = await this.#redis.hGet(`{r:${room}}:ban`, uid)
    if (until == null) return null
    const ms = Number(until)
    return ms === 0 || ms > Date.now() ? ms : null
  }
}

interface StreamEntry {
  id: string
  message: Record<string, string>
}

function lineOf({ id, message }: StreamEntry): ChatLine {
  return { s: Number.parseInt(id, 10), ts: Number(message.t), ...(JSON.parse(message.d ?? '{}') as NewLine) }
}

export function settingsOf(fields: Record<string, string>): RoomSettings {
  return {
    slow: Number(fields.slow ?? 0),
    mode: (fields.mode ?? 'all') as RoomMode,
    frozen: fields.frozen === '1',
    notices: fields.notices === 'everyone' ? 'everyone' : 'moderators',
    emotes: Number(fields.emotes ?? 0),
  }
}

function pinOf({ pin }: Record<string, string>): ChatLine | null {
  return pin ? (JSON.parse(pin) as ChatLine) : null
}

function argumentsOf(effect: Effect): (string | number)[] {
  switch (effect.kind) {
    case 'set':
      return ['set', effect.field, effect.value]
    case 'pin':
      return ['pin', effect.s]
    case 'unpin':
      return ['unpin']
    case 'ban':
      return ['ban', effect.uid, effect.untilMs]
    case 'unban':
      return ['unban', effect.uid]
    case 'delete':
      return ['del', effect.s]
    case 'purge':
      return ['purge', effect.uid]
  }
}

function newEpoch(): string {
  return randomUUID().slice(0, 13)
}
