/** What is needed of an hls.js fragment to place it in wall-clock time. */
export interface DatedFragment {
  /** Seconds on the media element's timeline. */
  start: number
  duration: number
  /** Milliseconds since 1970; null until known. */
  programDateTime: number | null
}

/**
 * When the frame at `position` was taken, by the server's clock. Null when nothing tells.
 *
 * Beyond the last whole segment lie its successor's parts, which go on from it.
 */
export function dateAt(fragments: readonly DatedFragment[], position: number): number | null {
  const holder = fragments.findLast(
    (fragment) => fragment.programDateTime !== null && fragment.start <= position + 0.001,
  )
  if (!holder || holder.programDateTime === null) return null
  return holder.programDateTime + (position - holder.start) * 1000
}

/**
 * Where on the media element's timeline a moment is. A moment at which nothing was sent (the publisher was away) is
 * the first frame after it. Null when it is before the first or after the last fragment.
 */
export function positionOf(fragments: readonly DatedFragment[], dateMs: number): number | null {
  let isFirst = true
  for (const { start, duration, programDateTime } of fragments) {
    if (programDateTime === null) continue
    if (isFirst && dateMs < programDateTime - 50) return null
    isFirst = false
    if (dateMs < programDateTime) return start
    if (dateMs < programDateTime + duration * 1000) return start + (dateMs - programDateTime) / 1000
  }
  return null
}

/** The same broadcast's `dvr.m3u8`, `storyboard.vtt` … : beside the playlist, under the same token. */
export function besides(playlistUrl: string, name: string): string {
  return playlistUrl.replace(/[^/?]*(\?.*)?$/, name)
}
