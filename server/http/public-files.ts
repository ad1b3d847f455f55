import type { Middleware } from 'koa'
import type { Config } from '../../config/config.ts'
import { contentTypeOf } from '../../media/storage/content-type.ts'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'

const route =
  /^\/api\/files\/((?:courses|avatars|channels|emotes)\/[0-9a-f]{24}(?:-\d{1,4}){0,4}\.(?:webp|avif)|library\/[0-9a-f]{64}(?:\.[a-z0-9]{1,8})?)$/

/** Where a browser finds a public picture: at the bucket's public domain when it has one, else here. */
export function publicUrl(store: Config['store'], key: string): string {
  if (store.kind === 's3' && store.publicUrl) return `${store.publicUrl.replace(/\/$/, '')}/${key}`
  return key.replace(/^public\//, '/api/files/')
}

/**
 * `GET /api/files/<folder>/<random>….webp` or `.avif`: pictures that anybody may see. Their names never mean another picture, and a
 * library's file never another content; but that one may be taken back.
 */
export function publicFiles({ store }: Pick<Context, 'store'>): Middleware {
  return async (ctx, next) => {
    const [, name] = route.exec(ctx.path) ?? []
    if (!name || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    const isLibrary = name.startsWith('library/')
    ctx.set('Cache-Control', isLibrary ? 'public, max-age=86400' : 'public, max-age=31536000, immutable')
    ctx.set('Cross-Origin-Resource-Policy', 'cross-origin')
    ctx.status = 200
    if (store.kind === 'disk') {
      ctx.set('X-Accel-Redirect', `/_store/public/${name}`)
      ctx.body = ''
      ctx.type = contentTypeOf(name)
      return
    }
    const { body, size } = await open(store, `public/${name}`)
    ctx.body = body
    ctx.type = contentTypeOf(name)
    ctx.length = size
  }
}

async function open(store: ObjectStore, key: string) {
  try {
    return await store.get(key)
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error
    throw new DomainError(error.code === 'not_found' ? 'not_found' : 'store_unavailable', {}, { cause: error })
  }
}
