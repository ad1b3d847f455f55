import type { Context as KoaContext, Middleware } from 'koa'
import { ObjectStoreError } from '../../media/storage/object-store.ts'
import { verifyPathToken } from '../../media/storage/signed-path.ts'
import { sendTexts, textFile } from '../captions/send-texts.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Remembered } from '../remembered.ts'

/** The only files a recording has; anything else, `..` among it, is not found before any path is made of it. */
const file =
  /^(?:index\.m3u8|thumbnail\.jpg|thumbnail-\d{1,4}\.(?:avif|webp)|storyboard\.vtt|storyboard-\d{1,6}\.jpg|[a-z0-9-]{1,32}\/(?:index\.m3u8|init-\d{1,6}\.mp4|\d{1,9}\.m4s))$/
const chatFile = /^chat-(\d{1,5})\.json$/
const route = /^\/vod\/([^/]+)\/([0-9a-f]{24})\/(.+)$/
const placeRoute = /^\/vod-place\/([^/]+)\/([0-9a-f]{24})$/

const folders = { video: 'videos', recording: 'recordings' } as const
const types: Record<string, string> = {
  m3u8: 'application/vnd.apple.mpegurl',
  vtt: 'text/vtt; charset=utf-8',
  jpg: 'image/jpeg',
  avif: 'image/avif',
  webp: 'image/webp',
  mp4: 'video/mp4',
  m4s: 'video/iso.segment',
}
const PRESIGNED_SECONDS = 300
/** A redirect that is remembered must end well before what it points to. */
const REDIRECT_SECONDS = 240
/** A node that was silent for so long has nothing to give. */
const NODE_SILENT_MS = 60_000

interface Place {
  /** The media process that has what the store has not yet. */
  node: string | null
  /** Its playlists get longer. */
  isGrowing: boolean
}

/**
 * Decides who sends a file of a recording or a video: `GET /vod/<token>/<id>/<path>`.
 *
 *   not uploaded whole ──▶ X-Accel-Redirect to its media process
 *   disk ────────────────▶ X-Accel-Redirect to nginx
 *   S3, playlist or cues ▶ streamed, so that their relative URIs stay under the token
 *   captions, chapters ──▶ from the database, see send-texts.ts
 *   its chat ────────────▶ from the store, never from its media process, and streamed from S3: a redirect would outlive a deletion
 *   S3, anything else ───▶ 302 to a presigned URL
 *
 * Segments on disk do not come here: nginx asks `GET /vod-place/<token>/<id>` for a folder that it may send from, and
 * remembers the answer for a second, which is how long a revoked token still opens one.
 *
 * Reads no cookie: whoever has the path may play it anywhere.
 */
