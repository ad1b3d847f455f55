import type Hls from 'hls.js/light'
import { edgeRate, JUMP_SECONDS, LowestLately, NetworkMargin, StallPenalty } from './edge-rate.ts'

/** Jitter of timers and of a good network. */
const SAFETY_SECONDS = 0.2

/** Keeps one element near the live edge: a little faster, a little slower, or with one jump. */
export class EdgeKeeper {
  isFollowing = false
  readonly #lowest = new LowestLately(1500)
  readonly #penalty = new StallPenalty()
  readonly network = new NetworkMargin()

  /** Seconds that this viewer stays further from the edge than PART-HOLD-BACK. */
  get distance(): number {
    return this.network.seconds + this.#penalty.seconds(performance.now())
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
