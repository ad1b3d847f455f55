export interface Progress {
  /** Media time written for each second of the last five; null before there are two samples a second apart. */
  speed: number | null
  frame: number
  /** Media time written, from 0 at the run's first packet (ffmpeg leaves `-output_ts_offset` out of it). */
  outTimeMs: number
  droppedFrames: number
}

const WINDOW_MS = 5000
const SHORTEST_WINDOW_MS = 1000
const SILENT_AFTER_MS = 1500

/**
 * Reads ffmpeg's `-progress`. Its own `speed` is the mean since the start, which after an hour takes minutes to show
 * an overload; this one is of the last five seconds.
 */
export class ProgressMeter {
  #current: Progress = { speed: null, frame: 0, outTimeMs: 0, droppedFrames: 0 }
  #samples: { atMs: number; outTimeMs: number }[] = []
  #line = ''

  /** @param atMs now, on the clock of `take`: an ffmpeg that hangs says nothing, and its speed falls all the same */
  at(atMs: number): Progress {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (!first || !last || atMs - last.atMs < SILENT_AFTER_MS) return this.#current
    return { ...this.#current, speed: (last.outTimeMs - first.outTimeMs) / (atMs - first.atMs) }
  }

  /** @param atMs any steady clock */
  take(bytes: Uint8Array, atMs: number): void {
    const lines = (this.#line + Buffer.from(bytes).toString('latin1')).split('\n')
    this.#line = lines.pop() ?? ''
    const next = { ...this.#current }
    for (const line of lines) {
      const [key, value] = line.split('=', 2)
      const number = Number(value)
      // `N/A` until something was written.
      if (!Number.isFinite(number)) continue
      if (key === 'frame') next.frame = number
      else if (key === 'drop_frames') next.droppedFrames = number
      else if (key === 'out_time_us') {
        next.outTimeMs = Math.max(0, number / 1000)
        next.speed = this.#speed(atMs, next.outTimeMs)
      }
    }
    this.#current = next
  }

  #speed(atMs: number, outTimeMs: number): number | null {
    this.#samples.push({ atMs, outTimeMs })
    this.#samples = this.#samples.filter((sample) => atMs - sample.atMs <= WINDOW_MS)
    const first = this.#samples[0]
    if (!first || atMs - first.atMs < SHORTEST_WINDOW_MS) return null
    return (outTimeMs - first.outTimeMs) / (atMs - first.atMs)
  }
}
