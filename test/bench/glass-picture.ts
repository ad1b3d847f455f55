import { drawTime, timeCode } from './time-code.ts'

const { pictureWidth: width, pictureHeight: height } = timeCode
/** So many backgrounds follow each other; a frame's buffer is drawn on again only when its turn comes. */
const BACKGROUNDS = 12

/** A picture ready for ffmpeg's stdin (yuv420p). */
export interface GlassFrame {
  bytes: Uint8Array
  luma: Uint8Array
}

/**
 * Frames whose content costs an encoder what a lecture does: a still texture, a band of it that wanders, and a stripe
 * of noise. Made once; drawing a frame is then only the writing of its time.
 */
export function glassFrames(): GlassFrame[] {
  const random = generator(1)
  const texture = Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)]
    return 60 + ((x >> 3) % 64) + ((y >> 2) % 64) + (random() % 12)
  })
  return Array.from({ length: BACKGROUNDS }, (_, index) => {
    const bytes = new Uint8Array((width * height * 3) / 2).fill(128)
    const luma = bytes.subarray(0, width * height)
    luma.set(texture)
    for (let y = 400; y < 560; y++) {
      const row = texture.subarray(y * width, (y + 1) * width)
      const shift = (index * width) / BACKGROUNDS
      luma.set(row.subarray(shift), y * width)
      luma.set(row.subarray(0, shift), (y + 1) * width - shift)
    }
    for (let at = 600 * width; at < 640 * width; at++) luma[at] = 64 + (random() & 127)
    drawTime(luma, 0)
    return { bytes, luma }
  })
}

/** The same noise in every run: a linear congruential generator. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 16
  }
}
