/** A piece of something, in seconds from its beginning. */
export interface Stretch {
  start: number
  duration: number
}

export interface StretchLimits {
  /** What there is. */
  total: number
  /** Of a piece. */
  longest: number
}

export const SHORTEST_SECONDS = 0.1

/** The other end stays where it is, until the piece would be too short or too long. */
export function moveStart({ start, duration }: Stretch, to: number, { total, longest }: StretchLimits): Stretch {
  const moved = clamp(to, 0, total - SHORTEST_SECONDS)
  const end = clamp(start + duration, moved + SHORTEST_SECONDS, Math.min(total, moved + longest))
  return tenths(moved, end)
}

export function moveEnd({ start }: Stretch, to: number, { total, longest }: StretchLimits): Stretch {
  const moved = clamp(to, SHORTEST_SECONDS, total)
  return tenths(clamp(start, Math.max(0, moved - longest), moved - SHORTEST_SECONDS), moved)
}

/** As long as it is. */
export function moveBoth({ duration }: Stretch, to: number, { total, longest }: StretchLimits): Stretch {
  const kept = Math.min(duration, longest, total)
  const start = clamp(to, 0, total - kept)
  return tenths(start, start + kept)
}

/** What of something long is shown while a piece of it is picked: two minutes, or twice the piece. */
export function shownAround({ start, duration }: Stretch, total: number): { from: number; to: number } {
  const length = Math.min(total, Math.max(120, duration * 2))
  const from = clamp(start + duration / 2 - length / 2, 0, total - length)
  return { from, to: from + length }
}

function tenths(start: number, end: number): Stretch {
  const round = (value: number) => Math.round(value * 10) / 10
  return { start: round(start), duration: Math.max(SHORTEST_SECONDS, round(end - start)) }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(Math.min(value, most), Math.min(least, most), 0)
}
