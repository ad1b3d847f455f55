import { spawn } from 'node:child_process'
import type { MediaPacket } from '../ingest/publisher.ts'
import { DECODERS } from './ffmpeg-args.ts'
import { flvHeader, flvTag } from './flv.ts'
import type { Source } from './ladder.ts'
import { bitrateOf, frameRateOf, keyframeIntervalOf, mediaOf } from './packet-facts.ts'

export { probeIsEnough } from './packet-facts.ts'

/** The machine is busy when a show starts, and a publisher waits: after this nothing comes any more. */
const LONGEST_PROBE_MS = 5000
const LARGEST_ANSWER = 64 * 1024
/** Of each kind: enough for any decoder to say what it found. */
const PACKETS_TO_DECODE = 4

export type ProbeErrorCode = 'nothing_playable' | 'probe_failed'

export class ProbeError extends Error {
  override readonly name = 'ProbeError'
  readonly code: ProbeErrorCode

  constructor(code: ProbeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * What a publisher sends, from the first packets that came. What the codecs are and how large the picture is, ffprobe
 * says from the configurations and a few frames; frame rate, keyframe interval and bitrate are counted in the packets
 * themselves, which is right for a variable frame rate too.
 *
 * A track that was announced but brought nothing is not there: the ladder would wait for it.
 *
 * @throws {ProbeError} `nothing_playable` without H.264, AAC or MP3; `probe_failed` when ffprobe could not be run
 */
export async function probe(packets: readonly MediaPacket[], signal?: AbortSignal): Promise<Source> {
  const video = mediaOf(packets, 'video')
  const audio = mediaOf(packets, 'audio')
  if (video.length + audio.length === 0) throw new ProbeError('nothing_playable', 'no media')
  const streams = await ffprobe(flvOf(packets), signal)
  const picture = streams.find((stream) => stream.codec_type === 'video')
  const sound = streams.find((stream) => stream.codec_type === 'audio')
  const source: Source = {
    video:
      picture?.codec_name && picture.width && picture.height && video.length > 0
        ? {
            codec: picture.codec_name,
            width: picture.width,
            height: picture.height,
            pixelFormat: picture.pix_fmt ?? 'yuv420p',
            frameRate: frameRateOf(video),
            keyframeIntervalSeconds: keyframeIntervalOf(video),
            bitrateBps: bitrateOf(video),
          }
        : null,
    audio:
      sound?.codec_name && sound.channels && Number(sound.sample_rate) > 0 && audio.length > 0
        ? { codec: sound.codec_name, sampleRate: Number(sound.sample_rate), channels: sound.channels }
        : null,
  }
  if (!source.video && !source.audio) throw new ProbeError('nothing_playable', 'neither H.264 nor AAC')
  return source
}

/** Configurations, then the first frames of each kind, the video from its first keyframe. */
function flvOf(packets: readonly MediaPacket[]): Buffer {
  const video = mediaOf(packets, 'video')
  const decodable = video.slice(
    Math.max(
      0,
      video.findIndex(({ isKeyframe }) => isKeyframe),
    ),
  )
  const audio = mediaOf(packets, 'audio')
  const chosen = [
    ...lastHeaders(packets),
    ...[...decodable.slice(0, PACKETS_TO_DECODE), ...audio.slice(0, PACKETS_TO_DECODE)].sort((a, b) => a.dts - b.dts),
  ]
  const first = chosen.find(({ isHeader }) => !isHeader)?.dts ?? 0
  return Buffer.concat([
    flvHeader({ hasAudio: audio.length > 0, hasVideo: video.length > 0 }),
    ...chosen.map((packet) => {
      const dts = packet.isHeader ? 0 : packet.dts - first
      return flvTag({ ...packet, dts, pts: dts + packet.pts - packet.dts })
    }),
  ])
}

function lastHeaders(packets: readonly MediaPacket[]): MediaPacket[] {
  const last = new Map<MediaPacket['kind'], MediaPacket>()
  for (const packet of packets) if (packet.isHeader) last.set(packet.kind, packet)
  return [...last.values()]
}

interface Stream {
  codec_type?: string
  codec_name?: string
  width?: number
  height?: number
  pix_fmt?: string
  sample_rate?: string
  channels?: number
}

const FFPROBE_ARGS = [
  ...['-v', 'error', '-protocol_whitelist', 'pipe', '-codec_whitelist', DECODERS, '-fpsprobesize', '0', '-f', 'flv'],
  ...[
    '-show_entries',
    'stream=codec_type,codec_name,width,height,pix_fmt,sample_rate,channels',
    '-of',
    'json',
    'pipe:0',
  ],
]

/** fluent-ffmpeg's ffprobe has neither a time limit nor a way to stop it. */
async function ffprobe(flv: Buffer, signal?: AbortSignal): Promise<Stream[]> {
  const limit = AbortSignal.timeout(LONGEST_PROBE_MS)
  const child = spawn('ffprobe', FFPROBE_ARGS, {
    stdio: ['pipe', 'pipe', 'ignore'],
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    killSignal: 'SIGKILL',
  })
  const { promise: failed, reject } = Promise.withResolvers<never>()
  child.on('error', reject)
  // It may have seen enough before it has read everything.
  child.stdin.on('error', () => {})
  child.stdin.end(flv)
  try {
    const answer = await Promise.race([failed, textOf(child.stdout)])
    return (JSON.parse(answer) as { streams?: Stream[] }).streams ?? []
  } catch (error) {
    signal?.throwIfAborted()
    throw new ProbeError('probe_failed', 'ffprobe gave no answer', { cause: error })
  } finally {
    failed.catch(() => {})
    child.kill('SIGKILL')
  }
}

async function textOf(output: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of output) {
    text += chunk.toString('utf8')
    if (text.length > LARGEST_ANSWER) throw new RangeError('an answer without an end')
  }
  return text
}
