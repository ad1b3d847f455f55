/** Media playlists of an uploaded video, which grow while it is made (rfc8216bis 4.4.3.5, EVENT). Pure. */

/** EXTINF of each segment, seconds; nothing of an empty text. */
export function durationsOf(playlist: string): number[] {
  return [...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].map(([, seconds]) => Number(seconds))
}

/** Segments are `<n>.m4s` from 0 on, behind one `init-0.mp4`. Those that may grow never lose a line. */
export function videoPlaylist(durations: readonly number[], { isEnded }: { isEnded: boolean }): string {
  const target = Math.max(1, ...durations.map((seconds) => Math.round(seconds)))
  return [
    ...['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${target}`, '#EXT-X-MEDIA-SEQUENCE:0'],
    `#EXT-X-PLAYLIST-TYPE:${isEnded ? 'VOD' : 'EVENT'}`,
    ...['#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-MAP:URI="init-0.mp4"'],
    ...durations.flatMap((seconds, n) => [`#EXTINF:${seconds.toFixed(6)},`, `${n}.m4s`]),
    ...(isEnded ? ['#EXT-X-ENDLIST'] : []),
    '',
  ].join('\n')
}
