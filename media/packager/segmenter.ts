import type { Fragment, Sample } from './fmp4.ts'
import { isKeyframe } from './fmp4.ts'
import type { ParsedInit, Track } from './fmp4-init.ts'
import { type Run, writeFragment } from './fmp4-write.ts'
import type { Part, Segment } from './packaged.ts'
import type { Cut, CutCandidate, SegmentCutter } from './segment-cutter.ts'

/** A segment has begun: what a playlist says of it before it is complete. */
export interface OpenSegment {
  kind: 'open'
  msn: number
  programDateTimeMs: number
  isDiscontinuous: boolean
  isIndependent: boolean
}

/** A part, and whether the next one is likely to open a new segment (for EXT-X-PRELOAD-HINT). */
export interface CutPart extends Part {
  isLikelyLast: boolean
  /** Its segment is the very next event. */
  isLast?: boolean
}

/** A segment, before a playlist has numbered its init segment. */
export type CutSegment = Omit<Segment, 'init'>

export type CutEvent = OpenSegment | CutPart | CutSegment

export interface SegmenterOptions {
  init: ParsedInit
  partTargetSeconds: number
  /** Shared by all renditions of a run. */
  cutter: SegmentCutter
  /** False for sound beside video. */
  mayDecideCuts: boolean
  firstMsn: number
  /** Wall clock of a presentation time in seconds, the same for all renditions. */
  wallClock(pts: number): number
}

// Ticks are divided into seconds; this much is rounding.
const ROUNDING = 1e-6
/** rfc8216bis 4.4.4.9: a part is at least 85 % of the target, unless it is independent or the last of its segment. */
const SHORTEST_PART = 0.85

/**
 * Cuts one rendition into LL-HLS parts and segments.
 *
 *   fragments ──▶ segment() ──▶ open, part, part, …, segment, open, part, …
 *
 * Guarantees, in the words of rfc8216bis:
 *   1. A segment starts where the run's SegmentCutter says, on a keyframe unless none came within TARGETDURATION.
 *   2. A part is never longer than the Part Target Duration, and at least 85 % of it unless it is the last of its
 *      segment. Parts never span two segments. A part is yielded as soon as the next frame would not fit.
 *   3. A segment is yielded right after its last part. Media Sequence Numbers go up by one.
 *
 * Time is that of the video, or of the sound where there is no video: the leading track. A part ends where a frame
 * ends, except where no number of frames fits rule 2 (12 pictures a second; a camera that stalls): then it ends at the
 * Part Target Duration, and the frame that stands on the border belongs to it.
 *
 * A muxer guesses the duration of the last frame before a flush, and a decoder that sees a hole of more than two
 * frames in decode time drops everything up to the next keyframe. So decode time is made contiguous across parts;
 * presentation times stay as they came.
 *
 * Keeps no clock and touches no disk: the same fragments give the same cuts.
 */
export async function* segment(
  fragments: AsyncIterable<Fragment>,
  options: SegmenterOptions,
): AsyncGenerator<CutEvent> {
  const segmenter = new Segmenter(options)
  for await (const fragment of fragments) yield* segmenter.push(fragment)
  yield* segmenter.end()
}

type Cuts = Generator<CutEvent>

class Segmenter {
  readonly #options: SegmenterOptions
  readonly #leading: Track
  #msn: number
  #ordinal = 0
  #sequence = 1
  #open: (OpenSegment & { start: number; reorder: number; parts: Part[] }) | null = null
  /** Seconds of decode time on the leading track. */
  #partStart = 0
  #leadEnd = 0
  #lead: Sample[] = []
  /** Sound beside video. */
  #beside: Sample[] = []
  /** Decode time each track has reached in what was published. */
  readonly #decoded = new Map<Track, number>()

  constructor(options: SegmenterOptions) {
    this.#options = options
    this.#msn = options.firstMsn
    const leading = options.init.video ?? options.init.audio
    if (!leading) throw new TypeError('an init segment without a track')
    this.#leading = leading
  }

