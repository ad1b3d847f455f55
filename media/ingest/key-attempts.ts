/** What an address may get wrong before it has to wait. */
const FREE_ATTEMPTS = 5
const FORGOTTEN_AFTER_MS = 60_000
const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 8000
/** Beyond this the addresses that failed longest ago are forgotten. */
const MAX_ADDRESSES = 10_000

/**
 * Slows down an address that keeps trying wrong keys: after five within a minute each attempt waits 1, 2, 4, then 8 s
 * before it is checked, one at a time. Others wait for nobody, and a right key still gets in. Keeps no clock.
 */
export class KeyAttempts {
  readonly #failures = new Map<string, { count: number; lastAtMs: number }>()
  readonly #waiting = new Set<string>()

  /** How long the next attempt of this address waits. */
  delayMs(address: string, nowMs: number): number {
    const failures = this.#failures.get(address)
    if (!failures || nowMs - failures.lastAtMs > FORGOTTEN_AFTER_MS || failures.count < FREE_ATTEMPTS) return 0
    return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures.count - FREE_ATTEMPTS))
  }

  /** The place of the one attempt that may wait; null when it is taken. */
  enter(address: string): Disposable | null {
    if (this.#waiting.has(address)) return null
    this.#waiting.add(address)
    return { [Symbol.dispose]: () => this.#waiting.delete(address) }
  }

  failed(address: string, nowMs: number): void {
    const before = this.#failures.get(address)
    const isForgotten = !before || nowMs - before.lastAtMs > FORGOTTEN_AFTER_MS
    // Set anew, so that the map's order is that of the last failure.
    this.#failures.delete(address)
    this.#failures.set(address, { count: isForgotten ? 1 : before.count + 1, lastAtMs: nowMs })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_ADDRESSES && oldest !== undefined) this.#failures.delete(oldest)
  }
}