export function vodGateway(context: Context): Middleware {
  const { orm, revocations, store } = context
  const places = new Remembered<Place | null>(findPlace, 2000)

  return async (ctx, next) => {
    const asked = placeRoute.exec(ctx.path)
    if (asked) return sayPlace(ctx, asked[1] ?? '', asked[2] ?? '')
    if (!ctx.path.startsWith('/vod/')) return next()
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.set('Access-Control-Expose-Headers', 'Content-Length, Content-Range, Date, ETag, Location')
    ctx.set('Cross-Origin-Resource-Policy', 'cross-origin')
    if (ctx.method === 'OPTIONS') {
      ctx.set('Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS')
      ctx.set('Access-Control-Allow-Headers', 'Range, If-None-Match')
      ctx.set('Access-Control-Max-Age', '86400')
      ctx.status = 204
      return
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD, OPTIONS')
      throw new DomainError('method_not_allowed')
    }
    const [, text = '', id = '', path = ''] = route.exec(ctx.path) ?? []
    const piece = chatFile.exec(path)?.[1]
    const isTexts = textFile.test(path)
    if (piece === undefined && !isTexts && !file.test(path)) throw new DomainError('not_found')
    const kind = kindOpened(text, id)
    if (!kind) throw new DomainError('playback_refused')
    if (isTexts) return sendTexts(ctx, orm, { kind, id }, path)
    const folder = folders[kind]
    if (piece !== undefined) {
      if (folder === 'videos') throw new DomainError('not_found')
      return sendChat(ctx, id, Number(piece))
    }
    const place = await places.get(`${folder}/${id}`)
    if (!place) throw new DomainError(folder === 'videos' ? 'video_not_found' : 'recording_not_found')
    const extension = path.slice(path.lastIndexOf('.') + 1)
    ctx.type = types[extension] ?? 'application/octet-stream'
    if (place.node) return accelerate(ctx, `/_media/${place.node}/vod/${text}/${id}/${path}`)
    const isText = extension === 'm3u8' || extension === 'vtt'
    const textAge = place.isGrowing ? 'private, no-cache' : 'private, max-age=60'
    ctx.set('Cache-Control', isText ? textAge : 'private, max-age=86400, immutable')
    const key = `${folder}/${id}/${path}`
    if (store.kind === 'disk') return accelerate(ctx, `/_store/${key}`)
    if (isText) return stream(ctx, key)
    await redirect(ctx, key)
  }

  /** Null of a token that is bad, expired, edited, for another thing or revoked: one answer for all of them. */
  function kindOpened(text: string, id: string): keyof typeof folders | null {
    const token = verifyPathToken(text, context.config.secrets.token, new Date())
    if (!token || token.kind === 'broadcast' || token.id !== id || revocations.isRevoked(token)) return null
    return token.kind
  }

  /** For nginx alone, which has no such address outside. 403: it is to ask for the file itself. */
  async function sayPlace(ctx: KoaContext, text: string, id: string): Promise<void> {
    ctx.body = ''
    ctx.status = 403
    // Of a refusal too: it takes the place of what was said before.
    ctx.set('X-Accel-Expires', '1')
    const kind = kindOpened(text, id)
    if (!kind || store.kind !== 'disk') return
    const place = await places.get(`${folders[kind]}/${id}`)
    if (!place || place.node) return
    ctx.set('X-Vod-Folder', folders[kind])
    ctx.status = 204
  }

  /**
   * Pieces change, so nobody keeps them. While a message is being taken out of them they are not given to anybody, and asked
   * for again a moment later.
   */
  async function sendChat(ctx: KoaContext, id: string, piece: number): Promise<void> {
    const rows = await orm.em
      .fork()
      .execute<{ chat_pieces: number; is_due: boolean | null }[]>(
        `select chat_pieces, chat_due_at <= now() as is_due from recording where id = ? and status = 'ready'`,
        [id],
      )
    const row = rows[0]
    if (!row) throw new DomainError('recording_not_found')
    if (piece >= row.chat_pieces) throw new DomainError('not_found')
    ctx.set('Cache-Control', 'private, no-store')
    if (row.is_due) {
      ctx.set('Retry-After', '3')
      throw new DomainError('chat_unavailable')
    }
    const key = `recordings/${id}/chat-${piece}.json`
    ctx.type = 'application/json'
    if (store.kind === 'disk') return accelerate(ctx, `/_store/${key}`)
    return stream(ctx, key)
  }

  async function findPlace(of: string): Promise<Place | null> {
    const [folder, id = ''] = of.split('/')
    return folder === 'videos' ? findVideo(id) : findRecording(id)
  }

  async function findVideo(id: string): Promise<Place | null> {
    const [row] = await orm.em
      .fork()
      .execute<{ status: string }[]>(`select status from video where id = ? and status in ('processing', 'ready')`, [
        id,
      ])
    return row ? { node: null, isGrowing: row.status === 'processing' } : null
  }

  async function findRecording(id: string): Promise<Place | null> {
    const rows = await orm.em.fork().execute<{ status: string; node: string | null; is_alive: boolean | null }[]>(
      `select r.status, r.node, n.last_beat_at > ? as is_alive
         from recording r left join media_node n on n.name = r.node where r.id = ?`,
      [new Date(Date.now() - NODE_SILENT_MS), id],
    )
    const row = rows[0]
    if (!row || row.status === 'failed') return null
    return { node: row.is_alive ? row.node : null, isGrowing: false }
  }

  async function stream(ctx: KoaContext, key: string): Promise<void> {
    try {
      if (ctx.method === 'HEAD') {
        const found = await store.head(key)
        if (!found) throw new DomainError('not_found')
        ctx.status = 200
        ctx.length = found.size
        return
      }
      const { body, size } = await store.get(key)
      ctx.body = body
      ctx.length = size
    } catch (error) {
      if (!(error instanceof ObjectStoreError)) throw error
      throw new DomainError(error.code === 'not_found' ? 'not_found' : 'store_unavailable', {}, { cause: error })
    }
  }

  async function redirect(ctx: KoaContext, key: string): Promise<void> {
    const url = await store.presign(key, PRESIGNED_SECONDS)
    // On disk as yet, of a store that is moving house.
    if (url === null) return stream(ctx, key)
    ctx.remove('Content-Type')
    ctx.set('Cache-Control', `private, max-age=${REDIRECT_SECONDS}`)
    ctx.set('Location', url)
    ctx.status = 302
    ctx.body = ''
  }
}

/** nginx reads the header, drops it, and sends the file itself, ranges and all. */
function accelerate(ctx: KoaContext, target: string): void {
  ctx.status = 200
  ctx.set('X-Accel-Redirect', target)
  const { type } = ctx.response
  ctx.body = ''
  ctx.response.type = type
}
