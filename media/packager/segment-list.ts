import type { Part, SegmentEntry } from './packaged.ts'

/** A complete segment; its parts while their bytes are in memory. */
export type KeptSegment = SegmentEntry & { parts?: readonly Part[] | undefined }

// In target durations. The sliding playlist holds more than CAN-SKIP-UNTIL, which is 6.
const LISTED = 7
// rfc8216bis 6.2.2: a removed segment stays for its duration plus the longest playlist that held it: 1 + 7, behind 7.
const KEPT = 15
const SKIP_BOUNDARY = 6

/**
 * All segments of a broadcast, without a hole: the last of them with their bytes, the others as entries of a playlist.
 * Six hours are some ten thousand entries, a megabyte.
 */
export class SegmentList {
  readonly #targetSeconds: number
  readonly #segments: KeptSegment[] = []
  #firstListed = 0
  #firstKept = 0
  #unlistedDiscontinuities = 0

  constructor(targetSeconds: number) {
    this.#targetSeconds = targetSeconds
  }

  append(segment: KeptSegment): void {
    this.#segments.push(segment)
    // "A Server MUST NOT remove a Media Segment if that would leave less than three target durations": it leaves seven.
    while (this.#secondsFrom(this.#firstListed + 1) >= LISTED * this.#targetSeconds) {
      if (this.#segments[this.#firstListed]?.isDiscontinuous) this.#unlistedDiscontinuities += 1
      this.#firstListed += 1
    }
    while (this.#secondsFrom(this.#firstKept + 1) >= KEPT * this.#targetSeconds) {
      const leaving = this.#segments[this.#firstKept]
      if (leaving) leaving.parts = undefined
      this.#firstKept += 1
    }
  }

  get all(): readonly KeptSegment[] {
    return this.#segments
  }

  /** What the sliding playlist holds. */
  get listed(): readonly KeptSegment[] {
    return this.#segments.slice(this.#firstListed)
  }

  /** EXT-X-DISCONTINUITY tags that have left the sliding playlist. */
  get unlistedDiscontinuities(): number {
    return this.#unlistedDiscontinuities
  }

  get last(): KeptSegment | null {
    return this.#segments.at(-1) ?? null
  }

  /** Of the next segment. */
  get nextMsn(): number {
    return (this.last?.msn ?? -1) + 1
  }

  find(msn: number): KeptSegment | null {
    const first = this.#segments[0]
    return first ? (this.#segments[msn - first.msn] ?? null) : null
  }

  /** How many of these a delta update leaves out: those further than the skip boundary from the playlist's end. */
  skippable(segments: readonly KeptSegment[], openSeconds: number): number {
    let after = openSeconds
    let i = segments.length
    while (i > 0 && after < SKIP_BOUNDARY * this.#targetSeconds) after += segments[--i]?.durationSeconds ?? 0
    return i
  }

  #secondsFrom(index: number): number {
    let total = 0
    for (let i = index; i < this.#segments.length; i++) total += this.#segments[i]?.durationSeconds ?? 0
    return total
  }
}
