import type { Logger } from '../logger.ts'
import type { Audience, Section } from './audience.ts'
import type { ChatLine, RoomSettings, ServerFrame } from './protocol.ts'
import { Room } from './room.ts'
import { RoomSender } from './room-sender.ts'
import type { RoomStore } from './room-store.ts'

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

export interface Snapshot {
  /** True when `lines` go on right behind what they said they had. */
  recovered: boolean
  /** The newest line that they have then. */
  s: number
  lines: ChatLine[]
}

export interface LiveRoomOptions {
  store: RoomStore
  /** Makes sure that Redis has the room's settings and bans. */
  prepare(): Promise<void>
  /** Sends one frame to everybody in a section of the room's audience. */
  publish(section: number, frame: string): void
  /** Told how old a line was when it was sent, milliseconds, and to how many. */
  onSent(lagMs: number, lines: number, connections: number): void
  log: Pick<Logger, 'warn'>
}

/**
 * One room on one node: takes lines from Redis in their order, fills what was missed, and sends them on in frames.
 *
 *   Redis pub/sub ──▶ receive() ──▶ Room ──(a turn)──▶ one frame for all of a section, then for the next one
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
  readonly #sender: RoomSender
  #isClosed = false

  constructor(id: string, options: LiveRoomOptions) {
    this.room = new Room(id)
    this.#options = options
    const { publish, onSent } = options
    this.#sender = new RoomSender({ room: this.room, longestGap: LONGEST_GAP, publish, onSent })
  }

  get audience(): Audience {
    return this.#sender.audience
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
  snapshot({ sent }: Section, since?: Since, older: readonly ChatLine[] = []): Snapshot {
    const missed = since && this.room.since(since.e, since.s, sent, older)
    // They may come from where more had been sent: what they know already they skip by its number.
    if (missed && sizeOf(missed) <= SNAPSHOT_BYTES)
      return { recovered: true, s: Math.max(since.s, sent), lines: missed }
    const lines = this.room.newest(SHOWN_AT_JOIN, sent)
    while (sizeOf(lines) > SNAPSHOT_BYTES) lines.splice(0, Math.ceil(lines.length / 4))
    return { recovered: false, s: sent, lines }
  }

  /** What is no line of the room, to everybody of it on this node. */
  tell(frame: string): void {
    this.#sender.tell(frame)
  }

  /** Everybody is sent all there is, now. */
  flush(): void {
    this.#sender.flush()
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    if (this.#retry) clearTimeout(this.#retry)
    this.#sender[Symbol.dispose]()
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
    this.#sender.took()
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
        this.tell(JSON.stringify({ t: 'reset', room: room.id, e: room.epoch } satisfies ServerFrame))
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
    this.#sender.flushSoon()
  }

  async #load(): Promise<void> {
    await this.#options.prepare()
    const stored = await this.#options.store.load(this.room.id)
    this.room.reset(stored.epoch, stored.last, stored.lines)
    this.audience.hasAll(stored.last)
    this.settings = stored.settings
    this.pin = stored.pin
    this.#older = null
  }
}

/** About, in bytes as JSON. */
function sizeOf(lines: readonly ChatLine[]): number {
  return lines.reduce((sum, { b = '', n = '' }) => sum + 100 + Buffer.byteLength(b) + n.length, 0)
}
