import { openBrowser } from './browser.ts'
import { delay } from './clock.ts'
import { type GlassReport, watch } from './glass.ts'
import { publishGlass } from './glass-publisher.ts'
import { startNginxRtmp } from './nginx-rtmp.ts'
import type { BenchOptions, Figure } from './scenario.ts'

/** Longer than a playlist's three segments, so that a player finds what it holds back. */
const JOIN_AFTER_MS = 12_000

/** nginx-rtmp in a plain page, the source neither scaled nor encoded again. */
export async function watchPeer({ seconds, say }: BenchOptions): Promise<GlassReport> {
  say(`nginx-rtmp: ${seconds} s`)
  await using peer = await startNginxRtmp()
  await using _publisher = publishGlass(peer.publishUrl)
  await using browser = await openBrowser()
  // A viewer joins a running show. One who waited for its first fragment would be nearer, having nothing to hold back.
  await delay(JOIN_AFTER_MS)
  return await watch(browser, peer.pageUrl, { seconds })
}

export function glassFigures(system: string, report: GlassReport): Figure[] {
  const { latency, ahead, frames, missed, unread, stalls, longestGap, heights } = report
  const inSeconds = (value: number) => ({ value: value / 1000, unit: 's' })
  return [
    {
      system,
      what: 'glass to glass, p50',
      ...inSeconds(latency.p50),
      note: `${frames} frames at ${heights.join(', ')}p`,
    },
    {
      system,
      what: 'glass to glass, p95',
      ...inSeconds(latency.p95),
      note: `max ${(latency.max / 1000).toFixed(2)} s`,
    },
    { system, what: 'of it in the player’s buffer, p50', ...inSeconds(ahead.p50) },
    { system, what: 'stalls', value: stalls, unit: '', note: `longest pause ${Math.round(longestGap)} ms` },
    { system, what: 'frames not shown', value: missed, unit: '', note: `${unread} shown, not readable` },
  ]
}
