import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type ClipOptions, clip } from '../support/clips.ts'

/** ffmpeg in OBS's place. */
export interface Publisher extends AsyncDisposable {
  /** Says to the server that it stops, as OBS does. */
  stop(): Promise<void>
  /** Its process is gone without a word, as after a crash. */
  crash(): Promise<void>
  /** Milliseconds since 1970: its process was started. */
  startedAtMs: number
}

/** A picture of 480 lines, so that there is a ladder, and little to encode; a keyframe each second, as we advise. */
export const smallPicture: ClipOptions = { seconds: 60, video: { width: 854, height: 480, bitrate: '1200k' } }

/** Plays a clip to the address in real time; what it has encoded once costs two busy cores nothing. */
export async function publish(url: string, options: ClipOptions = smallPicture): Promise<Publisher> {
  const file = await clip(options)
  const startedAtMs = Date.now()
  const ffmpeg = spawn('ffmpeg', ['-v', 'fatal', '-re', '-i', file, '-c', 'copy', '-f', 'flv', url], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const gone = once(ffmpeg, 'exit')
  // It may be gone already when it is told to.
  ffmpeg.stdin.on('error', () => {})
  const stop = async () => {
    ffmpeg.stdin.write('q')
    await gone
  }
  const crash = async () => {
    ffmpeg.kill('SIGKILL')
    await gone
  }
  return { stop, crash, startedAtMs, [Symbol.asyncDispose]: stop }
}
