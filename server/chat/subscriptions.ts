import type { RedisClient } from '../redis.ts'

type Listener = (message: string) => void

/**
 * What one node hears of the others, on a connection of its own. Subscriptions come back with the connection; what was
 * said meanwhile does not, so whoever listens looks again then.
 */
export class Subscriptions implements Disposable {
  readonly #client: RedisClient
  readonly #standing = new Map<string, Listener>()
  readonly #established = new Set<string>()
  /** Of a channel: what is asked of it comes one after the other, or a late goodbye would end a new beginning. */
  readonly #busy = new Map<string, Promise<unknown>>()

  /** @param onReady told each time that the connection is there, behind its subscriptions */
  constructor(redis: RedisClient, onReady: () => void) {
    this.#client = redis.duplicate()
    // Without a listener an `error` event ends the process; the client reconnects by itself.
    this.#client.on('error', () => {})
    this.#client.on('ready', () => {
      void this.#establish().then(onReady, () => {})
    })
  }

  get isReady(): boolean {
    return this.#client.isReady
  }

  /** Redis need not be there. */
  start(standing: Record<string, Listener>): void {
    for (const [channel, listener] of Object.entries(standing)) this.#standing.set(channel, listener)
    this.#client.connect().catch(() => {})
  }

  /** @throws {Error} Redis is away; nothing is left of it */
  add(channel: string, listener: Listener): Promise<void> {
    return this.#after(channel, async () => {
      try {
        await this.#client.subscribe(channel, listener)
      } catch (error) {
        await this.#client.unsubscribe(channel, listener).catch(() => {})
        throw error
      }
    })
  }

  remove(channel: string, listener: Listener): Promise<void> {
    return this.#after(channel, () => this.#client.unsubscribe(channel, listener).catch(() => {}))
  }

  /** Answered behind everything that Redis said before. */
  async settled(): Promise<void> {
    await this.#client.ping()
  }

  [Symbol.dispose](): void {
    this.#client.destroy()
  }

  /** Once each; later connections bring them along. */
  async #establish(): Promise<void> {
    for (const [channel, listener] of this.#standing) {
      if (this.#established.has(channel)) continue
      await this.#client.subscribe(channel, listener)
      this.#established.add(channel)
    }
  }

  #after(channel: string, work: () => Promise<void>): Promise<void> {
    const before = this.#busy.get(channel) ?? Promise.resolve()
    const done = before.then(work)
    const quiet = done.catch(() => {})
    this.#busy.set(channel, quiet)
    void quiet.then(() => {
      if (this.#busy.get(channel) === quiet) this.#busy.delete(channel)
    })
    return done
  }
}
