import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { glassFrames } from './glass-picture.ts'
import { drawTime, timeCode } from './time-code.ts'

const FRAME_RATE = 30
const SOUNDS = { tone: '0.2*sin(2*PI*440*t)', clicks: '0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.05)' }

export interface GlassOptions {
  /** Frames from keyframe to keyframe: 30, or the 250 of OBS as it comes. */
  gop?: number
  bFrames?: number
  videoKbps?: number
  /** Clicks stand at every whole second of the encoder's clock. */
  sound?: 'tone' | 'clicks'
}

/** OBS as it comes: no keyframe interval set, and B-frames. */
export const OBS_DEFAULTS: GlassOptions = { gop: 250, bFrames: 2 }

/** An encoder at work: 720p30 and a tone, each frame showing when it was drawn. */
export interface GlassPublisher extends AsyncDisposable {
  readonly startedAtMs: number
  readonly framesDrawn: number
  /** Ends the stream as an encoder does and returns when its process is gone, with that time. */
  stop(): Promise<number>
}

/** Publishes to an RTMP address until stopped. */
export function publishGlass(url: string, options: GlassOptions = {}): GlassPublisher {
  return runEncoder([...glassArgs(options), '-f', 'flv', '-flvflags', 'no_duration_filesize', url])
}

/** @param args ffmpeg's, its frames coming over stdin */
function runEncoder(args: readonly string[]): GlassPublisher {
  const encoder = spawn('ffmpeg', args, { stdio: ['pipe', 'ignore', 'pipe'] })
  const gone = once(encoder, 'exit')
  let said = ''
  encoder.stderr.on('data', (data) => {
    said = (said + data).slice(-2000)
  })
  // A refused publisher closes its stdin before it exits; the exit tells.
  encoder.stdin.on('error', () => {})
  const drawing = startDrawing(encoder.stdin)
  encoder.once('exit', drawing.stop)
  const stop = async () => {
    // As OBS's stop button: ffmpeg sends what it has, then FCUnpublish and deleteStream. It ends with 255 after a signal.
    encoder.kill('SIGTERM')
    await gone
    drawing.stop()
    if (encoder.exitCode !== 255) throw new Error(`the encoder stopped with ${ended(encoder)}: ${said}`)
    return Date.now()
  }
  return {
    startedAtMs: drawing.startedAtMs,
    get framesDrawn() {
      return drawing.count()
    },
    stop,
    async [Symbol.asyncDispose]() {
      drawing.stop()
      if (encoder.exitCode === null && encoder.signalCode === null) encoder.kill('SIGKILL')
      await gone
    },
  }
}

/**
 * Draws in real time: frame n when n/30 s have gone by. None is ever left out, since ffmpeg counts frames to know the
 * time: one that could not be drawn in time is drawn late, and says so.
 */
export function startDrawing(to: Writable) {
  const frames = glassFrames()
  const [startedAtMs, startedAt] = [Date.now(), performance.now()]
  let count = 0
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const draw = () => {
    while (!isStopped && performance.now() >= startedAt + (count * 1000) / FRAME_RATE) {
      const frame = frames[count % frames.length]
      // The encoder is as far behind as there are buffers: wait for it.
      if (!frame || to.writableLength > frame.bytes.length * (frames.length - 2)) break
      drawTime(frame.luma, Date.now())
      to.write(frame.bytes)
      count++
    }
    if (!isStopped) timer = setTimeout(draw, Math.max(1, startedAt + (count * 1000) / FRAME_RATE - performance.now()))
  }
  draw()
  return {
    startedAtMs,
    count: () => count,
    stop: () => {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

export function glassArgs({ gop = 30, bFrames = 0, videoKbps = 2500, sound = 'tone' }: GlassOptions): string[] {
  const { pictureWidth, pictureHeight } = timeCode
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${pictureWidth}x${pictureHeight}`]
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostats', '-fflags', 'nobuffer', '-probesize', '32'],
    ...[...raw, '-framerate', `${FRAME_RATE}`, '-i', 'pipe:0'],
    ...['-f', 'lavfi', '-i', `aevalsrc='${SOUNDS[sound]}':s=48000`, '-map', '0:v', '-map', '1:a'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'high', '-threads', '2'],
    ...['-b:v', `${videoKbps}k`, '-maxrate', `${videoKbps}k`, '-bufsize', `${videoKbps}k`],
    ...['-g', `${gop}`, '-keyint_min', `${gop}`, '-sc_threshold', '0', '-bf', `${bFrames}`],
    ...['-c:a', 'aac', '-b:a', '128k', '-flush_packets', '1', '-max_interleave_delta', '1'],
  ]
}

function ended({ exitCode, signalCode }: ChildProcess): string {
  return signalCode ?? `exit ${exitCode}`
}
