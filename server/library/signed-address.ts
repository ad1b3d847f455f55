import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Middleware } from 'koa'
import type { Config } from '../../config/config.ts'
import { contentTypeOf } from '../../media/storage/content-type.ts'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { hashOfKey } from './library-path.ts'

const SIGNED_SECONDS = 3600
const route = /^\/api\/library\/files\/(\d{10})\/([A-Za-z0-9_-]{43})\/(library\/[0-9a-f]{2}\/[0-9a-z.]{64,73})$/

/** Opens one file of the library for an hour, without further proof: the store's own address, or ours where it has none. */
export async function signedAddress(
  store: ObjectStore,
  config: Pick<Config, 'publicUrl' | 'secrets'>,
  key: string,
  now = new Date(),
): Promise<string> {
  const presigned = await store.presign(key, SIGNED_SECONDS)
  if (presigned !== null) return presigned
  const expires = String(Math.floor(now.getTime() / 1000) + SIGNED_SECONDS)
  const mac = macOf(key, expires, config.secrets.token).toString('base64url')
  return `${config.publicUrl}/api/library/files/${expires}/${mac}/${key}`
}

/**
 * Where anybody finds a file of the library, for as long as it is there: a copy below `public/`.
 *
 * @throws {ObjectStoreError} `not_found`
 */
export async function publicAddress(
  store: ObjectStore,
  config: Pick<Config, 'publicUrl'>,
  key: string,
): Promise<string> {
  const target = `public/library/${key.slice(key.lastIndexOf('/') + 1)}`
  await store.copy(key, target)
  return store.publicUrl(target) ?? `${config.publicUrl}${target.replace(/^public\//, '/api/files/')}`
}

/** `GET /api/library/files/<expires>/<mac>/<key>`; nothing of the path is a file's name until the signature is right. */
export function signedFiles({ store, config }: Pick<Context, 'store' | 'config'>): Middleware {
  return async (ctx, next) => {
    const [, expires = '', mac = '', key = ''] = route.exec(ctx.path) ?? []
    if (!expires || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    const isRight = timingSafeEqual(Buffer.from(mac, 'base64url'), macOf(key, expires, config.secrets.token))
    // Wrong, edited, expired: one answer.
    if (!isRight || Number(expires) * 1000 <= Date.now() || !hashOfKey(key)) throw new DomainError('not_found')
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.set('Cross-Origin-Resource-Policy', 'cross-origin')
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.set('Cache-Control', 'private, max-age=300')
    if (store.kind === 'disk') {
      ctx.set('X-Accel-Redirect', `/_store/${key}`)
      ctx.body = ''
      ctx.type = contentTypeOf(key)
      return
    }
    try {
      const presigned = await store.presign(key, SIGNED_SECONDS)
      if (presigned !== null) return ctx.redirect(presigned)
      const { body, size } = await store.get(key)
      ctx.body = body
      ctx.type = contentTypeOf(key)
      ctx.length = size
    } catch (error) {
      if (!(error instanceof ObjectStoreError)) throw error
      throw new DomainError(error.code === 'not_found' ? 'not_found' : 'store_unavailable', {}, { cause: error })
    }
  }
}

function macOf(key: string, expires: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(`library file ${expires} ${key}`).digest()
}
