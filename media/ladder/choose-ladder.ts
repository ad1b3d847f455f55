import { availableParallelism } from 'node:os'
import { AUDIO_BITRATE_BPS, ENCODED_RENDITIONS, MAX_ENCODED_FRAME_RATE } from '../../config/ladder.ts'
import type { EncoderPreset, Ladder, Rendition, Source } from './ladder.ts'

export interface ChooseLadderOptions {
  /** Names that were shed. The last one left is never taken away. */
  without?: readonly string[]
  /** The publisher's keyframes turned out to be too rare after all. */
  reencodeTop?: boolean
  maxRenditions?: number
  /** What may be used; this machine's by default. */
  processors?: number
}

type Video = NonNullable<Source['video']>

/** A copied top may not make segments longer than the target duration. */
const LONGEST_COPIED_GOP_SECONDS = 2
/** A rung this near to the source's own size is the same picture at twice the work. */
const NEAREST_RUNG = 0.85
/**
 * Megapixels a second that one processor encodes with half of it left to others (packager, nginx, a browser on the
 * same machine). Measured on 2 cores, ffmpeg 5.1.9, zerolatency, a noisy picture at 30 fps: 720p + 480p + 360p
 * (47 Mpx/s) take 0.54 of a core with veryfast, 0.38 with superfast, 0.24 with ultrafast, decoding and scaling
 * included; 480p + 360p (19 Mpx/s) 0.30, 0.23 and 0.17. A rented core is about half as fast as that one.
 */
const MEGAPIXELS_PER_PROCESSOR = 30
const SUPERFAST_COST = 0.7
/** With `-maxrate 1.07 R -bufsize R` a segment of two seconds may hold this much more than the average. */
const PEAK_FACTOR = 1.25
const CONTAINER_FACTOR = 1.02

/**
 * The renditions for a source: its own size on top, then those of config/ladder.ts below it, as many as the machine
 * can encode. The top is copied when browsers can play it and its keyframes come at least every two seconds.
 *
 * When the machine is too small, the preset gets faster first, then renditions between top and lowest are left out,
 * the most expensive first: viewers keep the best picture and the one that any line can hold.
 *
 * @throws {RangeError} when the source has neither video nor audio
 */
export function chooseLadder(source: Source, options: ChooseLadderOptions = {}): Ladder {
  const { without = [], reencodeTop = false, maxRenditions = Number.POSITIVE_INFINITY } = options
  if (!source.video) return { renditions: [audioRendition(source)], keyframes: 'each-second' }

  const isCopied = !reencodeTop && canCopy(source.video)
  const lower = lowerRenditions(source.video, source.audio !== null)
  const top = isCopied
    ? copiedTop(source.video, source.audio !== null, lower[0]?.bandwidthBps ?? 0)
    : encodedTop(source.video, source.audio !== null)
  const all = [top, ...lower]
  const wanted = all.filter(({ name }) => !without.includes(name))
  const left = wanted.length > 0 ? wanted : all.slice(-1)
  const { renditions, preset } = fit(left, maxRenditions, options.processors ?? availableParallelism())
  return {
    renditions,
    keyframes: renditions.some((rendition) => rendition.isCopied) ? 'source' : 'each-second',
    preset,
  }
}

function canCopy(video: Video): boolean {
  const { codec, pixelFormat = 'yuv420p', keyframeIntervalSeconds } = video
  return (
    codec === 'h264' &&
    (pixelFormat === 'yuv420p' || pixelFormat === 'yuvj420p') &&
    keyframeIntervalSeconds !== null &&
    // Whole milliseconds and dropped frames: 2.03 s is an interval of two seconds.
    keyframeIntervalSeconds <= LONGEST_COPIED_GOP_SECONDS * 1.05
  )
}

function copiedTop(video: Video, hasAudio: boolean, nextBandwidth: number): Rendition {
  const measured = (video.bitrateBps * PEAK_FACTOR + (hasAudio ? AUDIO_BITRATE_BPS : 0)) * CONTAINER_FACTOR
  return {
    name: `${shorterSide(video)}p`,
    width: video.width,
    height: video.height,
    frameRate: video.frameRate,
    isCopied: true,
    // Two seconds of a slide say little: a top that claims less than the rung below would be every player's choice.
    bandwidthBps: Math.round(Math.max(measured, nextBandwidth * 1.3)),
    videoBitrateBps: video.bitrateBps,
    audioBitrateBps: hasAudio ? AUDIO_BITRATE_BPS : null,
  }
}

