import { type DatedFragment, positionOf } from '../player/program-time.ts'

/**
 * What of a running show can be cut: all of it so far, in seconds from where its `dvr.m3u8` begins.
 *
 * @param dateMs a moment, by the server's clock
 * @returns null when there is nothing yet
 */
export async function showWindow(playlist: string, dateMs: number): Promise<{ at: number; total: number } | null> {
  const top = await textOf(playlist)
  const [, rendition] = /^([\w-]+\/)[\w.]+$/m.exec(top) ?? []
  if (!rendition) return null
  const fragments = fragmentsOf(await textOf(playlist.replace(/[^/]*$/, `${rendition}dvr.m3u8`)))
  const last = fragments.at(-1)
  if (!last) return null
  const total = last.start + last.duration
  return { at: positionOf(fragments, dateMs) ?? total, total }
}

export function fragmentsOf(playlist: string): DatedFragment[] {
  const fragments: DatedFragment[] = []
  let [start, duration, dateMs] = [0, 0, Number.NaN]
  for (const line of playlist.split('\n')) {
    if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) dateMs = Date.parse(line.slice(25))
    else if (line.startsWith('#EXTINF:')) duration = Number.parseFloat(line.slice(8))
    else if (/^\w[\w.-]*$/.test(line)) {
      fragments.push({ start, duration, programDateTime: Number.isNaN(dateMs) ? null : dateMs })
      start += duration
      dateMs += duration * 1000
    }
  }
  return fragments
}

async function textOf(address: string): Promise<string> {
  const answer = await fetch(address)
  return answer.ok ? answer.text() : ''
}
