/** What the RTMP listener counts, of all connections since its start. */
export interface RtmpMetrics {
  connections: number
  /** Closed before the first byte: too many. */
  turnedAway: number
  /** Closed for bytes that are not RTMP, or for none in time. */
  violations: number
  /** Told why in a sentence. */
  refusals: number
  publishes: number
  receivedBytes: number
}

export function noMetrics(): RtmpMetrics {
  return { connections: 0, turnedAway: 0, violations: 0, refusals: 0, publishes: 0, receivedBytes: 0 }
}
