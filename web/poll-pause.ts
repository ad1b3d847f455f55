/** Milliseconds until the next question: `everyMs`, doubling up to 30 s with each failure in a row, jittered. */
export function pauseAfter(failures: number, everyMs: number, random: number): number {
  if (failures === 0) return everyMs
  return Math.min(30_000, everyMs * 2 ** (failures - 1)) * (0.75 + random * 0.5)
}
