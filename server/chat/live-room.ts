import type { Logger } from '../logger.ts'
import type { ChatLine, RoomSettings, ServerFrame } from './protocol.ts'
import { Room } from './room.ts'
import type { RoomStore } from './room-store.ts'

/** Deliveries a second of one room on this node, above which frames are gathered. */
const CALM_DELIVERIES = 50_000
const GATHERED_DELIVERIES = 100_000
const LONGEST_GATHERING_MS = 500
/** Kept under what uWebSockets sends in one piece with others. */
const FRAME_BYTES = 15_000

export interface LiveRoomOptions {
  store: RoomStore
  /** Makes sure that Redis has the room's settings and bans. */
  prepare(): Promise<void>
  /** Sends one frame to everybody of the room on this node. */
  publish(frame: string): void
  /** Connections of the room on this node. */
  audience(): number
  /** Told how old a line was when it was sent, milliseconds. */
  onSent(lagMs: number, lines: number): void
  log: Pick<Logger, 'warn'>
}

/**
 * One room on one node: takes lines from Redis in their order, fills what was missed, and sends them on in frames.
 *
 *   Redis pub/sub ──▶ receive() ──▶ Room ──(a tick)──▶ one frame for all
 *                        └─ a gap: XRANGE, once for the node rather than for each client
 *
 * Guarantees: every client of this node sees every line once, in the one order; or a `reset`, after which it asks anew.
 */
export class LiveRoom {
  readonly room: Room
  settings: RoomSettings = { slow: 0, mode: 'all', frozen: false }
  pin: ChatLine | null = null
  readonly #options: LiveRoomOptions
  /** Lines that came while the room was being read. */
  #waiting: [string, ChatLine][] | null = []
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null
  #linesPerSecond = 0
  #countedAtMs = 0

  constructor(id: string, options: LiveRoomOptions) {
    this.room = new Room(id)
    this.#options = options
  }

  /** Subscribed before: what comes meanwhile is not lost. */
  async open(): Promise<void> {
    await this.#read()
  }

  /** `number|epoch|time|line` */
  receive(message: string): void {
    const [s = '', epoch = '', ts = ''] = message.split('|', 3)
    const json = message.slice(s.length + epoch.length + ts.length + 3)
    const line = { s: Number(s), ts: Number(ts), ...JSON.parse(json) } as ChatLine
    if (this.#waiting) this.#waiting.push([epoch, line])
    else this.#take(epoch, line)
  }

  /** Redis was away: what was said meanwhile is read, or the room begins anew. */
  async resync(): Promise<void> {
    if (this.#waiting) return
    const { room } = this
    const { store } = this.#options
    const before = room.last
    const head = await store.head(room.id)
    if (this.#waiting) return
    const isSame = head.epoch === room.epoch
    if (isSame && head.last > room.last) return this.#fill(room.last + 1, head.last + 1)
    // Lines may have come while it was asked.
    if (isSame && head.last >= before) return
    // Redis came back with less than it had given out.
    if (isSame) await store.beginAnew(room.id)
    await this.#beginAnew()
  }

  /** What somebody who joins is shown first; subscribe them in the same turn, and they miss nothing and see nothing twice. */
  snapshot(since?: { e: string; s: number }): { recovered: boolean; lines: ChatLine[] } {
    const missed = since && this.room.since(since.e, since.s)
    return missed ? { recovered: true, lines: missed } : { recovered: false, lines: this.room.newest(100) }
  }

  #take(epoch: string, line: ChatLine): void {
    const taken = this.room.take(epoch, line)
    if (taken === 'old') return
    if (taken === 'new') {
      this.#apply(line)
      this.#flushSoon()
    } else {
      this.#waiting = [[epoch, line]]
      const repair = taken === 'other-epoch' ? this.#beginAnew() : this.#fill(...taken.gap)
      repair.catch((error) => this.#options.log.warn({ error, room: this.room.id }, 'a room waits for Redis'))
    }
  }

  #apply(line: ChatLine): void {
    if (line.k === 'set' && line.set) this.settings = line.set
    if (line.k === 'pin')
      this.pin = line.of == null ? null : { s: line.of, ts: line.ts, k: 'msg', u: line.u, b: line.b, n: line.n }
    const isPinGone = line.k === 'del' ? this.pin?.s === line.of : line.k === 'purge' && this.pin?.u === line.u
    if (isPinGone) this.pin = null
  }

  /** From (included) to (excluded). A line that is no longer in Redis was taken away, or is too old to matter. */
  async #fill(from: number, to: number): Promise<void> {
    this.#waiting ??= []
    const lines = await this.#options.store.range(this.room.id, from, to)
    const { epoch } = this.room
    for (const line of lines) {
      this.room.takeGone(from, line.s)
      if (this.room.take(epoch, line) === 'new') this.#apply(line)
    }
    this.room.takeGone(from, to)
    this.#flushSoon()
    this.#goOn()
  }

  async #beginAnew(): Promise<void> {
    await this.#read()
    this.#options.publish(JSON.stringify({ t: 'reset', room: this.room.id, e: this.room.epoch } satisfies ServerFrame))
  }

  async #read(): Promise<void> {
    this.#waiting ??= []
    await this.#options.prepare()
    const stored = await this.#options.store.load(this.room.id)
    this.room.reset(stored.epoch, stored.last, stored.lines)
    this.settings = stored.settings
    this.pin = stored.pin
    this.#goOn()
  }

  #goOn(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = null
    for (const [index, [epoch, line]] of waiting.entries()) {
      this.#take(epoch, line)
      // Another gap: the rest waits for that.
      if (this.#waiting) {
        ;(this.#waiting as [string, ChatLine][]).push(...waiting.slice(index + 1))
        return
      }
    }
  }

  /** At the end of this turn while few are here and little is said; else gathered, since a frame costs what a line does. */
  #flushSoon(): void {
    if (this.#timer) return
    this.#count()
    const deliveries = this.#options.audience() * this.#linesPerSecond
    const flush = () => {
      this.#timer = null
      this.#flush()
    }
    if (deliveries <= CALM_DELIVERIES) this.#timer = setImmediate(flush)
    else {
      const waitMs = Math.min(LONGEST_GATHERING_MS, (this.#options.audience() / GATHERED_DELIVERIES) * 1000)
      this.#timer = setTimeout(flush, waitMs)
    }
  }

  #flush(): void {
    const lines = this.room.flush()
    if (lines.length === 0) return
    for (const pieces of inFrames(lines)) {
      this.#options.publish(`{"t":"b","room":"${this.room.id}","e":"${this.room.epoch}","m":[${pieces.join(',')}]}`)
    }
    this.#linesPerSecond += lines.length
    this.#options.onSent(Math.max(0, Date.now() - (lines[0]?.ts || Date.now())), lines.length)
  }

  /** A decaying count: about what came in the last second. */
  #count(): void {
    const now = performance.now()
    const passed = (now - this.#countedAtMs) / 1000
    this.#countedAtMs = now
    this.#linesPerSecond *= Math.exp(-Math.min(passed, 20))
  }
}

/** As JSON, in groups that fit a frame. */
function* inFrames(lines: readonly ChatLine[]): Generator<string[]> {
  let group: string[] = []
  let bytes = 0
  for (const line of lines) {
    const json = JSON.stringify(line)
    const size = Buffer.byteLength(json) + 1
    if (group.length > 0 && bytes + size > FRAME_BYTES) {
      yield group
      group = []
      bytes = 0
    }
    group.push(json)
    bytes += size
  }
  if (group.length > 0) yield group
}
