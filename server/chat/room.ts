import type { ChatLine } from './protocol.ts'

const RING = 500

/** What became of a line that came over Redis. */
export type Taken =
  | 'new'
  | 'old'
  /** The room was begun anew: what was there before is void. */
  | 'other-epoch'
  /** Lines are missing before it: from (included) to (excluded). */
  | { gap: [number, number] }

/**
 * The newest lines of a room as one node has them, and which of them its clients have been sent.
 *
 *   Redis ──▶ take() ──▶ ring ──flush()──▶ clients        `last` was taken, `flushed` was sent
 *
 * A client that joins is shown the ring up to `flushed`, no further: what lies between comes with the next flush, to
 * everybody. Lines are numbered without gaps; a deleted one is kept as `gone`, so that the numbers still say so.
 */
export class Room {
  readonly id: string
  epoch = ''
  #lines: ChatLine[] = []
  #last = 0
  #flushed = 0

  constructor(id: string) {
    this.id = id
  }

  /** Number of the newest line that was taken. */
  get last(): number {
    return this.#last
  }

  /** Number of the newest line that clients have been sent. */
  get flushed(): number {
    return this.#flushed
  }

  /** As Redis has it; also when Redis has lost what it had. All of it counts as sent. */
  reset(epoch: string, last: number, lines: ChatLine[]): void {
    this.epoch = epoch
    this.#last = last
    this.#flushed = last
    this.#lines = []
    for (const line of lines) this.#keep(line)
  }

  take(epoch: string, line: ChatLine): Taken {
    if (epoch !== this.epoch) return 'other-epoch'
    if (line.s <= this.#last) return 'old'
    if (line.s > this.#last + 1) return { gap: [this.#last + 1, line.s] }
    this.#last = line.s
    this.#keep(line)
    return 'new'
  }

  /** Of lines that nobody could find any more; their numbers are used up all the same. */
  takeGone(from: number, to: number): void {
    for (let s = Math.max(from, this.#last + 1); s < to; s++) this.take(this.epoch, { s, ts: 0, k: 'gone' })
  }

  /** What clients have not been sent yet; from now on they have. */
  flush(): ChatLine[] {
    const lines = this.#lines.filter(({ s }) => s > this.#flushed)
    this.#flushed = this.#last
    return lines
  }

  /** The newest lines that clients have been sent, oldest first. */
  newest(count: number): ChatLine[] {
    return this.#lines.filter(({ s, k }) => s <= this.#flushed && k !== 'gone').slice(-count)
  }

  /** Everything behind `s` that clients have been sent; null when that is further back than the ring. */
  since(epoch: string, s: number): ChatLine[] | null {
    if (epoch !== this.epoch || s > this.#flushed) return null
    const first = this.#lines[0]?.s ?? this.#last + 1
    if (s < first - 1) return null
    return this.#lines.filter((line) => line.s > s && line.s <= this.#flushed)
  }

  #keep(line: ChatLine): void {
    this.#lines.push(line)
    if (this.#lines.length > RING) this.#lines.splice(0, this.#lines.length - RING)
    // Whoever comes later must not find what was taken away.
    if (line.k === 'del') this.#blank((each) => each.s === line.of)
    if (line.k === 'purge') this.#blank((each) => each.k === 'msg' && each.u === line.u && each.s < line.s)
  }

  #blank(isMeant: (line: ChatLine) => boolean): void {
    this.#lines = this.#lines.map((line) => (isMeant(line) ? { s: line.s, ts: line.ts, k: 'gone' } : line))
  }
}
