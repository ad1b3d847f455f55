/** How playback stands to the live edge; everything in seconds. */
export interface EdgeFacts {
  /** Behind the edge of the playlist, its age included. */
  latency: number
  /** Where it should be: PART-HOLD-BACK, plus what the network asks for. */
  target: number
  /** Least media buffered ahead in the last second and a half. */
  lowestBuffer: number
  /** What it must not fall under: jitter of this network and of timers. */
  safety: number
  /** The present rate. */
  rate: number
}

/** Over this, seconds behind the target are skipped rather than played faster. */
export const JUMP_SECONDS = 4

/**
 * The playback rate that brings a viewer to the target and keeps them there.
 *
 * hls.js only speeds up with more than a second in its buffer, so it comes to rest well above PART-HOLD-BACK. This one
 * closes the distance with what is buffered beyond `safety`, and slows down a little rather than run dry or be nearer
 * to the edge than the network allows. It starts at 80 ms and stops at 20 ms, so that the rate does not flutter.
 */
export function edgeRate({ latency, target, lowestBuffer, safety, rate }: EdgeFacts): number {
  const excess = Math.min(latency - target, lowestBuffer - safety)
  if (excess > (rate > 1 ? 0.02 : 0.08))
    return Math.round((1 + Math.min(0.5, Math.max(0.05, excess * 0.8))) * 100) / 100
  const lack = target - latency
  const isRunningDry = lowestBuffer < safety / 2 && latency < target + 1
  if (lack > 0.3) return 0.5
  if (lack > 0.15) return 0.9
  return lack > (rate < 1 ? 0.02 : 0.08) || isRunningDry ? 0.95 : 1
}

/** Added to the target by each stall that the publisher did not cause. */
const PER_STALL = 0.2
const MOST = 1.5
/** A quiet minute takes back this much. */
const PER_QUIET_MINUTE = 0.3

/** What stalls have taught: how much further from the edge this viewer must stay. */
export class StallPenalty {
  #seconds = 0
  #atMs = 0

  stalled(nowMs: number): void {
    this.#seconds = Math.min(MOST, this.seconds(nowMs) + PER_STALL)
    this.#atMs = nowMs
  }

  seconds(nowMs: number): number {
    return Math.max(0, this.#seconds - (PER_QUIET_MINUTE * Math.max(0, nowMs - this.#atMs)) / 60_000)
  }
}

/** Loads looked back on: about twenty seconds of parts. */
const LOADS = 100
/** A round trip lost at the end of an answer is asked for again after two, and that may be lost too. */
const ROUND_TRIPS = 4
const MOST_MARGIN = 0.35

/**
 * How late media comes on this viewer's network, which must be buffered against before it is late: at first a few round
 * trips, then the slowest of the last loads. Next to nothing on a good line, a quarter of a second where packets are lost.
 */
export class NetworkMargin {
  readonly #loads: number[] = []
  #first = 0

  /** @param seconds from the first request to the first byte of its answer */
  roundTrip(seconds: number): void {
    this.#first = seconds * ROUND_TRIPS
  }

  /** @param seconds that a part took, request and transfer */
  loaded(seconds: number): void {
    this.#loads.push(seconds)
    if (this.#loads.length > LOADS) {
      this.#loads.shift()
      this.#first = 0
    }
  }

  get seconds(): number {
    return Math.min(MOST_MARGIN, Math.max(this.#first, ...this.#loads))
  }
}

/** The least of the values seen in the last `spanMs`. */
export class LowestLately {
  readonly #spanMs: number
  #seen: { value: number; atMs: number }[] = []

  constructor(spanMs: number) {
    this.#spanMs = spanMs
  }

  add(value: number, nowMs: number): number {
    this.#seen = this.#seen.filter(({ atMs }) => nowMs - atMs < this.#spanMs)
    this.#seen.push({ value, atMs: nowMs })
    return Math.min(...this.#seen.map((one) => one.value))
  }

  clear(): void {
    this.#seen = []
  }
}
