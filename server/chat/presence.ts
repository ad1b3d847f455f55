import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { type LeaseTiming, leaseTiming, NodeLease } from './node-lease.ts'
import { Script } from './redis-scripts.ts'
import { COUNT_MS, RoomCounts } from './room-counts.ts'

/** Milliseconds. */
export interface PresenceTiming extends LeaseTiming {
  /** A page that is loaded again, or a hub that is: nobody notices. */
  lingerMs: number
  /** How often the books are compared with each other. */
  auditMs: number
}

export const presenceTiming: PresenceTiming = { ...leaseTiming, lingerMs: 8000, auditMs: 3600_000 }

/** Who comes or goes within it is said to Redis together. */
const GATHER_MS = 25
const SAID_AT_ONCE = 1000
const KEPT_SECONDS = 86_400

const join = new Script('join')
const leave = new Script('leave')

/** How many viewers a room has now, and who has come or gone. */
type Moved = [number, ...string[]]

interface RoomPresence {
  /** Those who came by themselves, and of whom Redis has not been told yet; not those who are only said again. */
  fresh: Set<string>
  /** Viewer → connections of theirs here; 0 while they linger. */
  held: Map<string, number>
  /** Viewers that may be gone: they leave when the time is over. */
  lingering: Map<string, number>
}

export interface PresenceOptions {
  redis: RedisClient
  log: Pick<Logger, 'warn'>
  timing?: Partial<PresenceTiming>
  /** A room's number of viewers has changed; at most once in 0.9 s each. */
  onCount(room: string, viewers: number): void
  /** Viewers who were on no node have come, or are on none any more; how many the room has now. */
  onMoved(kind: 'join' | 'leave', room: string, viewers: readonly string[], count: number): void
  /** This node has a name again. */
  onRegistered(): void
  /** By how many the books of this node's rooms are apart. */
  onAudit(drift: number): void
}

/**
 * Who is where, over all nodes, with two tabs of one viewer counted once.
 *
 *   enter(), exit() ──▶ held ──▶ unsaid ──▶ join.lua, leave.lua        `{r:ID}:pu` viewer → nodes that hold them
 *
 * What Redis is told is always how it stands now, one telling at a time: so it may fail, be said twice, or be overtaken by
 * who returns, and the books are right in the end.
 */
export class PresenceBook implements AsyncDisposable {
  readonly lease: NodeLease
  /** How many each room has. */
  readonly counts: RoomCounts
  readonly #options: PresenceOptions
  readonly #timing: PresenceTiming
  readonly #rooms = new Map<string, RoomPresence>()
  /** Room → viewers of whom Redis does not know how they stand. */
  readonly #unsaid = new Map<string, Set<string>>()
  readonly #timers: NodeJS.Timeout[] = []
  #saying: Promise<void> | null = null
  #sayTimer: NodeJS.Timeout | null = null
  #isEnded = false

