import type { Context as KoaContext } from 'koa'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import { DomainError } from '../errors.ts'
import type { MediaAsset } from './media-asset.ts'

/**
 * Streams a file as a download, never as a page of ours. One range is answered; any other is ignored, as a server may.
 * Who may have it was asked before.
 *
 * @throws {DomainError} `file_missing`, `store_unavailable`
 */
export async function sendAsset(ctx: KoaContext, store: ObjectStore, asset: MediaAsset): Promise<void> {
  const size = asset.sizeBytes
  const range = rangeOf(ctx.get('range'), size)
  try {
    const { body } = await store.get(asset.key, range ?? undefined)
    // Koa writes `filename*` for names that are not Latin.
    ctx.attachment(asset.fileName || 'file')
    ctx.type = asset.mime
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.set('Content-Security-Policy', "sandbox; default-src 'none'")
    ctx.set('Cache-Control', 'private, no-store')
    ctx.set('Accept-Ranges', 'bytes')
    ctx.status = range ? 206 : 200
    if (range) ctx.set('Content-Range', `bytes ${range.start}-${range.end}/${size}`)
    const { type } = ctx.response
    ctx.body = body
    ctx.type = type
    ctx.length = range ? range.end - range.start + 1 : size
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error
    throw new DomainError(error.code === 'not_found' ? 'file_missing' : 'store_unavailable', {}, { cause: error })
  }
}

function rangeOf(header: string, size: number): { start: number; end: number } | null {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header) ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return null
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  return start <= end ? { start, end } : null
}
