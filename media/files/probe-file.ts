import { fileTypeFromFile } from 'file-type'
import { limitedInput, runLimited } from './limited-process.ts'

/** What an uploaded file is, as far as it matters for making renditions and exports of it. */
export interface FileFacts {
  demuxer: string
  /** Null when its container does not say (a browser's own recording). */
  durationSeconds: number | null
  video: VideoFacts | null
  audio: AudioFacts | null
}

export interface VideoFacts {
  /** Of the stream in the file. */
  index: number
  codec: string
  /** As it is shown: a phone's picture is turned. */
  width: number
  height: number
  isTurned: boolean
  pixelFormat: string
  frameRate: number
  /** Its first picture, seconds after whatever comes first in the file. */
  startSeconds: number
  /** Longest distance between two keyframes of its first minute; null with fewer than two. */
  keyframeIntervalSeconds: number | null
  bitrateBps: number
  /** Seconds of a tick of its packets. */
  tickSeconds: number
}

export interface AudioFacts {
  index: number
  codec: string
  profile: string
  channels: number
  sampleRate: number
  /** Seconds of a tick of its packets. */
  tickSeconds: number
}

export type ProbeFileErrorCode = 'not_media' | 'broken_media' | 'media_too_long' | 'picture_too_large'

export class ProbeFileError extends Error {
  override readonly name = 'ProbeFileError'
  readonly code: ProbeFileErrorCode

