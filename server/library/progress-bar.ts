import type { Writable } from 'node:stream'
import { Presets, SingleBar } from 'cli-progress'
import type { Progress } from './upload.ts'
import { count, duration, size } from './words.ts'

/** The rate is of the last seconds: an average from the start says little after a pause. */
const WINDOW_MS = 10_000
const LOG_EVERY_MS = 5000
const DRAWN_EVERY_MS = 100

/**
 * A bar with rate and time left: a line that is redrawn in a terminal, a new one every few seconds in
 * a log. Disposing it draws its last state.
 */
export class ProgressBar implements Progress, Disposable {
  readonly #bar: SingleBar
  readonly #samples: { at: number; bytes: number }[] = []
  #files = 0
  #doneFiles = 0
  #bytes = 0
  #doneBytes = 0
  #isShown = false
  #drawnAt = 0

  constructor(verb: string, stream: Writable = process.stderr) {
    this.#bar = new SingleBar(
      {
        stream,
        noTTYOutput: true,
        notTTYSchedule: LOG_EVERY_MS,
        fps: 5,
        format: `${verb} {bar} {percentage} % | {files} | {done} | {rate} | {left}`,
        hideCursor: true,
        gracefulExit: false,
        linewrap: false,
      },
      Presets.shades_classic,
    )
  }

  begin(files: number, bytes: number): void {
    this.#files = files
    this.#bytes = bytes
    if (files === 0) return
    this.#isShown = true
    this.#sample()
    // A tree of empty files still has an end to come to.
    this.#bar.start(Math.max(bytes, 1), 0, this.#words())
  }

  bytes(more: number): void {
    this.#doneBytes += more
    this.#draw()
  }

  file(): void {
    this.#doneFiles++
    this.#draw()
  }

  [Symbol.dispose](): void {
    if (!this.#isShown) return
    this.#draw(true)
    this.#bar.stop()
  }

  #draw(isLast = false): void {
    const now = performance.now()
    if (!this.#isShown || (!isLast && now - this.#drawnAt < DRAWN_EVERY_MS)) return
    this.#drawnAt = now
    this.#bar.update(Math.min(this.#doneBytes, this.#bytes), this.#words())
  }

  #words(): Record<string, string> {
    this.#sample()
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    const seconds = first && last ? (last.at - first.at) / 1000 : 0
    const rate = first && last && seconds > 0 ? Math.max(0, last.bytes - first.bytes) / seconds : 0
    const left = this.#bytes - this.#doneBytes
    return {
      files: `${count(this.#doneFiles)} of ${count(this.#files)} files`,
      done: `${size(Math.max(0, this.#doneBytes))} of ${size(this.#bytes)}`,
      rate: `${size(Math.round(rate))}/s`,
      left: rate > 0 && left > 0 ? `${duration(left / rate)} left` : left > 0 ? 'waiting' : 'done',
    }
  }

  #sample(): void {
    const at = performance.now()
    const last = this.#samples.at(-1)
    if (last && at - last.at < 200) last.bytes = this.#doneBytes
    else this.#samples.push({ at, bytes: this.#doneBytes })
    while ((this.#samples[0]?.at ?? at) < at - WINDOW_MS) this.#samples.shift()
  }
}
