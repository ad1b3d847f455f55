/** `index` slides and has parts; `dvr` is the whole broadcast, segment by segment. */
export type PlaylistKind = 'index' | 'dvr'

/** `gone`: a part that will never be. */
export type Outcome = 'ready' | 'late' | 'gone'

/** A request that is held. `settle` is called once, from within a publication or a clock: it must not throw. */
export interface Waiter {
  kind: PlaylistKind | 'part'
  msn: number
  /** Null: the whole segment. */
  part: number | null
  /** On the server's clock, milliseconds. */
  until: number
  settle(outcome: Outcome): void
}

/** Requests that wait for what a rendition has not published yet. A list and not promises: there may be thousands. */
export class HeldRequests {
  #waiters: Waiter[] = []

  get size(): number {
    return this.#waiters.length
  }

  add(waiter: Waiter): void {
    this.#waiters.push(waiter)
  }

  /** For a request whose client has gone. */
  forget(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter)
    if (at >= 0) this.#waiters.splice(at, 1)
  }

  expire(now: number): void {
    if (this.#waiters.some(({ until }) => until <= now)) this.settle(({ until }) => (until <= now ? 'late' : null))
  }

  /** Answers those that have an outcome; the others wait on. */
  settle(outcomeOf: (waiter: Waiter) => Outcome | null): void {
    if (this.#waiters.length === 0) return
    const waiters = this.#waiters
    // An answer may make its client ask again at once: that is a new waiter, of the next round.
    this.#waiters = []
    for (const waiter of waiters) {
      const outcome = outcomeOf(waiter)
      if (outcome) waiter.settle(outcome)
      else this.#waiters.push(waiter)
    }
  }
}
