const WINDOW_MS = 6000

/** Bytes per second over the last seconds: an average of all of them would hide that the line has become slow. */
export class UploadRate {
  #points: { atMs: number; bytes: number }[] = []

  /** @param bytes that have arrived in all */
  take(bytes: number, atMs: number): void {
    this.#points.push({ atMs, bytes })
    while (this.#points.length > 2 && (this.#points[1]?.atMs ?? 0) < atMs - WINDOW_MS) this.#points.shift()
  }

  /** After a pause, or from another offset. */
  restart(): void {
    this.#points = []
  }

  /** Null until there is something to go by. */
  get bytesPerSecond(): number | null {
    const [first, last] = [this.#points[0], this.#points.at(-1)]
    if (!first || !last || last.atMs - first.atMs < 300 || last.bytes < first.bytes) return null
    return ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs)
  }
}
