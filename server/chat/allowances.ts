import { limits } from './protocol.ts'
import { TokenBucket } from './token-bucket.ts'

const rates = {
  frames: { perSecond: limits.frames, burst: limits.burst },
  /** A person who floods is told so this often, then shut out. */
  refusals: { perSecond: 1, burst: 100 },
  history: { perSecond: 0.5, burst: 5 },
  operations: { perSecond: 10, burst: 10 },
} as const

/** How much of what one connection may do. What it never does takes no memory: of ten thousand nearly all sit here and read. */
export class Allowances {
  readonly #buckets: { -readonly [Kind in keyof typeof rates]?: TokenBucket } = {}

  /** Whether there was some left; it is taken. */
  take(kind: keyof typeof rates): boolean {
    const nowMs = Date.now()
    const bucket = this.#buckets[kind] ?? new TokenBucket({ ...rates[kind], nowMs })
    this.#buckets[kind] = bucket
    return bucket.take(nowMs)
  }
}
