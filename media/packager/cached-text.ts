import { gzipSync } from 'node:zlib'

/** One text for many readers: encoded once, compressed once, and only if anybody wants it compressed. */
export class CachedText {
  readonly plain: Buffer
  #gzipped: Buffer | null = null

  constructor(text: string) {
    this.plain = Buffer.from(text)
  }

  /** A playlist repeats itself: level 1 already makes a fifth of it. */
  get gzipped(): Buffer {
    this.#gzipped ??= gzipSync(this.plain, { level: 1 })
    return this.#gzipped
  }
}
