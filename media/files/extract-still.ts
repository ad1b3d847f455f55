import { buffer } from 'node:stream/consumers'
import { ClipError, gatherClip, type OpenPath } from './gather-clip.ts'
import { limitedInput, runLimited } from './limited-process.ts'

interface Wanted {
  /** `720p` */
  rendition: string
  atSeconds: number
  /** Written on the way, and left behind. */
  file: string
  signal: AbortSignal
}

/** Enough to find the segment in which a moment lies. */
const MOMENT_SECONDS = 0.1
const LONGEST_MS = 60_000

/**
 * One picture of a rendition, in its own size.
 *
 * @returns a JPEG
 * @throws {ClipError} when there is none at that time
 */
export async function extractStill(open: OpenPath, { atSeconds, ...from }: Wanted): Promise<Buffer> {
  const { file } = from
  const signal = AbortSignal.any([from.signal, AbortSignal.timeout(LONGEST_MS)])
  const clip = await gatherClip(open, { ...from, startSeconds: atSeconds, durationSeconds: MOMENT_SECONDS, signal })
  // A moment earlier: a time that is a frame's own, rounded, must not miss it.
  const seconds = Math.max(0, clip.startSeconds - 0.001).toFixed(3)
  const { stdout, finished } = runLimited(
    'ffmpeg',
    [
      ...['-hide_banner', '-v', 'error', '-threads', '1', '-ss', seconds],
      ...[...limitedInput({ demuxer: 'mov' }), '-i', file],
      ...['-map', '0:v:0', '-frames:v', '1', '-q:v', '2', '-pix_fmt', 'yuvj420p', '-f', 'mjpeg', 'pipe:1'],
    ],
    signal,
  )
  const [jpeg, { code, complaint }] = await Promise.all([buffer(stdout), finished])
  from.signal.throwIfAborted()
  if (code !== 0 || jpeg.length === 0) throw new ClipError(complaint.trim().split('\n').at(-1) || 'no picture')
  return jpeg
}
