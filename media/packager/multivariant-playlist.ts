/** One EXT-X-STREAM-INF line. */
export interface Variant {
  /** Relative: `720p/index.m3u8`. */
  uri: string
  /** Peak, in bits a second. */
  bandwidthBps: number
  averageBandwidthBps?: number
  /** RFC 6381, as the init segment has them. */
  codecs: string
  width: number | null
  height: number | null
  frameRate: number | null
}

/**
 * The top playlist of a broadcast or a recording.
 *
 * EXT-X-INDEPENDENT-SEGMENTS is left to the media playlists: here it would speak for every segment there ever is, and
 * one cut without a keyframe would make it untrue.
 *
 * @param variants highest first, never empty
 */
export function multivariantPlaylist(variants: readonly Variant[]): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:9']
  for (const variant of variants) {
    const attributes = [`BANDWIDTH=${Math.max(1, Math.round(variant.bandwidthBps))}`]
    if (variant.averageBandwidthBps) attributes.push(`AVERAGE-BANDWIDTH=${Math.round(variant.averageBandwidthBps)}`)
    attributes.push(`CODECS="${variant.codecs}"`)
    if (variant.width && variant.height) attributes.push(`RESOLUTION=${variant.width}x${variant.height}`)
    if (variant.frameRate) attributes.push(`FRAME-RATE=${variant.frameRate.toFixed(3)}`)
    lines.push(`#EXT-X-STREAM-INF:${attributes.join(',')}`, variant.uri)
  }
  return `${lines.join('\n')}\n`
}
