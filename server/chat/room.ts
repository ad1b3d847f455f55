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
 * The newest lines of a room as one node has them.
 *
 *   Redis ──▶ take() ──▶ ring ──behind()──▶ clients        `last` was taken; each section of them was `sent` up to a line
 *
 * A client that joins is shown the ring up to what its section was sent, no further: what lies behind comes with the next
 * frame, to everybody there. Lines are numbered without gaps; a deleted one is kept as `gone`, so that the numbers still say so.
 */
export class Room {
  readonly id: string
  epoch = ''
  #lines: ChatLine[] = []
  #last = 0

  constructor(id: string) {
    this.id = id
  }

  /** Number of the newest line that was taken. */
  get last(): number {
    return this.#last
  }

  /** Number of the oldest line that is here. */
  get first(): number {
    return this.#lines[0]?.s ?? this.#last + 1
  }

  /** As Redis has it; also when Redis has lost what it had. */
  reset(epoch: string, last: number, lines: ChatLine[]): void {
    this.epoch = epoch
    this.#last = last
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

  /** What those have not been sent yet who have everything up to `sent`. */
  behind(sent: number): ChatLine[] {
    return this.#lines.filter((line) => line.s > sent)
  }

  /** The newest lines up to `sent`, oldest first; without who came and went before. */
  newest(count: number, sent: number): ChatLine[] {
    return this.#lines.filter((line) => line.s <= sent && line.k !== 'gone' && !isMove(line)).slice(-count)
  }

  /**
   * Everything behind `s` up to `sent`; null when that is further back than the ring.
   *
   * @param older lines from before the ring, which make it reach back as far as they do
   */
  since(epoch: string, s: number, sent: number, older: readonly ChatLine[] = []): ChatLine[] | null {
    if (epoch !== this.epoch || s > this.#last) return null
    const here = this.#lines.filter((line) => line.s > s && line.s <= sent)
    if (s + 1 >= this.first) return here
    const [oldest] = older
    if (!oldest || oldest.s > s + 1) return null
    // Read a moment ago: what was taken away since then is taken away here.
    return [...older.filter((line) => line.s > s && line.s < this.first && !this.#isTakenAway(line)), ...here]
  }

  #isTakenAway(line: ChatLine): boolean {
    return this.#lines.some((each) => takesAway(each, line))
  }

  #keep(line: ChatLine): void {
    this.#lines.push(line)
    if (this.#lines.length > RING) this.#lines.splice(0, this.#lines.length - RING)
    // Whoever comes later must not find what was taken away.
    if (line.k === 'del' || line.k === 'purge') this.#blank((each) => takesAway(line, each))
  }

  #blank(isMeant: (line: ChatLine) => boolean): void {
    this.#lines = this.#lines.map((line) => (isMeant(line) ? { s: line.s, ts: line.ts, k: 'gone' } : line))
  }
}

function isMove({ k, b }: ChatLine): boolean {
  return k === 'sys' && (b === 'join' || b === 'leave')
}

/** A message stands in the line that pinned it, too. */
function takesAway({ k, of, u, s }: ChatLine, line: ChatLine): boolean {
  if (k === 'del') return line.s === of || (line.k === 'pin' && line.of === of)
  return k === 'purge' && (line.k === 'msg' || line.k === 'pin') && line.u === u && line.s < s
}