  *push(fragment: Fragment): Cuts {
    const hasVideo = this.#options.init.video !== null
    for (const sample of hasVideo ? fragment.video : fragment.audio) yield* this.#pushLead(sample)
    if (hasVideo) {
      for (const sample of fragment.audio) {
        this.#beside.push(sample)
        yield* this.#closeStalled(sample)
      }
    }
    const last = this.#lead.at(-1)
    const length = this.#leadEnd - this.#partStart
    const next = last ? this.#seconds(last.duration) : 0
    // Do not wait for the next fragment to learn that this part is full: that wait is latency.
    if (last && this.#isLongEnough(length) && length + next > this.#target + ROUNDING)
      yield this.#closePart(this.#leadEnd)
  }

  *end(): Cuts {
    if (!this.#open) return
    // The publisher left. The last segment may be short; players accept that at the end.
    const sound = this.#beside.at(-1)
    const soundEnd =
      sound && this.#options.init.audio ? (sound.dts + sound.duration) / this.#options.init.audio.timescale : 0
    if (this.#lead.length === 0 && soundEnd > this.#partStart) {
      yield { ...this.#closePart(Math.min(soundEnd, this.#partStart + this.#target)), isLast: true }
    }
    yield* this.#closeSegment(Math.max(this.#leadEnd, this.#partStart))
  }

  *#pushLead(sample: Sample): Cuts {
    const dts = this.#seconds(sample.dts)
    const candidate: CutCandidate = {
      pts: this.#seconds(sample.dts + sample.cts),
      duration: this.#seconds(sample.duration),
      isKeyframe: isKeyframe(sample),
    }
    if (!this.#open) {
      yield this.#openSegment(this.#options.cutter.begin(candidate), candidate, dts)
    } else {
      const cut = this.#options.cutter.cutBefore(this.#ordinal, candidate, this.#options.mayDecideCuts)
      if (cut) {
        yield* this.#closeSegment(dts)
        this.#ordinal += 1
        this.#msn += 1
        yield this.#openSegment(cut, candidate, dts)
      } else {
        yield* this.#closeBefore(dts, candidate.duration)
      }
    }
    this.#lead.push(sample)
    this.#leadEnd = dts + candidate.duration
    if (this.#leadEnd - this.#partStart > this.#target + ROUNDING) yield this.#closePart(this.#partStart + this.#target)
  }

  /** "Close it before the frame that would cross", if that leaves a part of legal length. */
  *#closeBefore(dts: number, duration: number): Cuts {
    const elapsed = dts - this.#partStart
    if (this.#lead.length > 0) {
      if (elapsed + duration > this.#target + ROUNDING && this.#isLongEnough(elapsed)) {
        yield this.#closePart(Math.min(dts, this.#partStart + this.#target))
      }
    }
    // Pictures are further apart than a part is long: the sound in between makes parts of its own.
    if (this.#lead.length === 0 && this.#beside.length > 0 && dts - this.#partStart >= this.#target) {
      yield this.#closePart(this.#partStart + this.#target)
    }
  }

  /** The next picture is late. Sound has come for half a part more than this one holds, so it is not on its way. */
  *#closeStalled(sound: Sample): Cuts {
    const track = this.#options.init.audio
    if (!this.#open || !track) return
    const reached = (sound.dts + sound.duration) / track.timescale
    if (reached - this.#partStart < 1.5 * this.#target) return
    const atLimit = this.#partStart + this.#target
    const pts = atLimit
    const candidate = { pts, duration: this.#target, isKeyframe: false }
    yield this.#closePart(atLimit)
    const cut = this.#options.cutter.cutBefore(this.#ordinal, candidate, false)
    if (!cut) return
    yield* this.#closeSegment(atLimit)
    this.#ordinal += 1
    this.#msn += 1
    yield this.#openSegment(cut, candidate, atLimit)
  }

  #openSegment(cut: Cut, first: CutCandidate, dts: number): OpenSegment {
    const open = {
      kind: 'open' as const,
      msn: this.#msn,
      programDateTimeMs: this.#options.wallClock(first.pts),
      isDiscontinuous: cut.isDiscontinuous,
      isIndependent: first.isKeyframe,
    }
    this.#open = { ...open, start: dts, reorder: first.pts - dts, parts: [] }
    this.#partStart = dts
    return open
  }

  #closePart(end: number): CutPart {
    const open = this.#requireOpen()
    const part: Part = {
      kind: 'part',
      msn: open.msn,
      index: open.parts.length,
      durationSeconds: Math.max(end - this.#partStart, 0.001),
      // rfc8216bis 4.4.4.9: INDEPENDENT is YES "if the Partial Segment contains an independent frame".
      isIndependent: this.#lead.some(isKeyframe),
      bytes: this.#write(),
    }
    open.parts.push(part)
    const tolerance = this.#seconds(this.#lead.at(-1)?.duration ?? 0) / 2
    this.#lead = []
    this.#beside = []
    this.#partStart = end
    return { ...part, isLikelyLast: this.#options.cutter.expectsCutAt(this.#ordinal, end + open.reorder, tolerance) }
  }

  *#closeSegment(end: number): Cuts {
    const open = this.#requireOpen()
    const rest = Math.max(end - this.#partStart, 0)
    // Sound alone, a frame or two, goes on in the next segment; more of it is what a stalled camera left.
    const isWorthAPart = this.#lead.length > 0 || (this.#beside.length > 0 && rest > this.#target / 4)
    if (isWorthAPart) yield { ...this.#closePart(this.#partStart + Math.min(rest, this.#target)), isLast: true }
    if (open.parts.length === 0) return
    const { msn, programDateTimeMs, isDiscontinuous, isIndependent, parts } = open
    const durationSeconds = Math.min(Math.max(end - open.start, 0.001), this.#options.cutter.longestSeconds)
    this.#open = null
    yield {
      kind: 'segment',
      msn,
      durationSeconds,
      programDateTimeMs,
      isDiscontinuous,
      isIndependent,
      parts,
    }
  }

  #write(): Uint8Array {
    const { video, audio } = this.#options.init
    const runs: Run[] = []
    if (this.#lead.length > 0) runs.push(this.#contiguous(this.#leading, this.#lead))
    if (video && audio && this.#beside.length > 0) runs.push(this.#contiguous(audio, this.#beside))
    return writeFragment(this.#sequence++, runs)
  }

  /** Decode times that go on where the track's last part ended; each frame's duration is the way to the next. */
  #contiguous(track: Track, samples: readonly Sample[]): Run {
    const reached = this.#decoded.get(track)
    const first = samples[0]
    // A jump of more than a second is a new beginning, not a guess that was off.
    let dts =
      reached !== undefined && first && Math.abs(first.dts - reached) <= track.timescale ? reached : (first?.dts ?? 0)
    const run = samples.map((sample, i) => {
      const next = samples[i + 1]
      const end = Math.max(next ? next.dts : sample.dts + sample.duration, dts + 1)
      const moved = { ...sample, dts, cts: sample.cts + sample.dts - dts, duration: end - dts }
      dts = end
      return moved
    })
    this.#decoded.set(track, dts)
    return { track, samples: run }
  }

  #isLongEnough(seconds: number): boolean {
    return seconds >= SHORTEST_PART * this.#target - ROUNDING
  }

  #seconds(ticks: number): number {
    return ticks / this.#leading.timescale
  }

  get #target(): number {
    return this.#options.partTargetSeconds
  }

  #requireOpen() {
    if (!this.#open) throw new TypeError('no segment is open')
    return this.#open
  }
}
