import type { RenditionSeam, Seam, TrackSeam } from './video-seam.ts'

/**
 * What ffmpeg is told besides, to go on at a seam:
 *
 *   file from a second before ──▶ pictures and packets of before are dropped ──▶ decode times as if it had never stopped
 *
 * The second warms up the sound's encoder, whose frames lie on the grid of those before, and is as many pictures as a decoder
 * needs behind a keyframe of an open group. The clock stays the file's own (`-copyts`). A fragmented MP4's own clock begins at the
 * first decode time, which may be negative: by so much each track is moved (`frag_discont` takes it for going on).
 */

const WARM_UP_SECONDS = 1
/** What the sound is encoded at, samples a second. */
export const SOUND_RATE = 48_000
const AAC_SAMPLES = 1024
/** Times of other clocks are rounded, the milliseconds of an encoder say; frames are further from each other. */
const NEAR_SECONDS = 0.004

/** For before `-i`. */
export function seekTo(seam: Seam): string[] {
  return ['-copyts', '-start_at_zero', '-ss', seekSeconds(seam).toFixed(3)]
}

/** For the format's options of each rendition. */
export function numberedFrom({ segment }: Seam): string[] {
  return ['-start_number', String(segment), '-hls_segment_options', 'movflags=+frag_discont']
}

/** The first steps of the filter. */
export function picturesFrom({ atSeconds, renditions }: Seam): string[] {
  const late = Math.max(...[...renditions.values()].map(({ video }) => video.lateSeconds))
  return [
    `select='gte(t,${(atSeconds - NEAR_SECONDS).toFixed(6)})'`,
    ...(late === 0 ? [] : [`setpts=PTS-${late.toFixed(6)}/TB`]),
  ]
}

/** @param tickSeconds of the file's packets */
export function copiedPicture({ video }: RenditionSeam, tickSeconds: number): string[] {
  const first = Math.ceil((nextSeconds(video) - NEAR_SECONDS) / tickSeconds)
  return ['-bsf:v', `noise=drop=lt(dts\\,${first})`]
}

/** @param tickSeconds of the file's packets when it is copied, of a sample when it is encoded */
export function soundPackets({ audio }: RenditionSeam, tickSeconds: number): string[] {
  if (!audio) return []
  const first = Math.ceil((nextSeconds(audio) - NEAR_SECONDS) / tickSeconds)
  const moved = Math.round(-audio.originSeconds / tickSeconds)
  return ['-bsf:a', `noise=drop=lt(pts\\,${first}),setts=ts=TS+${moved}`]
}

/** A sample that begins a frame of the encoder's, at or before what is decoded first. */
export function firstSample(seam: Seam): number {
  return AAC_SAMPLES * Math.floor((seekSeconds(seam) * SOUND_RATE) / AAC_SAMPLES)
}

function seekSeconds({ renditions, atSeconds }: Seam): number {
  const tracks = [...renditions.values()].flatMap(({ video, audio }) => (audio ? [video, audio] : [video]))
  return Math.max(0, Math.min(atSeconds, ...tracks.map(nextSeconds)) - WARM_UP_SECONDS)
}

/** Decode time of what comes next, on the file's clock. */
function nextSeconds({ endTicks, timescale, originSeconds }: TrackSeam): number {
  return endTicks / timescale + originSeconds
}
