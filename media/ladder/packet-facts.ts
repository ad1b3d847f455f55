import type { MediaPacket } from '../ingest/publisher.ts'

/** Media to decide on at most, in milliseconds. */
const LONGEST_LOOK_MS = 2000
/** A track that has brought nothing while another brought this much does not exist. */
const ABSENT_AFTER_MS = 900
/** Of several keyframes within less than this the rhythm cannot be told, nor the frame rate. */
const SHORTEST_LOOK_MS = 450

/**
 * True when these first packets tell enough to choose a ladder:
 *   - two seconds of media, whatever they hold; an encoder with OBS's default of 250 frames is decided here; or
 *   - a second keyframe (at one second with the usual setting), and both tracks or one clearly alone; or
 *   - sound for 0.9 s without a trace of video.
 */
export function probeIsEnough(packets: readonly MediaPacket[]): boolean {
  const video = mediaOf(packets, 'video')
  const audio = mediaOf(packets, 'audio')
  const lookedMs = spanOf([...video, ...audio])
  if (lookedMs >= LONGEST_LOOK_MS) return true
  const isAnnounced = (kind: MediaPacket['kind']) => packets.some((packet) => packet.isHeader && packet.kind === kind)
  if (video.length === 0) return audio.length > 0 && !isAnnounced('video') && lookedMs >= ABSENT_AFTER_MS

  const isSoundSettled = audio.length > 0 || (!isAnnounced('audio') && lookedMs >= ABSENT_AFTER_MS)
  return isSoundSettled && lookedMs >= SHORTEST_LOOK_MS && keyframesOf(video).length >= 2
}

/** What carries picture or sound, in order of arrival. */
export function mediaOf(packets: readonly MediaPacket[], kind: MediaPacket['kind']): MediaPacket[] {
  return packets.filter((packet) => packet.kind === kind && !packet.isHeader && packet.data.length > 0)
}

/**
 * Frames a second. Where the distance varies it is the rate of the shorter ones: what the stream can rise to, which is
 * what FRAME-RATE in a playlist means and what an encoder must be ready for.
 */
export function frameRateOf(video: readonly MediaPacket[]): number {
  const times = video.map(({ pts }) => pts).sort((a, b) => a - b)
  const distances = times.slice(1).map((pts, index) => pts - (times[index] ?? 0))
  const sorted = distances.filter((distance) => distance > 0).sort((a, b) => a - b)
  const usual = sorted[Math.floor(sorted.length * 0.25)]
  if (usual === undefined) return 30
  // Whole milliseconds: 33 and 34 take turns, and the mean of those near the usual one is nearly exact.
  const near = sorted.filter((distance) => Math.abs(distance - usual) <= Math.max(1, usual * 0.1))
  const rate = (1000 * near.length) / near.reduce((sum, distance) => sum + distance, 0)
  const whole = Math.round(rate)
  const couldBeWhole = Math.abs(rate - whole) < (rate * 0.5) / usual
  return Math.min(120, couldBeWhole ? whole : Math.round(rate * 100) / 100)
}

/** Longest distance between two keyframes, in seconds; null when there is only one. */
export function keyframeIntervalOf(video: readonly MediaPacket[]): number | null {
  const times = keyframesOf(video).map(({ dts }) => dts)
  const distances = times.slice(1).map((dts, index) => dts - (times[index] ?? 0))
  return distances.length > 0 ? Math.max(...distances) / 1000 : null
}

/** Mean, in bits a second. */
export function bitrateOf(packets: readonly MediaPacket[]): number {
  const bytes = packets.reduce((sum, { data }) => sum + data.length, 0)
  return Math.round((bytes * 8 * 1000) / Math.max(spanOf(packets), 1000 / 30))
}

function keyframesOf(video: readonly MediaPacket[]): MediaPacket[] {
  return video.filter(({ isKeyframe }) => isKeyframe)
}

/** From the first to the last decode time, in milliseconds. */
function spanOf(packets: readonly MediaPacket[]): number {
  if (packets.length === 0) return 0
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { dts } of packets) {
    least = Math.min(least, dts)
    most = Math.max(most, dts)
  }
  return most - least
}
