/** What is encoded below (or instead of) the publisher's own picture. */
export interface EncodedRendition {
  /** Lines of the shorter side, so that a phone held upright gets the same ladder. */
  height: number
  /** Average; the peak is 7 % more. */
  videoBitrateBps: number
}

/** Highest first. At 30 frames a second; what viewers of each kind of line can hold with room to spare. */
export const ENCODED_RENDITIONS: readonly EncodedRendition[] = [
  { height: 1080, videoBitrateBps: 4_500_000 },
  { height: 720, videoBitrateBps: 2_500_000 },
  { height: 480, videoBitrateBps: 1_200_000 },
  { height: 360, videoBitrateBps: 700_000 },
]

/** AAC-LC, stereo, 48 kHz, the same on every rendition so that a player switches without a click. */
export const AUDIO_BITRATE_BPS = 128_000

/** Above this, encoded renditions drop frames: sixty of them cost twice the processor for a lecture's picture. */
export const MAX_ENCODED_FRAME_RATE = 30
