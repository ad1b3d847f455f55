/** Enough for 720p; a device that has played before knows better. */
const UNKNOWN_BPS = 4_000_000

/** What this device managed last time, so that the first rendition is neither too poor nor too rich. */
export function rememberedBandwidth(): number {
  try {
    const bps = Number(localStorage.getItem('bandwidth'))
    return Number.isFinite(bps) && bps > 100_000 ? bps : UNKNOWN_BPS
  } catch {
    return UNKNOWN_BPS
  }
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
