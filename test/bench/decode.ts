import { spawn } from 'node:child_process'
import { parseTime, timeCode } from './time-code.ts'

const { pictureWidth, pictureHeight, left, top, block, columns, rows } = timeCode
const SAMPLE_RATE = 48000

export interface DecodedPicture {
  /** Seconds on the media's own clock. */
  at: number
  /** Null: its blocks do not read. */
  drawnAtMs: number | null
}

/** The pictures of an init segment with media behind it, in the order of their presentation. */
export async function decodePictures(media: Uint8Array): Promise<DecodedPicture[]> {
  // One pixel from the middle of each block is enough, and leaves next to nothing to hand over.
  const pick = `crop=${columns * block}:${rows * block}:${left}:${top},scale=${columns}:${rows}:flags=neighbor`
  const scale = `scale=${pictureWidth}:${pictureHeight},${pick}`
  const pixels = await ffmpeg(
    ['-i', 'pipe:0', '-map', '0:v', '-vf', scale, '-fps_mode', 'passthrough', ...raw('gray')],
    media,
  )
  const times = await presentationTimes(media, 'v')
  return times.map((at, index) => {
    const words: [number, number] = [0, 0]
    for (let bit = 0; bit < columns * rows; bit++) {
      const isSet = (pixels[index * columns * rows + bit] ?? 0) > 127
      if (isSet) words[bit < 24 ? 0 : 1] |= 1 << (23 - (bit % 24))
    }
    return { at, drawnAtMs: parseTime(words[0], words[1], Date.now()) }
  })
}

/** Seconds on the media's clock at which its clicks begin. */
export async function decodeClicks(media: Uint8Array): Promise<number[]> {
  const [start = 0] = await presentationTimes(media, 'a')
  const sound = await ffmpeg(
    ['-i', 'pipe:0', '-map', '0:a', '-f', 'f32le', '-ac', '1', '-ar', `${SAMPLE_RATE}`, 'pipe:1'],
    media,
  )
  const samples = new Float32Array(sound.buffer, sound.byteOffset, Math.floor(sound.byteLength / 4))
  const clicks: number[] = []
  let quietSince = 0
  for (const [index, sample] of samples.entries()) {
    if (Math.abs(sample) < 0.2) continue
    // The first of them may be a click cut in two by the border of the segment.
    if (index - quietSince > SAMPLE_RATE / 10) clicks.push(start + index / SAMPLE_RATE)
    quietSince = index
  }
  return clicks
}

async function presentationTimes(media: Uint8Array, stream: 'v' | 'a'): Promise<number[]> {
  const show = ['-select_streams', stream, '-show_entries', 'frame=pts_time', '-of', 'csv=p=0']
  const text = await pipe('ffprobe', ['-v', 'error', '-i', 'pipe:0', ...show], media)
  return new TextDecoder()
    .decode(text)
    .split('\n')
    .flatMap((line) => (line ? [Number.parseFloat(line)] : []))
}

const raw = (format: string) => ['-f', 'rawvideo', '-pix_fmt', format, 'pipe:1']
const ffmpeg = (args: string[], input: Uint8Array) => pipe('ffmpeg', ['-v', 'error', ...args], input)

function pipe(program: string, args: string[], input: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    let said = ''
    child.stdout.on('data', (data: Buffer) => output.push(data))
    child.stderr.on('data', (data) => {
      said += data
    })
    // One that has all it wants closes its input early.
    child.stdin.on('error', () => {})
    child.on('close', (code) => {
      // A copy of its own, since views of other numbers want it aligned.
      if (code === 0) resolve(Uint8Array.from(Buffer.concat(output)))
      else reject(new Error(`${program} ends with ${code}: ${said.slice(0, 500)}`))
    })
    child.stdin.end(input)
  })
}
