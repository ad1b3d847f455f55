import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { Script } from './redis-scripts.ts'

/** A count changes on the screen at most so often; that of a large room, where nobody can tell, less. */
export const COUNT_MS = 900
const LARGE_COUNT_MS = 4900
const LARGE_ROOM = 1000
export const countsChannel = 'chat:counts'

const count = new Script('count')

interface RoomCountsOptions {
  redis: RedisClient
  log: Pick<Logger, 'warn'>
  /** A room's number of viewers has changed; at most once in 0.9 s each. */
  onCount(room: string, viewers: number): void
}

/**
 * How many viewers each room has, over all nodes. Whoever moved somebody marks the room; of all nodes one counts it, and tells
 * the others on `chat:counts`.
 */
export class RoomCounts {
  readonly #options: RoomCountsOptions
  /** Of the rooms that this node looks at. */
  readonly #counts = new Map<string, number>()
  readonly #dirty = new Set<string>()

  constructor(options: RoomCountsOptions) {
    this.#options = options
  }

  /** As it was last counted; undefined of a room that nobody here looks at. */
  get(room: string): number | undefined {
    return this.#counts.get(room)
  }

  /** For a room that is new here: others may have counted it long ago, and have no reason to say so again. */
  async learn(room: string): Promise<void> {
    const viewers = await this.#options.redis.hLen(`{r:${room}}:pu`)
    if (!this.#counts.has(room)) this.#counts.set(room, viewers)
  }

  /** Nobody here looks at that room any more. */
  forget(room: string): void {
    this.#counts.delete(room)
  }

  /** What another node, or this one, has counted. */
  hear(message: string): void {
    const [room = '', viewers] = message.split(' ')
    if (!this.#counts.has(room) || this.#counts.get(room) === Number(viewers)) return
    this.#counts.set(room, Number(viewers))
    this.#options.onCount(room, Number(viewers))
  }

  /** Somebody has come or gone there. */
  mark(room: string): void {
    this.#dirty.add(room)
  }

  async countMarked(): Promise<void> {
    for (const room of [...this.#dirty]) {
      this.#dirty.delete(room)
      await this.count(room)
    }
  }

  /** @param isUrgent whenever it was last counted */
  async count(room: string, isUrgent = false): Promise<void> {
    const keys = ['pu', 'pt', 'pc'].map((name) => `{r:${room}}:${name}`)
    const pauses = [COUNT_MS, LARGE_COUNT_MS, LARGE_ROOM]
    try {
      const counted = await count.run(this.#options.redis, keys, [countsChannel, room, ...pauses, isUrgent ? '1' : '0'])
      if (Number(counted) >= 0) return
    } catch (error) {
      this.#options.log.warn({ error }, 'presence waits for Redis')
    }
    this.#dirty.add(room)
  }
}
