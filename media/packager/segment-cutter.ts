/** Where a segment begins, on the run's timeline in seconds. */
export interface Cut {
  at: number
  isDiscontinuous: boolean
}

export interface CutterOptions {
  /** TARGETDURATION in seconds. */
  targetSeconds: number
  /** Cut the first segment at the first keyframe there is: a player can begin once one segment is complete. */
  isFirstSegmentShort?: boolean
}

/** One frame, as far as cuts depend on it; seconds. */
export interface CutCandidate {
  pts: number
  duration: number
  isKeyframe: boolean
}

const REMEMBERED_GOPS = 3
const SHORTEST_FIRST_SECONDS = 0.5
// FLV has whole milliseconds: two GOPs of a second may be 2.002.
const ROUNDING_SECONDS = 0.005

/**
 * Decides where all renditions of one run cut their segments, so that their Media Sequence Numbers always agree.
 *
 * The first rendition to reach a frame decides, the others find the decision when they get there. A cut is made at the
 * last keyframe that keeps the segment within TARGETDURATION: the one after which the next (as far away as the longest
 * of the last three GOPs) would come too late. Frames within half a frame's time of a cut are at the cut.
 *
 * rfc8216bis 4.4.3.1: "The EXTINF duration of each Media Segment … when rounded to the nearest integer, MUST be less
 * than or equal to the Target Duration." So a keyframe that is late has half a second of grace; when none comes by
 * then, the segment is cut where it stands. The segment behind such a cut does not begin with a keyframe, says so
 * (`isIndependent`), and playlists that list it do not carry EXT-X-INDEPENDENT-SEGMENTS. The session restarts the
 * ladder when GOPs grow, so these are a few segments of a show, not its rule.
 *
 * Pure: no clock; the same frames in the same order give the same cuts.
 */
export class SegmentCutter {
  readonly #options: CutterOptions
  readonly #cuts: Cut[] = []
  readonly #gops: number[] = []
  /** Seconds on the run's timeline; each waits for the first cut at or after it. */
  #discontinuities: number[] = []
  #lastKeyframe: number | null = null

  constructor(options: CutterOptions) {
    this.#options = options
  }

  /** The run's first frame of one rendition. Whoever comes first sets where segment 0 begins. */
  begin(frame: CutCandidate): Cut {
    if (this.#cuts.length === 0) {
      this.#cuts.push({ at: frame.pts, isDiscontinuous: false })
      if (frame.isKeyframe) this.#lastKeyframe = frame.pts
    }
    return this.#cuts[0] as Cut
  }

  /** The next segment cut at or after this time is discontinuous, and the next keyframe after it is a cut. */
  markDiscontinuity(at: number): void {
    this.#discontinuities.push(at)
  }

  /**
   * The cut before this frame, if there is one.
   *
   * @param ordinal which segment of the run the rendition is in, from 0
   * @param mayDecide false for sound beside video: it follows the video's cuts
   */
  cutBefore(ordinal: number, frame: CutCandidate, mayDecide: boolean): Cut | null {
    const known = this.#cuts[ordinal + 1]
    if (known) return frame.pts > known.at - frame.duration / 2 ? known : null
    const start = this.#cuts[ordinal]
    if (!start) return null
    const elapsed = frame.pts - start.at
    // Sound beside video decides nothing unless video has stopped: then the length of a segment is still bound.
    const isTooLong = elapsed + frame.duration > this.longestSeconds
    if (isTooLong && elapsed > 0) return this.#cutAt(frame)
    if (!frame.isKeyframe || !mayDecide) return null

    this.#learn(frame)
    if (elapsed <= frame.duration / 2) return null
    const isMarked = this.#discontinuities.some((at) => at <= frame.pts + frame.duration / 2)
    return isMarked || this.#isLastThatFits(ordinal, elapsed) ? this.#cutAt(frame) : null
  }

  /** Whether a segment that goes on until `pts` will be cut there, if GOPs go on as they were: worth a hint, no more. */
  expectsCutAt(ordinal: number, pts: number, tolerance: number): boolean {
    const known = this.#cuts[ordinal + 1]
    if (known) return pts > known.at - tolerance
    const start = this.#cuts[ordinal]
    if (!start || this.#lastKeyframe === null || this.#gops.length === 0) return false
    const next = this.#lastKeyframe + Math.max(...this.#gops)
    return Math.abs(next - pts) <= tolerance && this.#isLastThatFits(ordinal, next - start.at)
  }

  /** No EXTINF exceeds it; a millisecond under what would round up. */
  get longestSeconds(): number {
    return this.#options.targetSeconds + 0.499
  }

  #isLastThatFits(ordinal: number, elapsed: number): boolean {
    if (ordinal === 0 && this.#options.isFirstSegmentShort && elapsed >= SHORTEST_FIRST_SECONDS) return true
    const gop = this.#gops.length > 0 ? Math.max(...this.#gops) : this.#options.targetSeconds
    return elapsed + gop > this.#options.targetSeconds + ROUNDING_SECONDS
  }

  #learn(keyframe: CutCandidate): void {
    if (this.#lastKeyframe !== null) {
      const gop = keyframe.pts - this.#lastKeyframe
      if (gop <= keyframe.duration / 2) return // another rendition brought it before
      this.#gops.push(gop)
      if (this.#gops.length > REMEMBERED_GOPS) this.#gops.shift()
    }
    this.#lastKeyframe = keyframe.pts
  }

  #cutAt(frame: CutCandidate): Cut {
    const reached = frame.pts + frame.duration / 2
    const cut = { at: frame.pts, isDiscontinuous: this.#discontinuities.some((at) => at <= reached) }
    this.#discontinuities = this.#discontinuities.filter((at) => at > reached)
    this.#cuts.push(cut)
    return cut
  }
}
