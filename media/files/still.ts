import { PassThrough } from 'node:stream'
import ffmpeg from 'fluent-ffmpeg'

/** Below everything live; pictures can wait. */
const NICENESS = 15
const LONGEST_MS = 20_000

/**
 * The first picture of a fragmented MP4, twice: raw yuv420p of the given size (returned), and a JPEG file of the
 * picture's own size.
 *
 * @throws ffmpeg's error when there is no picture in it
 */
export async function decodeStill(
  pieces: readonly Uint8Array[],
  { width, height, jpeg }: { width: number; height: number; jpeg: string },
): Promise<Buffer> {
  const raw = new PassThrough()
  const chunks: Buffer[] = []
  raw.on('data', (chunk: Buffer) => chunks.push(chunk))
  await run(pieces, (command) =>
    command
      .inputOptions('-f', 'mp4')
      .output(raw)
      .outputOptions('-map', '0:v:0', '-frames:v', '1', '-vf', `scale=${width}:${height}`, '-pix_fmt', 'yuv420p')
      .outputFormat('rawvideo')
      .output(jpeg)
      .outputOptions('-map', '0:v:0', '-frames:v', '1', '-q:v', '4', '-pix_fmt', 'yuvj420p', '-f', 'mjpeg', '-y'),
  )
  const picture = Buffer.concat(chunks)
  if (picture.length !== (width * height * 3) / 2) throw new Error('a picture of another size than asked for')
  return picture
}

/** @throws ffmpeg's error, or the file system's through it */
export async function encodeJpeg(
  yuv420p: Uint8Array,
  { width, height, file }: { width: number; height: number; file: string },
): Promise<void> {
  await run([yuv420p], (command) =>
    command
      .inputOptions('-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`)
      .output(file)
      .outputOptions('-frames:v', '1', '-q:v', '5', '-pix_fmt', 'yuvj420p', '-f', 'mjpeg', '-y'),
  )
}

function run(
  pieces: readonly Uint8Array[],
  describe: (command: ffmpeg.FfmpegCommand) => ffmpeg.FfmpegCommand,
): Promise<void> {
  const input = new PassThrough()
  return new Promise((resolve, reject) => {
    const command = describe(ffmpeg(input).inputOptions('-threads', '1'))
    const timer = setTimeout(() => command.kill('SIGKILL'), LONGEST_MS)
    command
      .renice(NICENESS)
      .on('end', () => {
        clearTimeout(timer)
        resolve()
      })
      .on('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      .run()
    // ffmpeg closes its end once it has its picture.
    input.on('error', () => {})
    for (const piece of pieces) input.write(piece)
    input.end()
  })
}
