import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { MediaPacket } from '../../media/ingest/publisher.ts'

const run = promisify(execFile)

export interface ClipOptions {
  seconds?: number
  /** Null: no picture. */
  video?: {
    width?: number
    height?: number
    fps?: number
    /** Frames from keyframe to keyframe. */
    gop?: number
    bFrames?: number
    /** Drops frames without a pattern, as a webcam in bad light does. */
    isVariable?: boolean
    bitrate?: string
    pixelFormat?: string
  } | null
  /** Null: no sound. A click of 50 ms at every whole second, in time with a white picture; or noise all the time. */
  audio?: { sampleRate?: number; channels?: number; codec?: 'aac' | 'libmp3lame'; isNoise?: boolean } | null
  container?: 'flv' | 'mp4'
}

/**
 * A short clip made by ffmpeg, once for the same options and then kept under the system's temporary folder: two test
 * files that ask at once both get a whole one.
 *
 * The picture is a moving test pattern, white for the first 50 ms of every second; the sound clicks then.
 */
export async function clip(options: ClipOptions = {}): Promise<string> {
  const args = clipArgs(options)
  const container = options.container ?? 'flv'
  const name = createHash('sha256').update(args.join('\0')).digest('hex').slice(0, 20)
  const directory = join(tmpdir(), 'ustat-clips')
  const path = join(directory, `${name}.${container}`)
  if (existsSync(path)) return path
  await mkdir(directory, { recursive: true })
  const unfinished = join(directory, `${name}.${process.pid}-${performance.now()}.part`)
  await run('ffmpeg', ['-v', 'error', '-y', ...args, '-f', container, unfinished])
  await rename(unfinished, path)
  return path
}

function clipArgs({ seconds = 3, video = {}, audio = {} }: ClipOptions): string[] {
  const inputs: string[] = []
  const outputs: string[] = []
  if (video) {
    const { width = 320, height = 180, fps = 30, gop = fps, bFrames = 0, isVariable = false } = video
    const flash = `drawbox=color=white:t=fill:enable='lt(mod(t,1),0.05)'`
    const drop = isVariable ? `,select='not(mod(n,30))+gt(random(1),0.4)'` : ''
    inputs.push('-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${fps},${flash}${drop}`)
    outputs.push('-map', '0:v', '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', video.pixelFormat ?? 'yuv420p')
    outputs.push('-g', `${gop}`, '-keyint_min', `${gop}`, '-sc_threshold', '0', '-bf', `${bFrames}`)
    outputs.push('-b:v', video.bitrate ?? '400k', '-fps_mode', isVariable ? 'vfr' : 'cfr')
  }
  if (audio) {
    const { sampleRate = 48000, channels = 2, codec = 'aac', isNoise = false } = audio
    const clicks = `aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.05)':s=${sampleRate}`
    inputs.push('-f', 'lavfi', '-i', isNoise ? `anoisesrc=seed=1:sample_rate=${sampleRate}` : clicks)
    outputs.push(
      '-map',
      `${video ? 1 : 0}:a`,
      '-c:a',
      codec,
      '-ar',
      `${sampleRate}`,
      '-ac',
      `${channels}`,
      '-b:a',
      '96k',
    )
  }
  return [...inputs, '-t', `${seconds}`, ...outputs, '-map_metadata', '-1', '-fflags', '+bitexact']
}

const KINDS = new Map<number, MediaPacket['kind']>([
  [8, 'audio'],
  [9, 'video'],
  [18, 'metadata'],
])

/** What RTMP ingest makes of an FLV file: its tags in order, with the file's times. */
export async function packetsOf(path: string): Promise<MediaPacket[]> {
  const bytes = await readFile(path)
  const packets: MediaPacket[] = []
  for (let at = 13; at + 15 <= bytes.length; ) {
    const size = bytes.readUIntBE(at + 1, 3)
    const kind = KINDS.get(bytes[at] ?? 0)
    const dts = bytes.readUIntBE(at + 4, 3) + (bytes[at + 7] ?? 0) * 0x1000000
    const data = Buffer.from(bytes.subarray(at + 11, at + 11 + size))
    at += 11 + size + 4
    if (!kind) continue
    const isAvc = kind === 'video' && ((data[0] ?? 0) & 0x0f) === 7
    const isAac = kind === 'audio' && (data[0] ?? 0) >> 4 === 10
    // AVC end of sequence: RTMP publishers do not send it.
    if (isAvc && data[1] === 2) continue
    packets.push({
      kind,
      isHeader: (isAvc || isAac) && data[1] === 0,
      isKeyframe: kind === 'video' && (data[0] ?? 0) >> 4 === 1,
      dts,
      pts: dts + (isAvc ? data.readIntBE(2, 3) : 0),
      data,
    })
  }
  return packets
}
