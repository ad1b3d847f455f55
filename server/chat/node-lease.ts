import { randomUUID } from 'node:crypto'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { Script } from './redis-scripts.ts'

/** Milliseconds. */
export interface LeaseTiming {
  /** So long a node that says nothing counts as alive. */
  leaseMs: number
  beatMs: number
  /** How often every node looks for dead ones. */
  sweepMs: number
}

export const leaseTiming: LeaseTiming = { leaseMs: 10_000, beatMs: 3000, sweepMs: 700 }

const SWEPT_AT_ONCE = 2000
const sweep = new Script('sweep')

export interface LeaseOptions {
  redis: RedisClient
  log: Pick<Logger, 'warn'>
  timing: LeaseTiming
  /** Told after each registration, under a name that is new: all that this node has is to be said again. */
  registered(): void
  /** A dead node's viewers are out of that room. */
  swept(room: string): Promise<void>
}

/**
 * That this node lives, and that others do not any more.
 *
 *   `n:<node>` lease ◀── every 3 s ── this node        `nodes` all of them     `nr:<node>` the rooms each is in
 *
 * A node that finds its lease gone was swept, or Redis was emptied. It takes a new name and says all it has again: what
 * was written under the old one has been swept, or will be. A name is never taken twice, so no sweep meets a living node.
 */
export class NodeLease implements AsyncDisposable {
  #node = randomUUID()
  #isHeld = false
  #isNamed = false
  #alive: readonly string[] = []
  #sweepsFromMs = 0
  #beating: Promise<void> | null = null
  readonly #options: LeaseOptions
  readonly #timers: NodeJS.Timeout[] = []

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  get node(): string {
    return this.#node
  }

  /** False until the first beat, and while a new name is being taken. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /** All nodes, this one included, as they were a moment ago. */
  get alive(): readonly string[] {
    return this.#alive.includes(this.#node) ? this.#alive : [...this.#alive, this.#node]
  }

  async isAlive(node: string): Promise<boolean> {
    return (await this.#options.redis.exists(`n:${node}`)) === 1
  }

  start(): void {
    const { redis, log, timing } = this.#options
    const every = (ms: number, work: () => Promise<void>) => {
      const run = () => {
        if (redis.isReady) void work().catch((error) => log.warn({ error }, 'presence waits for Redis'))
      }
      // Nodes that were started together need not ask together.
      this.#timers.push(setInterval(run, ms * (0.9 + Math.random() * 0.2)))
    }
    every(timing.beatMs, () => this.beat())
    every(timing.sweepMs, () => this.#sweepDead())
    redis.on('ready', this.#isBack)
    if (redis.isReady) this.#isBack()
  }

  /** Once for all who ask at the same time. */
  beat(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = null
    })
    return this.#beating
  }

  /** Redis says that the lease is gone. */
  lost(): void {
    this.#isHeld = false
    void this.beat().catch((error) => this.#options.log.warn({ error }, 'presence waits for Redis'))
  }

  /**
   * This node ends, and those that it had come back to others within `afterMs`: until then they count, since nobody left.
   * Whoever has not come back is swept then.
   */
  async leaveBehind(afterMs: number): Promise<void> {
    this.#end()
    if (!this.#isHeld) return
    await this.#options.redis.set(`n:${this.#node}`, '1', { PX: afterMs, XX: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
    await this.#beating?.catch(() => {})
  }

  #end(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.#options.redis.off('ready', this.#isBack)
  }

  readonly #isBack = () => {
    // Leases ran out while nobody could beat: everybody gets the time to, before anybody sweeps.
    this.#sweepsFromMs = performance.now() + this.#options.timing.beatMs
    void this.beat().catch((error) => this.#options.log.warn({ error }, 'presence waits for Redis'))
  }

  async #beat(): Promise<void> {
    const { redis, timing } = this.#options
    const { leaseMs } = timing
    if (this.#isHeld) {
      const isStillHeld = (await redis.set(`n:${this.#node}`, '1', { PX: leaseMs, XX: true })) !== null
      if (isStillHeld) return void (await redis.zAdd('nodes', { score: Date.now(), value: this.#node }))
    }
    this.#isHeld = false
    if (this.#isNamed) this.#node = randomUUID()
    this.#isNamed = true
    await redis
      .multi()
      .set(`n:${this.#node}`, '1', { PX: leaseMs })
      .zAdd('nodes', { score: Date.now(), value: this.#node })
      .exec()
    this.#isHeld = true
    this.#options.registered()
  }

  /** Leases alone say who is dead: no clock of another machine is asked. */
  async #sweepDead(): Promise<void> {
    const { redis } = this.#options
    const nodes = await redis.zRange('nodes', 0, -1)
    const leases = await Promise.all(nodes.map((node) => redis.exists(`n:${node}`)))
    this.#alive = nodes.filter((_, index) => leases[index] === 1)
    if (performance.now() < this.#sweepsFromMs) return
    for (const node of nodes.filter((_, index) => leases[index] === 0)) await this.#sweep(node)
  }

  async #sweep(node: string): Promise<void> {
    const { redis, swept } = this.#options
    for (const room of await redis.sMembers(`nr:${node}`)) {
      const keys = [`n:${node}`, `{r:${room}}:pn:${node}`, `{r:${room}}:pu`, `{r:${room}}:ps`]
      let left = 1
      while (left > 0) left = Number(await sweep.run(redis, keys, [SWEPT_AT_ONCE]))
      if (left < 0) return
      await redis.sRem(`nr:${node}`, room)
      await swept(room)
    }
    await redis.zRem('nodes', node)
  }
}
