/** What a publisher sends, as far as the ladder depends on it. */
export interface Source {
  video: {
    codec: string
    width: number
    height: number
    frameRate: number
    /** Longest distance between keyframes seen while probing; null when no second one came within 2 s. */
    keyframeIntervalSeconds: number | null
    bitrateBps: number
    /** ffmpeg's name; 8-bit 4:2:0 when left out. Browsers play nothing else of H.264, so nothing else is copied. */
    pixelFormat?: string
  } | null
  audio: { codec: string; sampleRate: number; channels: number } | null
}

/** One encoded output of the ladder. `name` is in URLs and object keys: `720p`, `audio`. */
export interface Rendition {
  name: string
  width: number | null
  height: number | null
  frameRate: number | null
  /** The publisher's own video, not encoded again. */
  isCopied: boolean
  /** Video and audio together, peak as announced in BANDWIDTH; of a copied top as measured while probing. */
  bandwidthBps: number
  videoBitrateBps: number | null
  audioBitrateBps: number | null
}

export interface Ladder {
  /** Highest first, never empty. */
  renditions: readonly Rendition[]
  /** Encoded keyframes stand where the source has them (copied top), or one each second (nothing copied). */
  keyframes: 'source' | 'each-second'
  /** x264's, of every encoded rendition; `veryfast` when left out. */
  preset?: EncoderPreset
}

export type EncoderPreset = 'veryfast' | 'superfast'

/** ffmpeg shifts every output by this, so that copied B-frames never have a negative decode time. */
export const OUTPUT_OFFSET_SECONDS = 10
