const SEEN_WITHIN_MS = 10_000

/** Who watches: distinct subjects of tokens with a request in the last ten seconds, per broadcast. */
export class ViewerCount {
  readonly #now: () => number
  readonly #seen = new Map<string, Map<string, number>>()

  constructor(now: () => number) {
    this.#now = now
  }

  saw(broadcast: string, subject: string): void {
    let viewers = this.#seen.get(broadcast)
    if (!viewers) {
      viewers = new Map()
      this.#seen.set(broadcast, viewers)
    }
    viewers.set(subject, this.#now())
  }

  /** Also forgets who has left. */
  count(broadcast: string): number {
    const viewers = this.#seen.get(broadcast)
    if (!viewers) return 0
    const since = this.#now() - SEEN_WITHIN_MS
    for (const [subject, at] of viewers) if (at < since) viewers.delete(subject)
    return viewers.size
  }

  forget(broadcast: string): void {
    this.#seen.delete(broadcast)
  }
}
