import { setTimeout as sleep } from 'node:timers/promises'
import { ObjectStoreError } from './object-store.ts'

export interface PatienceOptions {
  /** From the first failure of a piece of work to giving it up, milliseconds. */
  limitMs: number
  /** Before the second try; doubles each time, by half more or less, up to `longestMs`. */
  firstMs?: number
  longestMs?: number
  signal?: AbortSignal
  /** Something has to wait. */
  onWait?(error: ObjectStoreError, ms: number): void
}

/**
 * Tries again what fails for a while. Shared by everything that is sent at once: when the store asks for fewer requests
 * (503 SlowDown), all of them wait, not the one that was told.
 */
export class Patience {
  readonly #options: PatienceOptions
  #busyUntil = 0

  constructor(options: PatienceOptions) {
    this.#options = options
  }

  /**
   * @param also ends it beside the signal of all
   * @throws what `work` threw last, at once when it is no passing trouble
   */
  async of<T>(work: () => Promise<T>, also?: AbortSignal): Promise<T> {
    const { limitMs, firstMs = 250, longestMs = 10_000, onWait } = this.#options
    const signals = [this.#options.signal, also].filter((each) => each !== undefined)
    // Only when there is something to wait for: most work succeeds at once, and listeners cost more than asking.
    const wait = (ms: number) => sleep(ms, null, { signal: AbortSignal.any(signals) })
    let failedAt: number | null = null
    for (let delay = firstMs; ; delay = Math.min(delay * 2, longestMs)) {
      const busyMs = this.#busyUntil - Date.now()
      if (busyMs > 0) await wait(busyMs)
      for (const signal of signals) signal.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof ObjectStoreError) || error.code !== 'unavailable' || error.trouble === 'lasting') {
          throw error
        }
        failedAt ??= Date.now()
        const ms = delay * (0.5 + Math.random())
        if (signals.some(({ aborted }) => aborted) || Date.now() + ms - failedAt > limitMs) throw error
        if (error.trouble === 'busy') this.#busyUntil = Math.max(this.#busyUntil, Date.now() + ms)
        onWait?.(error, ms)
        await wait(ms)
      }
    }
  }
}
