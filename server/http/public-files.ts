import type { Middleware } from 'koa'
import type { Config } from '../../config/config.ts'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'

const route = /^\/api\/files\/((?:courses|avatars|channels)\/[0-9a-f]{24}\.webp)$/

/** Where a browser finds a public picture: at the bucket's public domain when it has one, else here. */
export function publicUrl(store: Config['store'], key: string): string {
  if (store.kind === 's3' && store.publicUrl) return `${store.publicUrl.replace(/\/$/, '')}/${key}`
  return key.replace(/^public\//, '/api/files/')
}

/** `GET /api/files/<folder>/<random>.webp`: pictures that anybody may see. Their names never mean another picture. */
export function publicFiles({ store }: Pick<Context, 'store'>): Middleware {
  return async (ctx, next) => {
    const [, name] = route.exec(ctx.path) ?? []
    if (!name || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable')
    ctx.set('Cross-Origin-Resource-Policy', 'cross-origin')
    ctx.status = 200
    if (store.kind === 'disk') {
      ctx.set('X-Accel-Redirect', `/_store/public/${name}`)
      ctx.body = ''
      ctx.type = 'image/webp'
      return
    }
    const { body, size } = await open(store, `public/${name}`)
    ctx.body = body
    ctx.type = 'image/webp'
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
