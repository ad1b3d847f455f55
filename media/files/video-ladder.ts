import { AUDIO_BITRATE_BPS, ENCODED_RENDITIONS, MAX_ENCODED_FRAME_RATE } from '../../config/ladder.ts'
import { tileSizeOf } from '../archive/sheet.ts'
import { limitedInput } from './limited-process.ts'
import type { AudioFacts, FileFacts, VideoFacts } from './probe-file.ts'
import {
  copiedPicture,
  firstSample,
  numberedFrom,
  picturesFrom,
  SOUND_RATE,
  seekTo,
  soundPackets,
} from './resume-arguments.ts'
import type { Seam } from './video-seam.ts'

/** One rendition of a video. */
export interface VideoRendition {
  /** `720p`, or `audio`. */
  name: string
  width: number | null
  height: number | null
  frameRate: number | null
  /** The file's own picture, not encoded again. */
  isCopied: boolean
  videoBitrateBps: number
}

export const SEGMENT_SECONDS = 4
/** The folder of the pictures for thumbnail and storyboard, beside those of the renditions. */
export const STILLS = 'stills'
const STILL_SECONDS = 10
/** More than anybody can aim at. */
const MOST_STILLS = 300
const LONGEST_SEGMENT_SECONDS = 10
/** ffmpeg writes the whole playlist anew with each segment, so the work grows with the square of their number. */
const MOST_SEGMENTS = 2000
/** Keyframes that are rarer make segments too long to begin with, and to switch at. */
const LONGEST_COPIED_GOP_SECONDS = 5
const LARGEST_COPIED_BITRATE_BPS = 8_000_000
const LARGEST_SIDE = ENCODED_RENDITIONS[0]?.height ?? 1080
/** A rung this near to the file's own size is the same picture at twice the work. */
const NEAREST_RUNG = 0.85

/** The renditions of a file, highest first, never empty. Larger pictures than the table's largest are made that. */
export function chooseVideoLadder({ video }: Pick<FileFacts, 'video'>): VideoRendition[] {
  if (!video) return [{ ...bare, name: 'audio' }]
  const side = Math.min(video.width, video.height)
  const top = Math.min(side - (side % 2), LARGEST_SIDE)
  const rungs = ENCODED_RENDITIONS.map(({ height }) => height).filter((height) => height <= side * NEAREST_RUNG)
  const isCopied = mayCopy(video)
  return [...new Set([top, ...rungs.filter((height) => height < top)])].map((height, at) => ({
    ...sizeOf(video, height),
    name: `${height}p`,
    frameRate: at === 0 && isCopied ? video.frameRate : cappedRate(video.frameRate),
    isCopied: at === 0 && isCopied,
    videoBitrateBps: at === 0 && isCopied ? video.bitrateBps : bitrateOf(height),
  }))
}

const bare = { width: null, height: null, frameRate: null, isCopied: false, videoBitrateBps: 0 }

/** What browsers play as it is, in segments that are short enough. */
function mayCopy({ codec, pixelFormat, isTurned, width, height, ...video }: VideoFacts): boolean {
  return (
    codec === 'h264' &&
    ['yuv420p', 'yuvj420p'].includes(pixelFormat) &&
    !isTurned &&
    width % 2 === 0 &&
    height % 2 === 0 &&
    Math.min(width, height) <= LARGEST_SIDE &&
    video.bitrateBps > 0 &&
    video.bitrateBps <= LARGEST_COPIED_BITRATE_BPS &&
    video.keyframeIntervalSeconds !== null &&
    video.keyframeIntervalSeconds <= LONGEST_COPIED_GOP_SECONDS
  )
}

function sizeOf({ width, height }: VideoFacts, side: number): { width: number; height: number } {
  const scale = side / Math.min(width, height)
  const longer = Math.max(2, Math.round((Math.max(width, height) * scale) / 2) * 2)
  return height > width ? { width: side, height: longer } : { width: longer, height: side }
}

