import { ProgressMeter } from '../ladder/progress.ts'
import { limitedInput, runLimited } from './limited-process.ts'
import { type FileFacts, probeFile } from './probe-file.ts'

export const exportFormats = ['gif', 'webp', 'mp4', 'mp3'] as const
export type ExportFormat = (typeof exportFormats)[number]

export interface ClipOptions {
  /** Of any container that `probeFile` takes. */
  input: string
  output: string
  format: ExportFormat
  startSeconds: number
  durationSeconds: number
  /** Of the picture; never more than the source has. */
  width: number | null
  /** Of animations. */
  fps: number | null
  signal: AbortSignal
  /** Percent, 0–99. */
  onProgress(percent: number): void
}

export class ExportError extends Error {
  override readonly name = 'ExportError'
  readonly code: 'export_without_picture' | 'export_without_sound' | 'export_out_of_range' | 'broken_media'

  constructor(code: ExportError['code'], message: string) {
    super(message)
    this.code = code
  }
}

const DEFAULT_WIDTH = 480
const DEFAULT_FPS = 12
/** A cut this near to a keyframe is one at it. */
const SAME_MOMENT_SECONDS = 0.02

/**
 * A piece of a file as a GIF, an animated WebP, an MP4 or an MP3, exact to the frame. An MP4 whose beginning is a keyframe is
 * copied, any other encoded again.
 *
 * @throws {ExportError} for what cannot be made of it; {ProbeFileError}
 */
export async function exportClip(options: ClipOptions): Promise<void> {
  const facts = await probeFile(options.input, options.signal)
  if (options.format === 'mp3' ? !facts.audio : !facts.video && options.format !== 'mp4') {
    throw new ExportError(options.format === 'mp3' ? 'export_without_sound' : 'export_without_picture', options.format)
  }
  if (facts.durationSeconds !== null && options.startSeconds >= facts.durationSeconds) {
    throw new ExportError('export_out_of_range', `${options.startSeconds} s of ${facts.durationSeconds}`)
  }
  // From the first picture on, and a moment earlier: a time that is a frame's own, rounded, must not miss it.
  const from = Math.max(0, options.startSeconds + (facts.video?.startSeconds ?? 0) - 0.001)
  const isCopied = options.format === 'mp4' && options.width === null && (await mayCopy(facts, options))
  const meter = new ProgressMeter()
  const { stdout, finished } = runLimited(
    'ffmpeg',
    [
      ...['-hide_banner', '-v', 'error', '-nostats', '-progress', 'pipe:1', '-stats_period', '0.5', '-y'],
      ...['-ss', seconds(from), '-t', seconds(options.durationSeconds)],
      ...[...limitedInput(facts), '-i', options.input],
      ...outputOptions(facts, options, isCopied),
      ...['-map_metadata', '-1', '-map_chapters', '-1', '-sn', '-dn', options.output],
    ],
    options.signal,
  )
  stdout.on('data', (chunk: Buffer) => {
    meter.take(chunk, performance.now())
    const percent = meter.at(performance.now()).outTimeMs / 10 / options.durationSeconds
    options.onProgress(Math.max(0, Math.min(99, Math.floor(percent))))
  })
  const { code, complaint } = await finished
  options.signal.throwIfAborted()
  if (code !== 0) throw new ExportError('broken_media', complaint.trim().split('\n').at(-1) ?? 'ffmpeg failed')
}

function outputOptions({ video, audio }: FileFacts, options: ClipOptions, isCopied: boolean): string[] {
  const { format, fps } = options
  const picture = video ? [`0:${video.index}`] : []
  const width = Math.min(options.width ?? DEFAULT_WIDTH, video?.width ?? DEFAULT_WIDTH)
  const animated = `[${picture}]fps=${fps ?? DEFAULT_FPS},scale=${width}:-2:flags=lanczos`
  switch (format) {
    case 'gif':
      return [
        ...['-filter_complex', `${animated},split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]${PALETTE}`],
        ...['-an', '-loop', '0', '-f', 'gif'],
      ]
    case 'webp':
      return [
        ...['-filter_complex', animated, '-an', '-c:v', 'libwebp_anim', '-lossless', '0', '-q:v', '70'],
        ...['-compression_level', '4', '-loop', '0', '-f', 'webp'],
      ]
    case 'mp3':
      return ['-map', `0:${audio?.index}`, '-vn', '-c:a', 'libmp3lame', '-q:a', '2', '-f', 'mp3']
    case 'mp4': {
      const sound = audio ? ['-map', `0:${audio.index}`] : []
      const container = ['-movflags', '+faststart', '-f', 'mp4']
      if (isCopied) return [...picture.flatMap((map) => ['-map', map]), ...sound, '-c', 'copy', ...container]
      const scale = options.width === null || !video ? 'null' : `scale=${even(width)}:-2:flags=bicubic`
      return [
        ...picture.flatMap((map) => ['-map', map, '-vf', `${scale},format=yuv420p`]),
        ...(video ? ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-profile:v', 'high'] : []),
        ...sound,
        ...(audio ? ['-c:a', 'aac', '-b:a', '160k'] : []),
        ...container,
      ]
    }
  }
}

const PALETTE = 'paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle'

/** What browsers play, from a keyframe on. */
async function mayCopy({ demuxer, video }: FileFacts, options: ClipOptions): Promise<boolean> {
  if (video?.codec !== 'h264' || video.pixelFormat !== 'yuv420p' || video.isTurned) return false
  const from = options.startSeconds
  const { stdout, finished } = runLimited(
    'ffprobe',
    [
      ...['-v', 'error', ...limitedInput({ demuxer }), '-select_streams', String(video.index)],
      // Read from the keyframe before it; times from the first picture on.
      ...['-read_intervals', `${seconds(Math.max(0, from - 1))}%${seconds(from + 1)}`],
      ...['-show_entries', 'packet=pts_time,flags:stream=start_time', '-of', 'json', options.input],
    ],
    options.signal,
  )
  let text = ''
  for await (const chunk of stdout) text += String(chunk)
  if ((await finished).code !== 0) return false
  const { packets = [], streams = [] } = JSON.parse(text) as {
    packets?: { pts_time?: string; flags?: string }[]
    streams?: { start_time?: string }[]
  }
  const zero = Number(streams[0]?.start_time ?? 0)
  return packets.some(
    ({ pts_time, flags }) => flags?.includes('K') && Math.abs(Number(pts_time) - zero - from) < SAME_MOMENT_SECONDS,
  )
}

function even(value: number): number {
  return value - (value % 2)
}

/** Not `1e-7`, which ffmpeg does not read. */
function seconds(value: number): string {
  return value.toFixed(6)
}
