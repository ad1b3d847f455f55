import type { BenchBrowser } from './browser.ts'
import { delay } from './clock.ts'
import type { PageNotes, SeenFrame } from './page-reader.ts'
import { type Spread, spread } from './statistics.ts'
import { parseTime } from './time-code.ts'

/** A pause between two frames that a viewer notices. */
const STALL_MS = 250

/** A player watched for a while: milliseconds, except where it says seconds. */
export interface GlassReport {
  seconds: number
  /** From a frame's drawing to the moment the browser says it is on the screen. */
  latency: Spread
  /** Media in the buffer beyond the frame shown. */
  ahead: Spread
  frames: number
  /** Frames of the source that were never presented, as far as the drawn times tell (30 a second). */
  missed: number
  /** Presented frames whose blocks did not read. */
  unread: number
  /** Pauses over 0.25 s between frames, and `waiting` events. */
  stalls: number
  longestGap: number
  /** Heights of the renditions shown, in order. */
  heights: number[]
}

/** Opens a page, lets its player settle and watches it. */
export async function watch(
  browser: BenchBrowser,
  url: string,
  { settleSeconds = 10, seconds = 60, timeoutMs = 30_000 } = {},
): Promise<GlassReport> {
  await using viewer = await browser.open(url)
  await viewer.untilPlaying(timeoutMs)
  await delay(settleSeconds * 1000)
  const fromMs = Date.now()
  await delay(seconds * 1000)
  return report(await viewer.notes(), fromMs, seconds)
}

export function report(notes: PageNotes, fromMs: number, seconds: number): GlassReport {
  const toMs = fromMs + seconds * 1000
  const seen = notes.frames.filter(({ calledAtMs }) => calledAtMs >= fromMs && calledAtMs < toMs)
  const read = seen.flatMap((frame) => {
    const drawnAtMs = parseTime(frame.high, frame.low, frame.calledAtMs)
    return drawnAtMs === null ? [] : [{ ...frame, drawnAtMs }]
  })
  // A player that stopped for good has no last pair of frames to show it.
  const shown = [fromMs, ...seen.map(({ calledAtMs }) => calledAtMs), toMs]
  const gaps = shown.slice(1).map((at, index) => at - (shown[index] ?? at))
  const spanMs = (read.at(-1)?.drawnAtMs ?? 0) - (read[0]?.drawnAtMs ?? 0)
  const waits = notes.waitingAtMs.filter((at) => at >= fromMs && at < toMs).length
  return {
    seconds,
    latency: spread(read.map((frame) => latest(frame) - frame.drawnAtMs)),
    ahead: spread(read.map(({ ahead }) => ahead * 1000)),
    frames: seen.length,
    missed: Math.max(0, Math.round((spanMs * 30) / 1000) + 1 - read.length),
    unread: seen.length - read.length,
    stalls: Math.max(waits, gaps.filter((gap) => gap > STALL_MS).length),
    longestGap: Math.max(...gaps),
    heights: [...new Set(seen.map(({ height }) => height))],
  }
}

/** The later of the two clocks: what was read in the callback may be on the screen only a refresh later. */
function latest({ calledAtMs, shownAtMs }: SeenFrame): number {
  return Math.max(calledAtMs, shownAtMs)
}
