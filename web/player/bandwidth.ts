/** Enough for 720p; a device that has played before knows better. */
const UNKNOWN_BPS = 6_000_000

/** What this device managed last time, so that the first rendition is neither too poor nor too rich. */
export function rememberedBandwidth(): number {
  try {
    const bps = Number(localStorage.getItem('bandwidth'))
    return Number.isFinite(bps) && bps > 100_000 ? bps : UNKNOWN_BPS
  } catch {
    return UNKNOWN_BPS
  }
}

/** What a new connection carries in its first flights of packets, which a part should not outgrow. */
const COLD_BITS = 60_000

/**
 * What a connection that has just been opened can bring, however wide the line: it starts slowly, by round trips. A
 * first rendition that is too rich costs the viewer a stall; the next one comes within seconds.
 */
export function coldBandwidth(roundTripSeconds: number): number {
  return COLD_BITS / Math.max(roundTripSeconds, 0.001)
}

let savedAtMs = 0

export function rememberBandwidth(bps: number): void {
  const now = performance.now()
  if (!Number.isFinite(bps) || now - savedAtMs < 10_000) return
  savedAtMs = now
  try {
    localStorage.setItem('bandwidth', String(Math.round(bps)))
  } catch {
    // Storage is refused: the next visit starts from the default.
  }
}