function bitrateOf(side: number): number {
  const next = ENCODED_RENDITIONS.find(({ height }) => height <= side) ?? ENCODED_RENDITIONS.at(-1)
  return next ? Math.round((next.videoBitrateBps * (side / next.height) ** 1.5) / 1000) * 1000 : 0
}

/** Every nth frame, so that motion stays even. */
function cappedRate(rate: number): number {
  return rate / Math.max(1, Math.ceil(rate / (MAX_ENCODED_FRAME_RATE + 1)))
}

/**
 * One ffmpeg that decodes once and writes every rendition as CMAF segments and a growing playlist,
 * `<directory>/<rendition>/{index.m3u8,init-0.mp4,<n>.m4s}`, and now and then a picture, `<directory>/stills/<ms>` as `.jpg`
 * of the lowest rendition's size and as `.yuv` of a tile's. All renditions are cut at the same moments: encoded keyframes stand every
 * two seconds, or where the copied picture has them.
 */
export function transcodeArguments(
  file: string,
  directory: string,
  facts: FileFacts,
  ladder: readonly VideoRendition[],
  seam: Seam | null = null,
): string[] {
  const { video, audio } = facts
  // Counted from the first picture that is encoded, so behind a seam too.
  const keyframes = ladder.some(({ isCopied }) => isCopied) ? 'source' : 'expr:gte(t,n_forced*2)'
  const isEncoded = ladder.some(({ isCopied }) => !isCopied)
  return [
    ...['-hide_banner', '-v', 'error', '-nostats', '-progress', 'pipe:1', '-stats_period', '0.5', '-y'],
    // For pictures alone, keyframes are enough.
    ...(isEncoded ? [] : ['-skip_frame', 'nokey']),
    ...[...limitedInput(facts), ...(seam ? seekTo(seam) : []), '-i', file],
    // Slices of a picture in threads of their own cost more than they bring beside encoders with threads: 2 %.
    ...['-filter_complex_threads', '1'],
    ...(video ? ['-filter_complex', pictureFilter(ladder, video, facts.durationSeconds, seam)] : []),
    ...ladder.flatMap((rendition) => [
      ...(video ? videoOptions(rendition, video, keyframes, seam) : ['-vn']),
      ...(audio ? audioOptions(rendition, audio, seam) : ['-an']),
      ...['-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1', '-max_muxing_queue_size', '9999'],
      // Otherwise ffmpeg moves all by what a decoder needs in advance, which browsers take for the begin of the picture alone.
      ...['-avoid_negative_ts', 'disabled', ...(seam ? numberedFrom(seam) : [])],
      ...['-f', 'hls', '-hls_time', String(segmentSeconds(facts)), '-hls_playlist_type', 'event'],
      ...['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init-0.mp4'],
      ...['-hls_flags', 'independent_segments+temp_file'],
      ...[
        '-hls_segment_filename',
        `${directory}/${rendition.name}/%d.m4s`,
        `${directory}/${rendition.name}/index.m3u8`,
      ],
    ]),
    ...(video ? [...stillOptions('jpg', 'mjpeg', directory), ...stillOptions('yuv', 'rawvideo', directory)] : []),
  ]
}

/** Longer ones of what takes hours. */
function segmentSeconds({ durationSeconds }: FileFacts): number {
  const wanted = Math.ceil((durationSeconds ?? 0) / MOST_SEGMENTS)
  return Math.min(LONGEST_SEGMENT_SECONDS, Math.max(SEGMENT_SECONDS, wanted))
}