function encodedTop(video: Video, hasAudio: boolean): Rendition {
  const side = even(shorterSide(video))
  return encoded(video, side, videoBitrate(side), hasAudio)
}

function lowerRenditions(video: Video, hasAudio: boolean): Rendition[] {
  const limit = shorterSide(video) * NEAREST_RUNG
  return ENCODED_RENDITIONS.filter(({ height }) => height <= limit).map(({ height, videoBitrateBps }) =>
    encoded(video, height, videoBitrateBps, hasAudio),
  )
}

/** @param side lines of the shorter side: a phone held upright gets 720 × 1280 where a camera gets 1280 × 720 */
function encoded(video: Video, side: number, videoBitrateBps: number, hasAudio: boolean): Rendition {
  const scale = side / shorterSide(video)
  const isPortrait = video.height > video.width
  const longer = even(Math.round((Math.max(video.width, video.height) * scale) / 2) * 2)
  return {
    name: `${side}p`,
    width: isPortrait ? side : longer,
    height: isPortrait ? longer : side,
    frameRate: encodedFrameRate(video.frameRate),
    isCopied: false,
    bandwidthBps: Math.round((videoBitrateBps * PEAK_FACTOR + (hasAudio ? AUDIO_BITRATE_BPS : 0)) * CONTAINER_FACTOR),
    videoBitrateBps,
    audioBitrateBps: hasAudio ? AUDIO_BITRATE_BPS : null,
  }
}

function audioRendition(source: Source): Rendition {
  if (!source.audio) throw new RangeError('a source without video and without audio')
  return {
    name: 'audio',
    width: null,
    height: null,
    frameRate: null,
    isCopied: false,
    bandwidthBps: Math.round(AUDIO_BITRATE_BPS * 1.05 * CONTAINER_FACTOR),
    videoBitrateBps: null,
    audioBitrateBps: AUDIO_BITRATE_BPS,
  }
}

/** Every nth frame of the source, so that motion stays even: 60 → 30, 50 → 25, 59.94 → 29.97. */
export function encodedFrameRate(sourceFrameRate: number): number {
  return sourceFrameRate / Math.max(1, Math.ceil(sourceFrameRate / (MAX_ENCODED_FRAME_RATE + 1)))
}

/** Of a size that the table has, its own; of others by the number of pixels, from the next size. */
function videoBitrate(side: number): number {
  const next = ENCODED_RENDITIONS.find(({ height }) => height <= side) ?? ENCODED_RENDITIONS.at(-1)
  if (!next) throw new RangeError('no renditions are configured')
  return Math.round((next.videoBitrateBps * (side / next.height) ** 1.5) / 1000) * 1000
}

function fit(
  renditions: readonly Rendition[],
  maxRenditions: number,
  processors: number,
): { renditions: readonly Rendition[]; preset: EncoderPreset } {
  const budget = MEGAPIXELS_PER_PROCESSOR * processors
  let kept = renditions
  while (kept.length > maxRenditions && kept.length > 1) kept = withoutOne(kept)
  if (cost(kept) <= budget) return { renditions: kept, preset: 'veryfast' }
  while (cost(kept) * SUPERFAST_COST > budget && kept.length > 2) kept = withoutOne(kept)
  return { renditions: kept, preset: 'superfast' }
}

/** The most expensive but top and lowest; of those two the top stays. */
function withoutOne(renditions: readonly Rendition[]): readonly Rendition[] {
  const victim = renditions.length > 2 ? 1 : renditions.length - 1
  return renditions.filter((_, index) => index !== victim)
}

function cost(renditions: readonly Rendition[]): number {
  return renditions.reduce((sum, rendition) => sum + megapixelsPerSecond(rendition), 0)
}

/** What encoding a rendition takes, in the unit that costs grow with; 0 when nothing is encoded. */
export function megapixelsPerSecond({ isCopied, width, height, frameRate }: Rendition): number {
  return isCopied ? 0 : ((width ?? 0) * (height ?? 0) * (frameRate ?? 0)) / 1e6
}

function shorterSide({ width, height }: { width: number; height: number }): number {
  return Math.min(width, height)
}

function even(value: number): number {
  return value - (value % 2)
}
