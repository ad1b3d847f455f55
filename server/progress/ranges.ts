/** Stretches of a video in seconds. Pure. */
export type Range = [from: number, to: number]

/** As many as are kept of one learner and lesson: somebody who jumps about must not fill the database. */
export const MAX_RANGES = 100

/** What of it can have been watched at all: whole, forwards, within the video; to the millisecond. */
export function cleanRanges(ranges: readonly Range[], longest: number): Range[] {
  return ranges.flatMap(([from, to]): Range[] => {
    if (!Number.isFinite(from) || !Number.isFinite(to) || from < 0) return []
    const clipped: Range = [toMs(from), toMs(Math.min(to, longest))]
    return clipped[1] > clipped[0] ? [clipped] : []
  })
}

/** Their union, in order, none touching another. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = []
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

/** Their union; where there are too many of them the smallest gaps count as watched. */
export function unite(...lists: (readonly Range[])[]): Range[] {
  const merged = mergeRanges(lists.flat())
  const excess = merged.length - MAX_RANGES
  if (excess <= 0) return merged
  const gapBefore = (index: number) => (merged[index]?.[0] ?? 0) - (merged[index - 1]?.[1] ?? 0)
  const closed = new Set(
    merged
      .keys()
      .drop(1)
      .toArray()
      .sort((a, b) => gapBefore(a) - gapBefore(b))
      .slice(0, excess),
  )
  const bounded: Range[] = []
  for (const [index, [from, to]] of merged.entries()) {
    const last = bounded.at(-1)
    if (last && closed.has(index)) last[1] = to
    else bounded.push([from, to])
  }
  return bounded
}

/** Seconds in a union. */
export function secondsOf(ranges: readonly Range[]): number {
  return toMs(ranges.reduce((sum, [from, to]) => sum + to - from, 0))
}

/**
 * Adds what somebody says they watched to what is known of them, as far as there was time for it: what is new beyond
 * `credit` seconds is left out, the later stretches first.
 *
 * @returns never less than `known`, and at most `credit` seconds more
 */
export function admit(known: readonly Range[], claimed: readonly Range[], credit: number): Range[] {
  const before = secondsOf(known)
  const whole = unite(known, claimed)
  if (secondsOf(whole) - before <= credit) return whole
  let left = credit
  const taken: Range[] = []
  for (const [from, to] of without(mergeRanges(claimed), known)) {
    const length = Math.min(to - from, left)
    if (length > 0) taken.push([from, Math.floor((from + length) * 1000) / 1000])
    left -= length
  }
  const part = unite(known, taken)
  return secondsOf(part) - before <= credit ? part : known.map(([from, to]) => [from, to])
}

/** What of `ranges` is in none of `others`; both in order. */
function without(ranges: readonly Range[], others: readonly Range[]): Range[] {
  return ranges.flatMap(([from, to]) => {
    const rest: Range[] = []
    let at = from
    for (const [start, end] of others) {
      if (end <= at || start >= to) continue
      if (start > at) rest.push([at, start])
      at = end
    }
    if (at < to) rest.push([at, to])
    return rest
  })
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
