import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Publishes a short clip with ffmpeg. Resolves with what it said when it is over. */
export async function publish(
  url: string,
  { args = [] as string[], output = [] as string[], seconds = 1, isRealTime = false } = {},
) {
  const input = [
    ...(isRealTime ? ['-re'] : []),
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=160x90:rate=30',
    '-f',
    'lavfi',
    '-i',
    'sine',
  ]
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '30', '-c:a', 'aac']
  const all = ['-v', 'error', '-nostdin', ...input, '-t', `${seconds}`, ...codecs, ...args, '-f', 'flv', ...output, url]
  const ffmpeg = spawn('ffmpeg', all, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  ffmpeg.stderr.on('data', (data) => {
    said += data
  })
  const [code] = (await once(ffmpeg, 'close')) as [number]
  return { code, said }
}
