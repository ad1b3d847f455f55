/** What to play, and from where. */
export interface PlaybackSource {
  src: string
  isLive: boolean
  /** Seconds on the media timeline; null starts at the live edge, or at the beginning of a recording. */
  startAt: number | null
}

export interface RenditionChoice {
  id: string
  width: number
  height: number
  bitrate: number
}
