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
/** Who is further behind begins anew: so much at once is no conversation, and the ring must hold what is not sent yet. */
const LONGEST_GAP = 400
/** Of what somebody who comes is told at once; more than a socket that was closed for not reading had missed. */
const SNAPSHOT_BYTES = 512 * 1024
const SHOWN_AT_JOIN = 100
/** So far back behind the ring somebody's place is looked for in Redis. */
const OLDER_LINES = 1000
const OLDER_MS = 1000
const RETRY_MS = 500
/** Of lines that wait while Redis is being read, which has them all. */
const LONGEST_QUEUE = 2000

/** The last line that a client has. */
export interface Since {
  e: string
  s: number
}

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
 * While a gap cannot be filled, nobody is sent what lies behind it.
 */
export class LiveRoom implements Disposable {
  readonly room: Room
  settings: RoomSettings = { slow: 0, mode: 'all', frozen: false, notices: 'moderators', emotes: 0 }
  pin: ChatLine | null = null
  readonly #options: LiveRoomOptions
  /** Lines that came while the room was being read. */
  #waiting: [string, ChatLine][] | null = []
  #checking: Promise<void> | null = null
  #retry: NodeJS.Timeout | null = null
  #older: { atMs: number; lines: Promise<ChatLine[]> } | null = null
  #tick: NodeJS.Timeout | null = null
  #isTurn = false
  #isClosed = false
  #linesPerSecond = 0
  #countedAtMs = 0

  constructor(id: string, options: LiveRoomOptions) {
    this.room = new Room(id)
    this.#options = options
  }

  /** Subscribed before: what comes meanwhile is not lost. */
  async open(): Promise<void> {
    await this.#load()
    await this.#catchUp()
  }

  /** `number|epoch|time|line` */
  receive(message: string): void {
    const [s = '', epoch = '', ts = ''] = message.split('|', 3)
    const json = message.slice(s.length + epoch.length + ts.length + 3)
    const line = { s: Number(s), ts: Number(ts), ...JSON.parse(json) } as ChatLine
    if (this.#waiting?.length === LONGEST_QUEUE) this.#waiting = []
    if (this.#waiting) this.#waiting.push([epoch, line])
    else this.#take(epoch, line)
  }

  /** Redis was away, or may have lost a message: what was said meanwhile is read, or the room begins anew. Never rejects. */
  resync(): Promise<void> {
    this.#checking ??= this.#check()
      .catch((error: unknown) => {
        this.#options.log.warn({ error, room: this.room.id }, 'a room waits for Redis')
        if (!this.#isClosed) this.#retry ??= setTimeout(() => this.#tryAgain(), RETRY_MS)
      })
      .finally(() => {
        this.#checking = null
      })
    return this.#checking
  }

  /**
   * The lines before those that are here, when somebody who comes back is as far behind as that.
   *
   * @returns none when they are not, or further; read once for all who come back at the same time
   */
  async older(since: Since | undefined): Promise<ChatLine[]> {
    const { room } = this
    const from = Math.max(1, room.first - OLDER_LINES)
    if (!since || since.e !== room.epoch || since.s + 1 < from || since.s + 1 >= room.first) return []
    if (!this.#older || performance.now() - this.#older.atMs > OLDER_MS) {
      const lines = this.#options.store.range(room.id, from, room.first)
      lines.catch(() => {
        this.#older = null
      })
      this.#older = { atMs: performance.now(), lines }
    }
    return this.#older.lines
  }

  /** What somebody who joins is shown first; subscribe them in the same turn, and they miss nothing and see nothing twice. */
  snapshot(since?: Since, older: readonly ChatLine[] = []): { recovered: boolean; lines: ChatLine[] } {
    const missed = since && this.room.since(since.e, since.s, older)
    if (missed && sizeOf(missed) <= SNAPSHOT_BYTES) return { recovered: true, lines: missed }
    const lines = this.room.newest(SHOWN_AT_JOIN)
    while (sizeOf(lines) > SNAPSHOT_BYTES) lines.splice(0, Math.ceil(lines.length / 4))
    return { recovered: false, lines }
  }

  /** Sends what is gathered now rather than with the next tick. */
  flush(): void {
    if (this.#tick) clearTimeout(this.#tick)
    this.#tick = null
    const lines = this.room.flush()
    if (lines.length === 0) return
    for (const pieces of inFrames(lines)) {
      this.#options.publish(`{"t":"b","room":"${this.room.id}","e":"${this.room.epoch}","m":[${pieces.join(',')}]}`)
    }
    this.#linesPerSecond += lines.length
    this.#options.onSent(Math.max(0, Date.now() - (lines[0]?.ts || Date.now())), lines.length)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    if (this.#retry) clearTimeout(this.#retry)
    if (this.#tick) clearTimeout(this.#tick)
  }

  #take(epoch: string, line: ChatLine): void {
    const taken = this.room.take(epoch, line)
    if (taken === 'new') this.#took(line)
    if (taken === 'new' || taken === 'old') return
    this.#waiting = [[epoch, line]]
    void this.resync()
  }

  #took(line: ChatLine): void {
    this.#apply(line)
    // What is not sent must stay in the ring.
    if (this.room.last - this.room.flushed >= LONGEST_GAP) this.flush()
    else this.#flushSoon()
  }

  #apply(line: ChatLine): void {
    if (line.k === 'set' && line.set) this.settings = line.set
    if (line.k === 'pin')
      this.pin = line.of == null ? null : { s: line.of, ts: line.ts, k: 'msg', u: line.u, b: line.b, n: line.n }
    const isPinGone = line.k === 'del' ? this.pin?.s === line.of : line.k === 'purge' && this.pin?.u === line.u
    if (isPinGone) this.pin = null
  }

  #tryAgain(): void {
    this.#retry = null
    void this.resync()
  }

  /** Looks without holding anything up, and only then catches up. */
  async #check(): Promise<void> {
    const { room } = this
    if (!this.#waiting) {
      const { last } = room
      const head = await this.#options.store.head(room.id)
      const isWhole = head.epoch === room.epoch && head.last >= last && head.last <= room.last
      if (isWhole && !this.#waiting) return
    }
    await this.#catchUp()
  }

  /** Until what came meanwhile follows on what was read. Whatever came before Redis is asked, Redis knows. */
  async #catchUp(): Promise<void> {
    const { room } = this
    const { store } = this.#options
    for (let isBehind = true; isBehind; ) {
      this.#waiting = []
      const head = await store.head(room.id)
      // Redis came back with less than it had given out.
      const isLess = head.epoch === room.epoch && head.last < room.last
      if (isLess) await store.goOnAnew(room.id, room.epoch, room.last)
      if (isLess || head.epoch !== room.epoch || head.last - room.last > LONGEST_GAP) {
        await this.#load()
        this.#options.publish(JSON.stringify({ t: 'reset', room: room.id, e: room.epoch } satisfies ServerFrame))
      } else if (head.last > room.last) await this.#fill(head.last)
      const waiting: [string, ChatLine][] = this.#waiting
      this.#waiting = null
      isBehind = waiting.some(([epoch, line]) => {
        const taken = room.take(epoch, line)
        if (taken === 'new') this.#took(line)
        return taken !== 'new' && taken !== 'old'
      })
    }
  }

