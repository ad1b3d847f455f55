/** So much of a recording is one file of its chat. */
const PIECE_SECONDS = 600

interface Stretch {
  /** Of its first frame, by the clock of the show: milliseconds since 1970. */
  startMs: number
  /** Where it begins in the recording. */
  atSeconds: number
  durationSeconds: number
}

/**
 * Where in a recording a moment of its show is. Made from a media playlist of the recording, so it is what players count:
 * holes, where the publisher was away or segments were lost, take no time.
 */
export class ChatTimeline {
  readonly #stretches: readonly Stretch[]
  /** Milliseconds since 1970, of the first frame and of the end of the last one. */
  readonly startMs: number
  readonly endMs: number
  readonly durationSeconds: number

  private constructor(stretches: readonly Stretch[], first: Stretch, last: Stretch) {
    this.#stretches = stretches
    this.startMs = first.startMs
    this.endMs = last.startMs + last.durationSeconds * 1000
    this.durationSeconds = last.atSeconds + last.durationSeconds
  }

  /** Null when nothing in it says when it was. */
  static of(playlist: string): ChatTimeline | null {
    const stretches: Stretch[] = []
    let dateMs: number | null = null
    let atSeconds = 0
    for (const line of playlist.split('\n')) {
      const [, tag, value = ''] = /^#(EXT-X-PROGRAM-DATE-TIME|EXTINF):([^,\r]*)/.exec(line) ?? []
      if (tag === 'EXT-X-PROGRAM-DATE-TIME') dateMs = Date.parse(value)
      if (tag !== 'EXTINF') continue
      const durationSeconds = Number(value)
      const before = stretches.at(-1)
      const follows = before && before.startMs + before.durationSeconds * 1000
      const startMs = dateMs ?? follows
      // A clock that was set back: what came later is later.
      if (startMs !== undefined) {
        stretches.push({ startMs: Math.max(startMs, before?.startMs ?? startMs), atSeconds, durationSeconds })
      }
      atSeconds += durationSeconds
      dateMs = null
    }
    const [first, last] = [stretches[0], stretches.at(-1)]
    return first && last ? new ChatTimeline(stretches, first, last) : null
  }

  /** How many files its chat is; at least one. */
  get pieces(): number {
    return Math.max(1, Math.ceil(this.durationSeconds / PIECE_SECONDS))
  }

  /**
   * Seconds from the recording's beginning, to the tenth. A moment in a hole is the first one after it; what is before the
   * beginning or after the end, is there.
   */
  secondsAt(momentMs: number): number {
    let [low, high] = [0, this.#stretches.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#stretches[middle]?.startMs ?? 0) <= momentMs) low = middle + 1
      else high = middle
    }
    const stretch = this.#stretches[low - 1]
    if (!stretch) return 0
    const into = Math.min((momentMs - stretch.startMs) / 1000, stretch.durationSeconds)
    return Math.round((stretch.atSeconds + into) * 10) / 10
  }

  pieceAt(seconds: number): number {
    return Math.min(Math.floor(seconds / PIECE_SECONDS), this.pieces - 1)
  }
}
