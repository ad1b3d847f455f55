/** Stretches of a video in seconds. */
export type Range = [from: number, to: number]

/** Between two looks at a video of another site, which says nothing of jumps: more than that was one. */
const MOST_STEP = 2.5
/** Our own player says when it jumps; what is left is a browser that had other things to do. */
const MOST_OWN_STEP = 15
/** As many as the API takes at once. */
const MOST = 100

/** What of a video was played and is not saved yet. Pure: it is told where the video is and when somebody jumps. */
export class WatchedRanges {
  #ranges: Range[] = []
  #open: Range | null = null
  #sent: Range[] = []

  /**
   * The video plays, and is here.
   *
   * @param saysJumps `jump` is called for each of them
   */
  at(position: number, saysJumps = false): void {
    if (!Number.isFinite(position) || position < 0) return
    const open = this.#open
    if (open && position >= open[1] && position - open[1] <= (saysJumps ? MOST_OWN_STEP : MOST_STEP)) open[1] = position
    else {
      this.jump()
      this.#open = [position, position]
    }
  }

  /** What comes next does not follow from what was. */
  jump(): void {
    if (this.#open && this.#open[1] > this.#open[0]) this.#ranges.push(this.#open)
    this.#open = null
  }

  /** All that is not saved yet; sent again until `saved` is called. */
  take(): Range[] {
    const here = this.#open?.[1]
    this.jump()
    // The next stretch begins where this one was cut.
    if (here !== undefined) this.#open = [here, here]
    this.#sent = [...this.#sent, ...this.#ranges].slice(-MOST)
    this.#ranges = []
    return this.#sent.map(([from, to]) => [round(from), round(to)])
  }

  /** The server has them. */
  saved(): void {
    this.#sent = []
  }

  get isEmpty(): boolean {
    const open = this.#open
    return this.#sent.length === 0 && this.#ranges.length === 0 && (!open || open[1] <= open[0])
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