  /** A line that is no longer in Redis was taken away. */
  async #fill(last: number): Promise<void> {
    const { room } = this
    const from = room.last + 1
    for (const line of await this.#options.store.range(room.id, from, last + 1)) {
      room.takeGone(from, line.s)
      if (room.take(room.epoch, line) === 'new') this.#took(line)
    }
    room.takeGone(from, last + 1)
    this.#flushSoon()
  }

  async #load(): Promise<void> {
    await this.#options.prepare()
    const stored = await this.#options.store.load(this.room.id)
    this.room.reset(stored.epoch, stored.last, stored.lines)
    this.settings = stored.settings
    this.pin = stored.pin
    this.#older = null
  }

  /** At the end of this turn while few are here and little is said; else gathered, since a frame costs what a line does. */
  #flushSoon(): void {
    if (this.#tick || this.#isTurn) return
    this.#count()
    const audience = this.#options.audience()
    if (audience * this.#linesPerSecond <= CALM_DELIVERIES) {
      this.#isTurn = true
      setImmediate(() => {
        this.#isTurn = false
        this.flush()
      })
    } else {
      const waitMs = Math.min(LONGEST_GATHERING_MS, (audience / GATHERED_DELIVERIES) * 1000)
      this.#tick = setTimeout(() => this.flush(), waitMs)
    }
  }

  /** A decaying count: about what came in the last second. */
  #count(): void {
    const now = performance.now()
    const passed = (now - this.#countedAtMs) / 1000
    this.#countedAtMs = now
    this.#linesPerSecond *= Math.exp(-Math.min(passed, 20))
  }
}

/** About, in bytes as JSON. */
function sizeOf(lines: readonly ChatLine[]): number {
  return lines.reduce((sum, { b = '', n = '' }) => sum + 100 + Buffer.byteLength(b) + n.length, 0)
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