  constructor(options: PresenceOptions) {
    const { redis, log } = options
    this.#options = options
    this.#timing = { ...presenceTiming, ...options.timing }
    this.counts = new RoomCounts({ redis, log, onCount: (room, viewers) => options.onCount(room, viewers) })
    this.lease = new NodeLease({
      ...{ redis, log, timing: this.#timing },
      registered: () => {
        for (const [room, { held }] of this.#rooms) for (const viewer of held.keys()) this.#say(room, viewer)
        options.onRegistered()
      },
      swept: (room) => this.counts.count(room, true),
    })
  }

  get node(): string {
    return this.lease.node
  }

  start(): void {
    const { redis, log } = this.#options
    const every = (ms: number, work: () => Promise<void> | void) =>
      this.#timers.push(
        setInterval(() => {
          if (!redis.isReady) return
          Promise.try(work).catch((error: unknown) => log.warn({ error }, 'presence waits for Redis'))
        }, ms),
      )
    every(COUNT_MS / 2, () => this.counts.countMarked())
    every(500, () => this.#endLingering())
    every(1000, () => this.#saySoon())
    every(this.#timing.auditMs, () => this.audit())
    this.lease.start()
  }

  /** A connection of theirs is in the room. */
  enter(room: string, viewer: string): void {
    const presence = this.#rooms.get(room) ?? { fresh: new Set(), held: new Map(), lingering: new Map() }
    this.#rooms.set(room, presence)
    const connections = presence.held.get(viewer)
    presence.held.set(viewer, (connections ?? 0) + 1)
    presence.lingering.delete(viewer)
    if (connections === undefined) {
      presence.fresh.add(viewer)
      this.#say(room, viewer)
    }
  }

  /** A connection of theirs is gone; they are, too, when none returns within 8 s. */
  exit(room: string, viewer: string): void {
    const presence = this.#rooms.get(room)
    const connections = presence?.held.get(viewer)
    if (!presence || !connections) return
    presence.held.set(viewer, connections - 1)
    if (connections === 1) presence.lingering.set(viewer, performance.now() + this.#timing.lingerMs)
  }

  /** As it was last counted. */
  count(room: string): number {
    return this.counts.get(room) ?? this.#rooms.get(room)?.held.size ?? 0
  }

  /** Whether a room counts those whom living nodes hold, and nobody else; read in one step, so nothing moves meanwhile. */
  async audit(): Promise<void> {
    const { redis, log, onAudit } = this.#options
    let drift = 0
    for (const room of this.#rooms.keys()) {
      const [viewers, sets] = [
        `{r:${room}}:pu`,
        this.lease.alive.map((node) => `{r:${room}}:pn:${node}`) as [string, ...string[]],
      ]
      const [, , counted, held] = (await redis
        .multi()
        .expire(viewers, KEPT_SECONDS)
        .expire(`{r:${room}}:pn:${this.node}`, KEPT_SECONDS)
        .hLen(viewers)
        .sUnion(sets)
        .exec()) as unknown as [number, number, number, string[]]
      drift += Math.abs(counted - held.length)
    }
    if (drift > 0) log.warn({ drift }, 'the viewers that are counted are not those that are there')
    onAudit(drift)
  }

  /** @param comeBackMs so long those who are here take to come back elsewhere; they count all the while */
  async leaveBehind(comeBackMs: number): Promise<void> {
    this.#end()
    await this.#saying
    await this.#sayAll()
    await this.lease.leaveBehind(comeBackMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
    await this.lease[Symbol.asyncDispose]()
    await this.#saying
  }

  #end(): void {
    this.#isEnded = true
    for (const timer of this.#timers) clearInterval(timer)
    if (this.#sayTimer) clearTimeout(this.#sayTimer)
  }

  #say(room: string, viewer: string): void {
    const unsaid = this.#unsaid.get(room) ?? new Set()
    this.#unsaid.set(room, unsaid.add(viewer))
    this.#saySoon()
  }

  #saySoon(): void {
    if (this.#isEnded || this.#sayTimer || this.#saying || this.#unsaid.size === 0) return
    this.#sayTimer = setTimeout(() => {
      this.#sayTimer = null
      this.#saying = this.#sayAll().finally(() => {
        this.#saying = null
      })
    }, GATHER_MS)
  }

  /** What fails is left for the next time. */
  async #sayAll(): Promise<void> {
    while (this.lease.isHeld) {
      const [entry] = this.#unsaid
      if (!entry) return
      const [room, all] = entry
      const viewers = [...all].slice(0, SAID_AT_ONCE)
      for (const viewer of viewers) all.delete(viewer)
      if (all.size === 0) this.#unsaid.delete(room)
      try {
        if (await this.#sayOne(room, viewers)) continue
        this.lease.lost()
      } catch (error) {
        this.#options.log.warn({ error }, 'presence waits for Redis')
      }
      const unsaid = this.#unsaid.get(room) ?? new Set()
      this.#unsaid.set(room, unsaid)
      for (const viewer of viewers) unsaid.add(viewer)
      return
    }
  }

  /** False when this node was swept: nothing was written, or it will be swept as well. */
  async #sayOne(room: string, viewers: string[]): Promise<boolean> {
    const { redis } = this.#options
    const { node } = this.lease
    const keys = [`{r:${room}}:pn:${node}`, `{r:${room}}:pu`]
    const presence = this.#rooms.get(room)
    const held = presence?.held
    const [here, gone] = [viewers.filter((viewer) => held?.has(viewer)), viewers.filter((viewer) => !held?.has(viewer))]
    if (here.length > 0) {
      // Written before the viewers are: whoever sweeps must know where to look.
      await redis.sAdd(`nr:${node}`, room)
      const [viewersNow, ...came] = (await join.run(redis, [`n:${node}`, ...keys, `{r:${room}}:ps`], here)) as Moved
      if (viewersNow === -1) return false
      this.#moved(
        'join',
        room,
        came.filter((viewer) => presence?.fresh.has(viewer)),
        viewersNow,
      )
      for (const viewer of here) presence?.fresh.delete(viewer)
    }
    if (gone.length > 0) {
      const [viewersNow, ...left] = (await leave.run(redis, keys, gone)) as Moved
      this.#moved('leave', room, left, viewersNow)
    }
    this.counts.mark(room)
    return true
  }

  /** A node that ends says nothing: those that it had are somewhere else in a moment. */
  #moved(kind: 'join' | 'leave', room: string, viewers: string[], viewersNow: number): void {
    if (viewers.length > 0 && !this.#isEnded) this.#options.onMoved(kind, room, viewers, viewersNow)
  }

  #endLingering(): void {
    const now = performance.now()
    for (const [room, { held, lingering }] of this.#rooms) {
      for (const [viewer, until] of lingering) {
        if (until > now) continue
        lingering.delete(viewer)
        held.delete(viewer)
        this.#say(room, viewer)
      }
      if (held.size === 0 && !this.#unsaid.has(room)) this.#rooms.delete(room)
    }
  }
}
