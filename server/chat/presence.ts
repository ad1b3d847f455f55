import { randomUUID } from 'node:crypto'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { Script } from './redis-scripts.ts'

const LEASE_MS = 10_000
const BEAT_MS = 3000
const SWEEP_MS = 2000
/** A page that is loaded again, or a hub that is: nobody notices. */
const LINGER_MS = 8000
/** A count changes on the screen at most so often. */
const COUNT_MS = 900

const join = new Script('join')
const leave = new Script('leave')
const sweep = new Script('sweep')

interface Presence {
  /** Viewer → connections of theirs here. */
  held: Map<string, number>
  /** Viewers that may be gone: they leave when the time is over. */
  lingering: Map<string, number>
}

/**
 * Who is where, over all nodes, with two tabs of one viewer counted once.
 *
 * A node has a lease in Redis, and beside it the set of viewers that it holds in each room. A node that dies leaves both:
 * any other sweeps what a lease no longer covers, so ghosts are gone 12 s after a kill. A node that finds itself swept
 * (it slept too long) takes a new name and says all of its viewers again.
 */
export class PresenceBook implements AsyncDisposable {
  #node = randomUUID()
  readonly #redis: RedisClient
  readonly #log: Pick<Logger, 'warn'>
  readonly #onCount: (room: string, viewers: number) => void
  readonly #rooms = new Map<string, Presence>()
  readonly #dirty = new Set<string>()
  readonly #counts = new Map<string, number>()
  readonly #timers: NodeJS.Timeout[] = []
  #isRegistered = false
  #registering: Promise<void> | null = null

  /** @param onCount told when a room's number of viewers has changed; at most once in 0.9 s each */
  constructor(redis: RedisClient, log: Pick<Logger, 'warn'>, onCount: (room: string, viewers: number) => void) {
    this.#redis = redis
    this.#log = log
    this.#onCount = onCount
  }

  get node(): string {
    return this.#node
  }

