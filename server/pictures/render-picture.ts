import sharp from 'sharp'
import { DomainError } from '../errors.ts'
import { type PictureKind, pictureKinds } from './picture-name.ts'

/** A small file can unpack to a picture that fills the memory. */
const MAX_PIXELS = 40_000_000
const LONGEST_SECONDS = 20
/** Others that wait hold their files in memory meanwhile. */
const MOST_WAITING = 16
/** By what libvips finds in them, after the first bytes have been looked at: a file may be two things at once. */
const formats: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif'])
/** A width that is hardly below the next is not worth its objects. */
const WORTH_IT = 0.8

/** Those that stand among the files of a recording or a video keep the shape that it has. */
const shapes: Record<PictureKind | 'thumbnails', { widths: readonly number[]; ratio: number | null }> = {
  ...pictureKinds,
  thumbnails: { widths: [320, 640, 1280], ratio: null },
}

// A picture has one processor at most, whatever the machine has: the others belong to the shows.
sharp.concurrency(1)

interface RenderedPicture {
  /** Smallest first. */
  widths: number[]
  files: { width: number; format: 'webp' | 'avif'; bytes: Buffer }[]
}

/**
 * Encodes a picture anew as its kind is kept: upright, cut to shape, never enlarged, in sRGB with eight bits, the first
 * frame of what moves, and without anything that cameras and programs write into files. One at a time in this process.
 *
 * AVIF takes the least effort: it is then as quick as WebP (a tenth of a second for the largest) and a fourth smaller; the
 * next ten per cent would cost twenty times as long.
 *
 * @throws {DomainError} `image_unreadable`; `too_many_requests` while many others wait
 */
export function renderPicture(bytes: Buffer, kind: keyof typeof shapes): Promise<RenderedPicture> {
  return inTurn(() =>
    render(bytes, kind).catch((error: unknown) => {
      throw new DomainError('image_unreadable', {}, { cause: error })
    }),
  )
}

async function render(bytes: Buffer, kind: keyof typeof shapes): Promise<RenderedPicture> {
  const source = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error', pages: 1 })
  const { format, autoOrient } = await source.metadata()
  if (!formats.has(format)) throw new Error(`a picture in ${format}`)
  // Before memory is asked for, not when it runs out.
  if (autoOrient.width * autoOrient.height > MAX_PIXELS) throw new Error('too many pixels')
  const { widths } = shapes[kind]
  const ratio = shapes[kind].ratio ?? autoOrient.width / autoOrient.height
  const fitting = shapes[kind].ratio === null ? autoOrient.width : Math.floor(autoOrient.height * ratio)
  const width = Math.max(1, Math.min(widths.at(-1) ?? 1, autoOrient.width, fitting))
  const { data, info } = await source
    .timeout({ seconds: LONGEST_SECONDS })
    .autoOrient()
    .resize({ width, height: heightOf(width, ratio), fit: 'cover' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const kept = [...widths.filter((smaller) => smaller < width * WORTH_IT), width]
  const files: RenderedPicture['files'] = []
  for (const across of kept) {
    const sized = () => {
      const raw = sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
      return across === width ? raw : raw.resize({ width: across, height: heightOf(across, ratio), fit: 'fill' })
    }
    files.push({ width: across, format: 'webp', bytes: await sized().webp({ quality: 80 }).toBuffer() })
    files.push({
      width: across,
      format: 'avif',
      bytes: await sized().avif({ quality: 60, effort: 0, chromaSubsampling: '4:2:0' }).toBuffer(),
    })
  }
  return { widths: kept, files }
}

function heightOf(width: number, ratio: number): number {
  return Math.max(1, Math.round(width / ratio))
}

let last: Promise<unknown> = Promise.resolve()
let waiting = 0

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= MOST_WAITING) throw new DomainError('too_many_requests', { retry_after: 10 })
  waiting += 1
  const turn = last.then(work)
  last = turn.catch(() => {})
  try {
    return await turn
  } finally {
    waiting -= 1
  }
}
