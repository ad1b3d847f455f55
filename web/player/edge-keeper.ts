import type Hls from 'hls.js/light'
import { edgeRate, JUMP_SECONDS, LowestLately, NetworkMargin, StallPenalty } from './edge-rate.ts'

/** Jitter of timers and of a good network. */
const SAFETY_SECONDS = 0.2

/**
 * A change of rendition on a line with long round trips takes most of a second: a playlist, an init segment, and parts
 * from the last keyframe on. So it waits until so much more is buffered, and that is given back afterwards.
 */
const SWITCH_RESERVE_SECONDS = 0.6
const SWITCH_AFTER_MS = 2500
const RESERVE_UNTIL_MS = 4500

/** Keeps one element near the live edge: a little faster, a little slower, or with one jump. */
export class EdgeKeeper {
  isFollowing = false
  readonly #lowest = new LowestLately(1500)
  readonly #penalty = new StallPenalty()
  readonly network = new NetworkMargin()
  /** When a line that starts slowly began to; null once it is warm. */
  #coldSinceMs: number | null = null

  /** Seconds that this viewer stays further from the edge than PART-HOLD-BACK. */
  get distance(): number {
    const reserve = this.#coldSinceMs === null ? 0 : SWITCH_RESERVE_SECONDS
    return this.network.seconds + this.#penalty.seconds(performance.now()) + reserve
  }

  /** A line that starts slowly keeps its first rendition until there is reserve enough to change it. */
  warmUp(hls: Hls): void {
    hls.autoLevelCapping = hls.firstAutoLevel
    this.#coldSinceMs = performance.now()
  }

  stalled(): void {
    this.#penalty.stalled(performance.now())
  }

  /** After a seek or with another source, what was seen before says nothing. */
  forget(): void {
    this.#lowest.clear()
  }

  /** `jump`: too far behind to catch up by playing faster. */
  keep(video: HTMLVideoElement, hls: Hls): 'kept' | 'jump' {
    const target = hls.targetLatency
    if (!this.isFollowing || video.paused || video.seeking || !target || !hls.latestLevelDetails?.live) return 'kept'
    const coldMs = this.#coldSinceMs === null ? 0 : performance.now() - this.#coldSinceMs
    if (coldMs > SWITCH_AFTER_MS) hls.autoLevelCapping = -1
    if (coldMs > RESERVE_UNTIL_MS) this.#coldSinceMs = null
    const lowestBuffer = this.#lowest.add(bufferedAhead(video), performance.now())
    const { latency } = hls
    // Nothing to jump to while the publisher is away: the edge is where the buffer ends.
    if (
      latency - target - this.distance > JUMP_SECONDS &&
      (hls.liveSyncPosition ?? 0) - video.currentTime > JUMP_SECONDS
    ) {
      return 'jump'
    }
    const { distance } = this
    const rate = edgeRate({
      latency,
      target: target + distance,
      lowestBuffer,
      safety: SAFETY_SECONDS + distance / 2,
      rate: video.playbackRate,
    })
    if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA && rate !== video.playbackRate) video.playbackRate = rate
    return 'kept'
  }
}

/** Seconds that can be played from here without a gap. */
function bufferedAhead(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime + 0.05 && buffered.end(index) >= currentTime) {
      return buffered.end(index) - currentTime
    }
  }
  return 0
}
