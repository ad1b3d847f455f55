import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import type { NodeLease } from './node-lease.ts'
import { closeCodes } from './protocol.ts'
import { Script } from './redis-scripts.ts'

export interface AdmissionLimits {
  socketsPerAccount: number
  guestsPerAddress: number
  /** A whole school may be one address. */
  socketsPerAddress: number
  /** New connections that this node lets in, at most; fewer while its event loop lags. */
  upgradesPerSecond: number
}

export const defaultLimits: AdmissionLimits = {
  socketsPerAccount: 5,
  guestsPerAddress: 20,
  socketsPerAddress: 2000,
  upgradesPerSecond: 2500,
}

const SETTLE_MS = 25
const seat = new Script('seat')

type CloseCode = typeof closeCodes.tooManySockets | typeof closeCodes.overloaded

interface AdmissionOptions {
  redis: RedisClient
  lease: Pick<NodeLease, 'node' | 'alive' | 'isAlive'>
  limits: AdmissionLimits
  log: Pick<Logger, 'warn'>
}

/**
 * Who may open another connection. All nodes count together: `chat:seats:<whose>` says how many each has, and what a dead
 * node had is not counted. While Redis is away each node counts for itself.
 */
export class Admission implements AsyncDisposable {
  readonly #options: AdmissionOptions
  /** Of this node. */
  readonly #counts = new Map<string, number>()
  /** Whose number in Redis may not be that of here. */
  readonly #unsettled = new Set<string>()
  readonly #timer: NodeJS.Timeout

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#settle(), SETTLE_MS)
  }

  /**
   * Takes a seat, to be given back by `exit`; or says why there is none.
   *
   * @param isReturning had one a moment ago, perhaps on a node that died and whose seats still count: these may be so many
   *   again
   */
  async enter(uid: string, address: string, isReturning: boolean): Promise<CloseCode | null> {
    const seats = this.#seats(uid, address)
    for (const [key, limit, code] of seats) if (this.#count(key) >= limit) return code
    for (const [key] of seats) this.#counts.set(key, this.#count(key) + 1)
    const taken = await Promise.all(seats.map(([key, limit]) => this.#take(key, isReturning ? 2 * limit : limit)))
    const refused = taken.indexOf(false)
    if (refused < 0) return null
    this.exit(uid, address)
    return seats[refused]?.[2] ?? null
  }

  exit(uid: string, address: string): void {
    for (const [key] of this.#seats(uid, address)) {
      const left = this.#count(key) - 1
      if (left > 0) this.#counts.set(key, left)
      else this.#counts.delete(key)
      this.#unsettled.add(key)
    }
  }

  /** This node has another name: under the old one nothing counts any more. */
  sayAgain(): void {
    for (const key of this.#counts.keys()) this.#unsettled.add(key)
  }

  /** What this node has is said to be none. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    for (const key of this.#counts.keys()) this.#unsettled.add(key)
    this.#counts.clear()
    await this.#settle()
  }

  async #take(key: string, limit: number): Promise<boolean> {
    const { redis, lease } = this.#options
    if (!redis.isReady) return true
    try {
      const alive = [...lease.alive]
      for (;;) {
        const reply = await seat.run(redis, [keyOf(key)], [lease.node, this.#count(key), limit, ...alive])
        if (!Array.isArray(reply)) return reply === 1
        for (const node of reply.map(String)) {
          if (await lease.isAlive(node)) alive.push(node)
          else await redis.hDel(keyOf(key), node)
        }
      }
    } catch {
      this.#unsettled.add(key)
      return true
    }
  }

  /** Always the number as it stands, so it may be said twice. */
  async #settle(): Promise<void> {
    const { redis, lease, log } = this.#options
    if (!redis.isReady || this.#unsettled.size === 0) return
    const keys = [...this.#unsettled]
    this.#unsettled.clear()
    const { node } = lease
    try {
      await Promise.all(
        keys.map((key) => {
          const count = this.#count(key)
          return count > 0 ? redis.hSet(keyOf(key), node, count) : redis.hDel(keyOf(key), node)
        }),
      )
    } catch (error) {
      for (const key of keys) this.#unsettled.add(key)
      log.warn({ error }, 'the numbers of connections wait for Redis')
    }
  }

  #count(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  #seats(uid: string, address: string): [string, number, CloseCode][] {
    const { socketsPerAccount, guestsPerAddress, socketsPerAddress } = this.#options.limits
    const { tooManySockets, overloaded } = closeCodes
    return [
      uid.startsWith('u:')
        ? [uid, socketsPerAccount, tooManySockets]
        : [`g ${address}`, guestsPerAddress, tooManySockets],
      // Not their own doing: somebody there may leave.
      [`a ${address}`, socketsPerAddress, overloaded],
    ]
  }
}

function keyOf(key: string): string {
  return `chat:seats:${key}`
}