  start(): void {
    const every = (ms: number, work: () => Promise<void>) => {
      const run = () => void work().catch((error) => this.#log.warn({ error }, 'presence waits for Redis'))
      this.#timers.push(setInterval(run, ms * (0.9 + Math.random() * 0.2)))
      run()
    }
    every(BEAT_MS, () => this.#beat())
    every(SWEEP_MS, () => this.#sweepDead())
    every(COUNT_MS, () => this.#countDirty())
    every(1000, () => this.#endLingering())
  }

  /** A connection of theirs is in the room. */
  enter(room: string, viewer: string): void {
    const presence = this.#presence(room)
    const connections = presence.held.get(viewer) ?? 0
    presence.held.set(viewer, connections + 1)
    presence.lingering.delete(viewer)
    if (connections === 0) void this.#tell(room, [viewer])
  }

  /** A connection of theirs is gone; they are, too, when none returns within 8 s. */
  exit(room: string, viewer: string): void {
    const presence = this.#presence(room)
    const connections = presence.held.get(viewer) ?? 0
    if (connections > 1) presence.held.set(viewer, connections - 1)
    else presence.lingering.set(viewer, performance.now() + LINGER_MS)
  }

  /** As it was last counted. */
  count(room: string): number {
    return this.#counts.get(room) ?? this.#rooms.get(room)?.held.size ?? 0
  }

  /** Says goodbye for everybody at once, without waiting for who returns. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    try {
      for (const [room, { held }] of this.#rooms) await this.#leave(room, [...held.keys()])
      await this.#redis.multi().del(`n:${this.#node}`).del(`nr:${this.#node}`).zRem('nodes', this.#node).exec()
    } catch {
      // Somebody will sweep up.
    }
  }

  #presence(room: string): Presence {
    const known = this.#rooms.get(room)
    if (known) return known
    const presence = { held: new Map<string, number>(), lingering: new Map<string, number>() }
    this.#rooms.set(room, presence)
    return presence
  }

  async #beat(): Promise<void> {
    const lease = `n:${this.#node}`
    const isHeld = this.#isRegistered && (await this.#redis.set(lease, '1', { PX: LEASE_MS, XX: true })) !== null
    if (!isHeld) return this.#register()
    await this.#redis.zAdd('nodes', { score: Date.now(), value: this.#node })
  }

  /** Once for all who find out at the same time. */
  #register(): Promise<void> {
    this.#registering ??= this.#registerAnew().finally(() => {
      this.#registering = null
    })
    return this.#registering
  }

  /** Under a new name: what was written under the old one has been swept, or will be. */
  async #registerAnew(): Promise<void> {
    if (this.#isRegistered) this.#node = randomUUID()
    const rooms = [...this.#rooms.keys()]
    const registration = this.#redis
      .multi()
      .set(`n:${this.#node}`, '1', { PX: LEASE_MS })
      .zAdd('nodes', { score: Date.now(), value: this.#node })
    if (rooms.length > 0) registration.sAdd(`nr:${this.#node}`, rooms)
    await registration.exec()
    this.#isRegistered = true
    for (const [room, { held }] of this.#rooms) {
      const viewers = [...held.keys()]
      for (let i = 0; i < viewers.length; i += 1000) await this.#join(room, viewers.slice(i, i + 1000))
    }
  }

  async #tell(room: string, viewers: string[]): Promise<void> {
    if (!this.#isRegistered) return
    try {
      // Swept, or Redis has lost its data.
      if (!(await this.#join(room, viewers))) await this.#register()
    } catch (error) {
      this.#log.warn({ error }, 'presence waits for Redis')
    }
  }

  async #join(room: string, viewers: string[]): Promise<boolean> {
    // Written before the viewers are: whoever sweeps must know where to look.
    await this.#redis.sAdd(`nr:${this.#node}`, room)
    const count = await join.run(this.#redis, [`n:${this.#node}`, ...this.#keys(room)], viewers)
    this.#dirty.add(room)
    return count !== -1
  }

  async #leave(room: string, viewers: string[]): Promise<void> {
    for (let i = 0; i < viewers.length; i += 1000) {
      await leave.run(this.#redis, this.#keys(room), viewers.slice(i, i + 1000))
    }
    this.#dirty.add(room)
  }

  async #endLingering(): Promise<void> {
    const now = performance.now()
    for (const [room, { held, lingering }] of this.#rooms) {
      const gone = [...lingering].flatMap(([viewer, until]) => (until <= now ? [viewer] : []))
      for (const viewer of gone) {
        lingering.delete(viewer)
        held.delete(viewer)
      }
      if (gone.length > 0) await this.#leave(room, gone)
      if (held.size === 0 && lingering.size === 0 && !this.#dirty.has(room)) this.#rooms.delete(room)
    }
  }

  async #countDirty(): Promise<void> {
    for (const room of [...this.#dirty]) {
      this.#dirty.delete(room)
      // Of all nodes one counts, and tells the others.
      if ((await this.#redis.set(`{r:${room}}:pt`, '1', { PX: COUNT_MS, NX: true })) === null) {
        this.#dirty.add(room)
        continue
      }
      const viewers = await this.#redis.hLen(`{r:${room}}:pu`)
      await this.#redis.publish('chat:counts', `${room} ${viewers}`)
    }
  }

  /** What another node, or this one, has counted. */
  hearCount(message: string): void {
    const [room = '', viewers] = message.split(' ')
    if (!this.#rooms.has(room) || this.#counts.get(room) === Number(viewers)) return
    this.#counts.set(room, Number(viewers))
    this.#dirty.delete(room)
    this.#onCount(room, Number(viewers))
  }

  async #sweepDead(): Promise<void> {
    const dead = await this.#redis.zRangeByScore('nodes', 0, Date.now() - LEASE_MS)
    for (const node of dead) {
      for (const room of await this.#redis.sMembers(`nr:${node}`)) {
        let left = 1
        while (left > 0) {
          const keys = [`n:${node}`, `{r:${room}}:pn:${node}`, `{r:${room}}:pu`]
          left = Number(await sweep.run(this.#redis, keys, [2000]))
        }
        if (left < 0) break
        await this.#redis.sRem(`nr:${node}`, room)
        if (this.#rooms.has(room)) this.#dirty.add(room)
        else await this.#redis.publish('chat:counts', `${room} ${await this.#redis.hLen(`{r:${room}}:pu`)}`)
      }
      if ((await this.#redis.exists(`n:${node}`)) === 0) await this.#redis.zRem('nodes', node)
    }
  }

  #keys(room: string): [string, string] {
    return [`{r:${room}}:pn:${this.#node}`, `{r:${room}}:pu`]
  }
}
