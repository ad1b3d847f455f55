import { finished, type Readable } from 'node:stream'
import type { Context as KoaContext } from 'koa'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import { DomainError } from '../errors.ts'

const types = { gif: 'image/gif', webp: 'image/webp', mp4: 'video/mp4', mp3: 'audio/mpeg' } as const

export interface Download {
  key: string
  fileName: string
  format: keyof typeof types
  sizeBytes: number
  /** Once the last byte has gone out. */
  onWhole(): void
}

/**
 * Streams a file as a download that can be gone on with (RFC 9110, 14): its length is said, one range is answered, any other
 * refused, and the name survives in any script.
 *
 * @throws {DomainError} `file_missing`, `store_unavailable`, `range_refused`
 */
export async function sendDownload(ctx: KoaContext, store: Pick<ObjectStore, 'get'>, file: Download): Promise<void> {
  const { sizeBytes: size } = file
  const etag = `"${file.key.replace(/\W/g, '')}-${size}"`
  ctx.set('Cache-Control', 'private, no-store')
  const asked = ctx.get('if-range') === '' || ctx.get('if-range') === etag ? ctx.get('range') : ''
  const range = rangeOf(asked, size)
  if (range === 'refused') {
    ctx.set('Content-Range', `bytes */${size}`)
    throw new DomainError('range_refused', { size_bytes: size })
  }
  // Before a header says that this is the file: a refusal must not be saved under its name.
  const body = ctx.method === 'HEAD' ? '' : await open(store, file.key, range)
  ctx.status = range ? 206 : 200
  if (range) ctx.set('Content-Range', `bytes ${range.start}-${range.end}/${size}`)
  ctx.set('Accept-Ranges', 'bytes')
  ctx.set('Content-Security-Policy', "sandbox; default-src 'none'")
  ctx.set('ETag', etag)
  ctx.attachment(file.fileName)
  ctx.body = body
  ctx.type = types[file.format]
  ctx.length = range ? range.end - range.start + 1 : size
  if (body === '') return
  const hasLast = !range || range.end === size - 1
  finished(ctx.res, (error) => {
    if (!error && hasLast) file.onWhole()
  })
}

async function open(
  store: Pick<ObjectStore, 'get'>,
  key: string,
  range: { start: number; end: number } | null,
): Promise<Readable> {
  try {
    return (await store.get(key, range ?? undefined)).body
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error
    throw new DomainError(error.code === 'not_found' ? 'file_missing' : 'store_unavailable', {}, { cause: error })
  }
}

function rangeOf(header: string, size: number): { start: number; end: number } | 'refused' | null {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header) ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return null
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  return start <= end && start < size ? { start, end } : 'refused'
}
