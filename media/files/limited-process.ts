import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

/** Below everything live. */
const NICENESS = '15'
const KILOBYTES: Record<Program, string> = { ffprobe: String(2 * 1024 ** 2), ffmpeg: String(8 * 1024 ** 2) }
const TOLD_ERROR_BYTES = 4096

/**
 * Where there is no such limit, or no setpriv (macOS), it runs without: the one, or the end together with a killed parent.
 * As a batch (sched(7), SCHED_BATCH) its many threads take longer turns and none is woken over another: 3 % less time.
 */
const LAUNCH = `ulimit -v "$1" 2>/dev/null; shift
chrt -b 0 true 2>/dev/null && batch='chrt -b 0'
command -v setpriv >/dev/null && exec setpriv --pdeathsig KILL $batch nice -n "$@"
exec $batch nice -n "$@"`

type Program = 'ffmpeg' | 'ffprobe'

/** What a file that a stranger sent may make ffmpeg do. */
export interface InputLimits {
  /** ffmpeg's name of the one container format that the file is read as. */
  demuxer: string
}

/**
 * For `-i`: a file is read as what it was found to be and nothing it names is opened. An AVI may hold subtitles that are a
 * playlist, and a playlist may name /etc/passwd or an address of the inner network: that demuxer does not exist here.
 */
export function limitedInput({ demuxer }: InputLimits): string[] {
  return ['-protocol_whitelist', 'file', '-format_whitelist', demuxer, '-codec_whitelist', CODECS, '-f', demuxer]
}

const pcm = ['s16le', 's16be', 's24le', 's24be', 's32le', 'f32le', 'u8', 'mulaw', 'alaw'].map((kind) => `pcm_${kind}`)
const CODECS = [
  ...['h264', 'hevc', 'vp8', 'vp9', 'av1', 'libdav1d', 'libaom-av1', 'mpeg4', 'mpeg2video', 'mpeg1video', 'mjpeg'],
  ...[
    'msmpeg4',
    'msmpeg4v2',
    'wmv1',
    'wmv2',
    'wmv3',
    'vc1',
    'flv',
    'h263',
    'theora',
    'prores',
    'dnxhd',
    'qtrle',
    'gif',
  ],
  ...['aac', 'mp3', 'mp3float', 'opus', 'libopus', 'vorbis', 'flac', 'alac', 'ac3', 'eac3', 'wmav2', 'amrnb', 'mp2'],
  ...pcm,
].join(',')

export interface Finished {
  code: number | null
  /** The end of what it said. */
  complaint: string
}

/**
 * ffmpeg or ffprobe with bounded memory and the lowest priority, without input; it ends with this process, however that ends. What it prints is read by the caller.
 *
 * @param signal kills it
 */
export function runLimited(
  program: Program,
  args: readonly string[],
  signal: AbortSignal,
): { stdout: Readable; finished: Promise<Finished> } {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
    'sh',
    ['-c', LAUNCH, 'sh', KILOBYTES[program], NICENESS, program, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' },
  )
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-TOLD_ERROR_BYTES)
  })
  const { promise: finished, resolve } = Promise.withResolvers<Finished>()
  child.on('error', (error) => resolve({ code: null, complaint: error.message }))
  child.on('close', (code) => resolve({ code, complaint }))
  return { stdout: child.stdout, finished }
}
