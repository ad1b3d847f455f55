import { megapixelsPerSecond } from './choose-ladder.ts'
import type { Ladder } from './ladder.ts'

export interface LoadSample {
  /** Of the last seconds, or null when not known yet. */
  speed: number | null
  /** Bytes that ffmpeg has not taken. */
  backlogBytes: number
  /** Any steady clock, in milliseconds. */
  atMs: number
}

/** Samples look this far back. */
const WINDOW_MS = 4000
/** A new run swallows what was held back while it started; only then do its figures mean something. */
const SETTLE_MS = 5000
const FALLS_BEHIND = 0.97
/** Less than half a second of a stream of 1 Mbit/s: a hiccup of the network or of the scheduler. */
const SMALLEST_BACKLOG_BYTES = 64 * 1024
/** Whatever the speed says: this much waiting is seconds of delay that viewers already have. */
const LARGEST_BACKLOG_BYTES = 4 * 1024 * 1024

/**
 * Decides when a ladder is too much for the machine, from a sample a second.
 *
 * A publisher that sends less than real time also makes the speed fall under 1, but leaves no backlog; a burst leaves
 * a backlog, but it shrinks. Only both together, over four seconds, are an overload. A shed rendition does not come
 * back in this broadcast: going back and forth would be worse than a missing size.
 */
export class LoadWatch {
  #samples: LoadSample[] = []
  #settledAtMs: number | null = null

  /** A new run has begun: nothing measured before counts. */
  reset(): void {
    this.#samples = []
    this.#settledAtMs = null
  }

  /** The rendition to shed now, or null. After a name was given, `reset` comes with the next run. */
  shed(ladder: Ladder, sample: LoadSample): string | null {
    this.#settledAtMs ??= sample.atMs + SETTLE_MS
    if (sample.atMs < this.#settledAtMs) return null
    this.#samples.push(sample)
    this.#samples = this.#samples.filter(({ atMs }) => sample.atMs - atMs <= WINDOW_MS)
    return this.#isOverloaded() ? mostExpensive(ladder) : null
  }

  #isOverloaded(): boolean {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (!first || !last || last.atMs - first.atMs < WINDOW_MS * 0.75) return false
    const isSlow = this.#samples.every(({ speed }) => speed !== null && speed < FALLS_BEHIND)
    const isGrowing = last.backlogBytes > first.backlogBytes && last.backlogBytes > SMALLEST_BACKLOG_BYTES
    const isFlooded = this.#samples.every(({ backlogBytes }) => backlogBytes > LARGEST_BACKLOG_BYTES)
    return (isSlow && isGrowing) || (isFlooded && last.backlogBytes >= first.backlogBytes)
  }
}

/** Null when only one rendition is left, or nothing is encoded. */
function mostExpensive({ renditions }: Ladder): string | null {
  if (renditions.length < 2) return null
  const [victim] = renditions
    .filter((rendition) => megapixelsPerSecond(rendition) > 0)
    .sort((a, b) => megapixelsPerSecond(b) - megapixelsPerSecond(a))
  return victim?.name ?? null
}
