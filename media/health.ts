import type { BroadcastHealth, HealthWarning } from './host.ts'
import type { MediaPacket } from './ingest/publisher.ts'

const WINDOW_MS = 5000
/** Of an encoder's clock against ours. */
const CLOCK_DRIFT = 0.0001

/** What the packets of one publisher say about it; kept by arrival, so a stalled encoder shows as one. Pure: the clock comes in. */
export class HealthMeter {
  #arrivals: { atMs: number; bytes: number; isFrame: boolean }[] = []
  #lastKeyframeDts: number | null = null
  #keyframeIntervalMs: number | null = null
  #lastFrameDts: number | null = null
  #frameMs: number | null = null
  #firstAtMs: number | null = null
  #droppedFrames = 0
  #newestDts: number | null = null
  /** Least that arrival was ever after the publisher's clock, with what the two clocks may drift apart. */
  #offsetMs = Number.POSITIVE_INFINITY
  #offsetAtMs = 0

  /** A publisher begins, or its clock jumped: its lateness is counted anew. */
  restartClock(): void {
    this.#newestDts = null
    this.#offsetMs = Number.POSITIVE_INFINITY
  }

  /**
   * How late the newest packet is against the most punctual one, milliseconds: a connection that does not carry the stream
   * makes it grow, and so does an encoder that stalls.
   */
  lagMs(nowMs: number): number {
    return this.#newestDts === null ? 0 : Math.max(0, nowMs - this.#newestDts - this.#offsetMs)
  }

  take(packet: MediaPacket, nowMs: number): void {
    this.#firstAtMs ??= nowMs
    if (!packet.isHeader && packet.kind !== 'metadata') this.#compareClocks(packet.dts, nowMs)
    const isFrame = packet.kind === 'video' && !packet.isHeader
    this.#arrivals.push({ atMs: nowMs, bytes: packet.data.length, isFrame })
    this.#forget(nowMs)
    if (!isFrame) return
    if (packet.isKeyframe) {
      if (this.#lastKeyframeDts !== null) this.#keyframeIntervalMs = packet.dts - this.#lastKeyframeDts
      this.#lastKeyframeDts = packet.dts
    }
    this.#countDropped(packet.dts)
    this.#lastFrameDts = packet.dts
  }

  /** Time since the last keyframe, on the publisher's clock: known before the next one comes. */
  get openGopMs(): number {
    if (this.#lastKeyframeDts === null || this.#lastFrameDts === null) return 0
    return this.#lastFrameDts - this.#lastKeyframeDts
  }

  measure(
    nowMs: number,
  ): Pick<BroadcastHealth, 'bitrateBps' | 'frameRate' | 'keyframeIntervalSeconds' | 'droppedFrames'> {
    this.#forget(nowMs)
    const seconds = Math.min(WINDOW_MS, Math.max(1, nowMs - (this.#firstAtMs ?? nowMs))) / 1000
    const bytes = this.#arrivals.reduce((sum, arrival) => sum + arrival.bytes, 0)
    const frames = this.#arrivals.filter((arrival) => arrival.isFrame).length
    return {
      bitrateBps: Math.round((bytes * 8) / seconds),
      frameRate: Math.round((frames / seconds) * 10) / 10,
      keyframeIntervalSeconds: this.#keyframeIntervalMs === null ? null : this.#keyframeIntervalMs / 1000,
      droppedFrames: this.#droppedFrames,
    }
  }

  #compareClocks(dts: number, nowMs: number): void {
    const drifted = this.#offsetMs + (nowMs - this.#offsetAtMs) * CLOCK_DRIFT
    this.#offsetMs = Math.min(drifted, nowMs - dts)
    this.#offsetAtMs = nowMs
    this.#newestDts = Math.max(this.#newestDts ?? dts, dts)
  }

  /** Encoders that cannot keep up leave frames out: a gap of n frame times is n − 1 missing ones. */
  #countDropped(dts: number): void {
    if (this.#lastFrameDts === null) return
    const gap = dts - this.#lastFrameDts
    if (gap <= 0) return
    if (this.#frameMs === null) this.#frameMs = gap
    // Variable frame rate is not loss: only a steady source has a frame time to compare with.
    if (gap > this.#frameMs * 1.75 && gap < 1000) this.#droppedFrames += Math.round(gap / this.#frameMs) - 1
    this.#frameMs += (gap - this.#frameMs) / 16
  }

  #forget(nowMs: number): void {
    const from = nowMs - WINDOW_MS
    let old = 0
    while (old < this.#arrivals.length && (this.#arrivals[old]?.atMs ?? 0) < from) old += 1
    if (old > 0) this.#arrivals.splice(0, old)
  }
}

/** What the studio tells the publisher to change, from facts of the running show. */
export function warningsOf(facts: {
  keyframeIntervalSeconds: number | null
  hasVideo: boolean
  hasAudio: boolean
  isReencoded: boolean
  isShed: boolean
  hasJumped: boolean
  archive: ReadonlySet<'store_unavailable' | 'disk_full'>
}): HealthWarning[] {
  const warnings: HealthWarning[] = []
  if (facts.hasVideo && facts.isReencoded) {
    warnings.push(facts.keyframeIntervalSeconds === null ? 'keyframe_interval_unset' : 'keyframe_interval_long')
  }
  if (!facts.hasVideo) warnings.push('no_video')
  if (!facts.hasAudio) warnings.push('no_audio')
  if (facts.isShed) warnings.push('overloaded')
  if (facts.hasJumped) warnings.push('timestamps_jumped')
  return [...warnings, ...facts.archive]
}
