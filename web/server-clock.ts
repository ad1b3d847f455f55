/**
 * How far this device's clock is from the server's, from the `Date` headers of answers.
 *
 * A header says "between this second and the next" of some moment between asking and being answered, so each answer
 * bounds the offset from both sides, and many answers narrow it to tens of milliseconds. A device whose own clock
 * agrees with every bound is taken at its word: the offset is then exactly 0.
 */
export class ServerClock {
  #answers: { low: number; high: number; atMs: number }[] = []

  /** @param date the answer's `Date` header */
  observe(date: string | null, askedAtMs: number, answeredAtMs: number): void {
    const serverMs = date ? Date.parse(date) : Number.NaN
    if (Number.isNaN(serverMs) || answeredAtMs < askedAtMs) return
    this.#answers.push({ low: serverMs - answeredAtMs, high: serverMs + 1000 - askedAtMs, atMs: answeredAtMs })
    // Clocks drift and are set: what is older than five minutes says nothing any more.
    this.#answers = this.#answers.filter(({ atMs }) => answeredAtMs - atMs < 300_000).slice(-200)
  }

  /** Milliseconds to add to this device's clock. */
  get offsetMs(): number {
    let low = Number.NEGATIVE_INFINITY
    let high = Number.POSITIVE_INFINITY
    // Newest first: an answer that contradicts newer ones came before somebody set a clock.
    for (const answer of this.#answers.toReversed()) {
      const nextLow = Math.max(low, answer.low)
      const nextHigh = Math.min(high, answer.high)
      if (nextLow > nextHigh) break
      low = nextLow
      high = nextHigh
    }
    if (low === Number.NEGATIVE_INFINITY || (low <= 0 && high >= 0)) return 0
    return (low + high) / 2
  }

  now(): number {
    return Date.now() + this.offsetMs
  }
}

export const serverClock = new ServerClock()