/** From the file to `[v_<rendition>]` of each that is encoded, and from the smallest to `[jpg]` and `[yuv]`. */
function pictureFilter(
  ladder: readonly VideoRendition[],
  video: VideoFacts,
  durationSeconds: number | null,
  seam: Seam | null,
): string {
  const isQuick = video.frameRate > MAX_ENCODED_FRAME_RATE * 1.05
  const capped = `select='key+isnan(prev_selected_t)+gte(t-prev_selected_t,1/${MAX_ENCODED_FRAME_RATE + 1})'`
  const smallest = ladder.at(-1)
  const tile = tileSizeOf({ width: smallest?.width ?? 0, height: smallest?.height ?? 0 })
  const steps = [
    ...(seam ? picturesFrom(seam) : []),
    isQuick ? capped : 'null',
    // Each from the next larger one: that costs half of what it costs from the largest.
    ...ladder
      .filter(({ isCopied }) => !isCopied)
      .map(
        ({ name, ...to }) => `scale=${to.width}:${to.height}:flags=bicubic,format=yuv420p,setsar=1,split[v_${name}]`,
      ),
    `select='isnan(prev_selected_t)+gte(t-prev_selected_t,${stillsEvery(durationSeconds)})',split[still]`,
    `scale=${tile.width}:${tile.height},format=yuv420p[yuv];[still]format=yuvj420p[jpg]`,
  ]
  return `[0:${video.index}]${steps.join(',')}`
}

/** Seconds between two pictures of the storyboard, at least. */
export function stillsEvery(durationSeconds: number | null): number {
  return Math.max(STILL_SECONDS, (durationSeconds ?? 0) / MOST_STILLS)
}

/** Each picture a file that is there when it is whole, named by its milliseconds. */
function stillOptions(kind: 'jpg' | 'yuv', codec: string, directory: string): string[] {
  return [
    ...['-map', `[${kind}]`, '-fps_mode', 'passthrough', '-enc_time_base:v', '1:1000', '-c:v', codec, '-threads', '1'],
    ...['-q:v', '4', '-f', 'image2', '-frame_pts', '1', '-atomic_writing', '1', `${directory}/${STILLS}/%d.${kind}`],
  ]
}

/** Quality rules below the ceiling: a slide takes a fraction of what a match takes. */
function videoOptions(
  rendition: VideoRendition,
  { index, tickSeconds }: VideoFacts,
  keyframes: string,
  seam: Seam | null,
): string[] {
  if (rendition.isCopied) {
    const before = seam?.renditions.get(rendition.name)
    return ['-map', `0:${index}`, '-c:v', 'copy', ...(before ? copiedPicture(before, tickSeconds) : [])]
  }
  const bitrate = rendition.videoBitrateBps
  return [
    ...['-map', `[v_${rendition.name}]`, '-fps_mode', 'passthrough', '-enc_time_base:v', '1:1000'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '23'],
    ...['-maxrate', String(bitrate), '-bufsize', String(2 * bitrate)],
    ...['-sc_threshold', '0', '-g', '600', '-force_key_frames', keyframes],
  ]
}

/** What browsers play as it is. */
export function mayCopySound({ codec, profile, channels }: AudioFacts): boolean {
  return codec === 'aac' && profile === 'LC' && channels <= 2
}

/** Loudness is left alone. */
function audioOptions({ name }: VideoRendition, audio: AudioFacts, seam: Seam | null): string[] {
  const { index, tickSeconds } = audio
  const before = seam?.renditions.get(name)
  if (mayCopySound(audio)) {
    return ['-map', `0:${index}`, '-c:a', 'copy', ...(before ? soundPackets(before, tickSeconds) : [])]
  }
  const steady = 'aresample=async=1000:first_pts='
  return [
    ...['-map', `0:${index}`, '-c:a', 'aac', '-b:a', String(AUDIO_BITRATE_BPS), '-ac', '2', '-ar', String(SOUND_RATE)],
    // The first sample is counted at the rate that comes in.
    ...['-af', seam ? `aresample=${SOUND_RATE},${steady}${firstSample(seam)}` : `${steady}0`],
    ...(before ? soundPackets(before, 1 / SOUND_RATE) : []),
  ]
}
