import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delay } from './clock.ts'
import { type GlassOptions, glassArgs, startDrawing } from './glass-publisher.ts'
import { type Spread, spread } from './statistics.ts'

/** Milliseconds from a frame's drawing to its FLV tag, of the very encoder that publishes elsewhere. */
export async function encodeOnly(options: GlassOptions, seconds: number): Promise<Spread> {
  const args = [...glassArgs(options), '-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1']
  const encoder = spawn('ffmpeg', args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const gone = once(encoder, 'exit')
  encoder.stdin.on('error', () => {})
  const drawing = startDrawing(encoder.stdin)
  const delays: number[] = []
  let rest = Buffer.alloc(0)
  let firstPts: number | null = null // the sound's priming shifts them all
  let at = 13 // the file's own header
  encoder.stdout.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= at + 16) {
      const [type, size] = [rest.readUInt8(at), rest.readUIntBE(at + 1, 3)]
      const isPicture = type === 9 && rest.readUInt8(at + 12) === 1
      if (isPicture) {
        const dts = rest.readUIntBE(at + 4, 3) + rest.readUInt8(at + 7) * 0x1000000
        const pts = dts + rest.readIntBE(at + 13, 3)
        firstPts ??= pts
        const frame = Math.round(((pts - firstPts) * 30) / 1000)
        delays.push(Date.now() - (drawing.startedAtMs + (frame * 1000) / 30))
      }
      rest = rest.subarray(Math.min(rest.length, at + 11 + size + 4))
      at = 0
    }
  })
  await delay(seconds * 1000)
  encoder.kill('SIGKILL')
  await gone
  drawing.stop()
  // It starts with what waited for it.
  return spread(delays.slice(60))
}
