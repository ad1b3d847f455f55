const TICK_MS = 20
/** A tick that comes later than this says that the event loop has more than it can do. */
const LATE_MS = 30
const SLOWER = 0.7
const FASTER = 1.1
const LEAST_SHARE = 0.05
/** Whoever would wait longer is turned away: another hub may have time. */
const LONGEST_WAIT_MS = 10_000

/**
 * Lets those in who come, one after another, as fast as the event loop bears.
 *
 *   come() ──▶ waiting ──(20 ms)──▶ admit()        late tick: fewer · tick in time: more, up to `mostPerSecond`
 *
 * When a hub was killed, all that it had come to the others within a second. To be turned away would cost each of them a wait
 * that doubles; here they wait no longer than those before them take, and those who are here already are served meanwhile.
 */
export class Entrance<T> implements Disposable {
  readonly #mostPerSecond: number
  readonly #admit: (who: T) => void
  /** In the order that they came in. */
  readonly #waiting = new Set<T>()
  #perSecond: number
  #allowed = 0
  #tickedAtMs = 0
  #timer: NodeJS.Timeout | null = null

  constructor(mostPerSecond: number, admit: (who: T) => void) {
    this.#mostPerSecond = mostPerSecond
    this.#perSecond = mostPerSecond
    this.#admit = admit
  }

  /** Who waits. */
  get size(): number {
    return this.#waiting.size
  }

  get isFull(): boolean {
    return this.waitSeconds * 1000 >= LONGEST_WAIT_MS
  }

  /** For who would come now. */
  get waitSeconds(): number {
    return this.#waiting.size / this.#perSecond
  }

  /** At once, when nobody waits. */
  come(who: T): void {
    this.#waiting.add(who)
    if (!this.#timer) {
      this.#tickedAtMs = performance.now()
      this.#allowed = this.#atOnce
      this.#timer = setInterval(() => this.#tick(), TICK_MS)
    }
    this.#letIn()
  }

  /** Without having been let in. */
  gone(who: T): void {
    this.#waiting.delete(who)
  }

  [Symbol.dispose](): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#waiting.clear()
  }

  get #atOnce(): number {
    return Math.max(1, (this.#perSecond * TICK_MS) / 1000)
  }

  #tick(): void {
    const now = performance.now()
    const passedMs = now - this.#tickedAtMs
    this.#tickedAtMs = now
    const changed = this.#perSecond * (passedMs - TICK_MS > LATE_MS ? SLOWER : FASTER)
    this.#perSecond = Math.min(this.#mostPerSecond, Math.max(this.#mostPerSecond * LEAST_SHARE, changed))
    // What a late tick has missed is not made up for: that is what made it late.
    this.#allowed = Math.min(this.#allowed + (this.#perSecond * TICK_MS) / 1000, this.#atOnce)
    this.#letIn()
    if (this.#waiting.size > 0 || this.#allowed < this.#atOnce || !this.#timer) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #letIn(): void {
    for (const who of this.#waiting) {
      if (this.#allowed < 1) return
      this.#allowed -= 1
      this.#waiting.delete(who)
      this.#admit(who)
    }
  }
}