  constructor(code: ProbeFileErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

const LONGEST_MS = 30_000
const LONGEST_SECONDS = 12 * 3600
const LARGEST_PIXELS = 8192 * 4608
const LARGEST_ANSWER = 8 * 1024 * 1024
const LOOKED_AT_SECONDS = 60

/** By what its first bytes say; ffmpeg's own guess would take anything for a playlist or a picture list. */
const demuxers: Record<string, string> = {
  'video/mp4': 'mov',
  'video/quicktime': 'mov',
  'video/x-m4v': 'mov',
  'video/3gpp': 'mov',
  'video/3gpp2': 'mov',
  'audio/mp4': 'mov',
  'audio/x-m4a': 'mov',
  'video/webm': 'matroska',
  'video/matroska': 'matroska',
  'video/x-matroska': 'matroska',
  'video/vnd.avi': 'avi',
  'video/mp2t': 'mpegts',
  'video/MP1S': 'mpeg',
  'video/MP2P': 'mpeg',
  'video/mpeg': 'mpeg',
  'video/x-flv': 'flv',
  'video/x-ms-asf': 'asf',
  'video/x-ms-wmv': 'asf',
  'application/ogg': 'ogg',
  'video/ogg': 'ogg',
  'audio/ogg': 'ogg',
  'audio/opus': 'ogg',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/flac': 'flac',
  'audio/x-flac': 'flac',
  'audio/aac': 'aac',
  'image/gif': 'gif',
}

/**
 * What a file is by its content alone, under limits of time, memory and what may be opened.
 *
 * @throws {ProbeFileError} with what to tell its owner
 */
export async function probeFile(file: string, signal?: AbortSignal): Promise<FileFacts> {
  const type = await fileTypeFromFile(file)
  const demuxer = type && demuxers[type.mime]
  if (!demuxer) throw new ProbeFileError('not_media', `no video or sound, but ${type?.mime ?? 'something unknown'}`)
  const [{ streams = [], format = {} }, keyframeIntervalSeconds] = await Promise.all([
    ask<Answer>(file, demuxer, ['-show_streams', '-show_format'], signal),
    keyframeInterval(file, demuxer, signal),
  ])
  const picture = streams.find((each) => each.codec_type === 'video' && !each.disposition?.attached_pic && each.width)
  const sound = streams.find((each) => each.codec_type === 'audio' && each.channels && each.codec_name)
  if (!picture && !sound) throw new ProbeFileError('not_media', 'neither picture nor sound in it')
  const seconds = Number(format.duration ?? picture?.duration ?? sound?.duration)
  const durationSeconds = Number.isFinite(seconds) && seconds > 0 ? seconds : null
  if ((durationSeconds ?? 0) > LONGEST_SECONDS) throw new ProbeFileError('media_too_long', `${durationSeconds} s`)
  const video = picture ? { ...videoFacts(picture, format), keyframeIntervalSeconds } : null
  if (video && video.width * video.height > LARGEST_PIXELS) {
    throw new ProbeFileError('picture_too_large', `${video.width} × ${video.height}`)
  }
  return {
    demuxer,
    durationSeconds,
    video,
    audio: sound
      ? {
          index: sound.index,
          codec: sound.codec_name ?? '',
          profile: sound.profile ?? '',
          channels: sound.channels ?? 0,
          sampleRate: Number(sound.sample_rate),
          tickSeconds: rate(sound.time_base),
        }
      : null,
  }
}

interface Stream {
  index: number
  codec_type?: string
  codec_name?: string
  profile?: string
  width?: number
  height?: number
  pix_fmt?: string
  avg_frame_rate?: string
  r_frame_rate?: string
  bit_rate?: string
  time_base?: string
  duration?: string
  start_time?: string
  channels?: number
  sample_rate?: string
  disposition?: { attached_pic?: number }
  side_data_list?: { rotation?: number }[]
}

interface Answer {
  streams?: Stream[]
  format?: { duration?: string; bit_rate?: string; start_time?: string }
}

function videoFacts(
  stream: Stream,
  format: NonNullable<Answer['format']>,
): Omit<VideoFacts, 'keyframeIntervalSeconds'> {
  const turn = stream.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0
  const isSideways = Math.abs(turn) % 180 === 90
  const [width = 0, height = 0] = [stream.width, stream.height]
  return {
    index: stream.index,
    codec: stream.codec_name ?? '',
    width: isSideways ? height : width,
    height: isSideways ? width : height,
    isTurned: turn !== 0,
    pixelFormat: stream.pix_fmt ?? '',
    frameRate: rate(stream.avg_frame_rate) || rate(stream.r_frame_rate) || 30,
    startSeconds: Math.max(0, Number(stream.start_time ?? 0) - Number(format.start_time ?? 0)) || 0,
    bitrateBps: Number(stream.bit_rate ?? format.bit_rate ?? 0) || 0,
    tickSeconds: rate(stream.time_base),
  }
}

/** `30000/1001`; 0 of what says nothing. */
function rate(text = ''): number {
  const [over, under = '1'] = text.split('/')
  const value = Number(over) / Number(under)
  return Number.isFinite(value) && value > 0 && value <= 1000 ? value : 0
}

async function keyframeInterval(
  file: string,
  demuxer: string,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const { packets = [] } = await ask<{ packets?: { pts_time?: string; flags?: string }[] }>(
    file,
    demuxer,
    [
      ...['-select_streams', 'V:0', '-read_intervals', `%+${LOOKED_AT_SECONDS}`],
      ...['-show_entries', 'packet=pts_time,flags'],
    ],
    signal,
  )
  const times = packets.filter(({ flags }) => flags?.includes('K')).map(({ pts_time }) => Number(pts_time))
  const last = Math.max(...packets.map(({ pts_time }) => Number(pts_time)).filter(Number.isFinite))
  const gaps = [...times.slice(1), last].map((time, at) => time - (times[at] ?? 0)).filter(Number.isFinite)
  return times.length > 1 ? Math.max(...gaps) : null
}

async function ask<Result>(
  file: string,
  demuxer: string,
  what: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Result> {
  const limit = AbortSignal.timeout(LONGEST_MS)
  const { stdout, finished } = runLimited(
    'ffprobe',
    ['-v', 'error', ...limitedInput({ demuxer }), ...what, '-of', 'json', file],
    signal ? AbortSignal.any([signal, limit]) : limit,
  )
  let text = ''
  for await (const chunk of stdout) {
    text += String(chunk)
    if (text.length > LARGEST_ANSWER) throw new ProbeFileError('broken_media', 'more in it than any video has')
  }
  const { code, complaint } = await finished
  signal?.throwIfAborted()
  if (code !== 0) throw new ProbeFileError('broken_media', complaint.trim().split('\n').at(-1) ?? 'ffprobe failed')
  return JSON.parse(text) as Result
}
