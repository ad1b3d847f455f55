import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface SourceOptions {
  width: number
  height: number
  videoKbps: number
  seconds: number
}

/** An encoded show of this size and bitrate with a keyframe each second, made once and kept among temporary files. */
export async function sourceFile({ width, height, videoKbps, seconds }: SourceOptions): Promise<string> {
  const directory = join(tmpdir(), 'ustat-bench-sources')
  const path = join(directory, `${width}x${height}-${videoKbps}k-${seconds}s.flv`)
  if (existsSync(path)) return path
  await mkdir(directory, { recursive: true })
  const unfinished = `${path}.${process.pid}`
  const rate = ['-b:v', `${videoKbps}k`, '-minrate', `${videoKbps}k`, '-maxrate', `${videoKbps}k`]
  await promisify(execFile)('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=30,noise=alls=20:allf=t`],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', `${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', ...rate, '-bufsize', `${videoKbps}k`],
    ...['-g', '30', '-keyint_min', '30', '-sc_threshold', '0', '-bf', '0', '-x264-params', 'nal-hrd=cbr'],
    ...['-c:a', 'aac', '-b:a', '128k', '-f', 'flv', unfinished],
  ])
  await rename(unfinished, path)
  return path
}

/** An encoder that costs next to nothing: sends a file in real time, again and again, until stopped. */
export interface FilePublisher extends AsyncDisposable {
  /** Ends the stream as an encoder does; returns the time when it was told to. */
  stop(): Promise<number>
}

export function publishFile(file: string, url: string): FilePublisher {
  const input = ['-re', '-stream_loop', '-1', '-i', file, '-c', 'copy']
  const sender = spawn('ffmpeg', ['-v', 'error', '-nostdin', ...input, '-f', 'flv', url], { stdio: 'ignore' })
  const gone = once(sender, 'exit')
  const end = async (signal: NodeJS.Signals) => {
    const at = Date.now()
    if (sender.exitCode === null && sender.signalCode === null) sender.kill(signal)
    await gone
    return at
  }
  return {
    stop: () => end('SIGTERM'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
    },
  }
}
