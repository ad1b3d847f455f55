import Router from '@koa/router'
import type { Context } from '../context.ts'
import type { RequestState } from './request.ts'

/** Whether the process lives (`/health`, `/healthz`) and whether it can work (`/readyz`). */
export function healthRoutes({ orm, redis, metrics }: Context): Router<RequestState> {
  const router = new Router<RequestState>()

  router.get(['/health', '/healthz'], (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    ctx.body = { status: 'ok' }
  })

  router.get('/readyz', async (ctx) => {
    const [database, cache] = await Promise.all([
      orm.em.fork().execute('select 1').then(isFine, isNot),
      redis.ping().then(isFine, isNot),
    ])
    ctx.set('Cache-Control', 'no-store')
    ctx.status = database && cache ? 200 : 503
    ctx.body = { status: database && cache ? 'ok' : 'unavailable', database, redis: cache }
  })

  /** On the internal socket alone: nginx has no way here. */
  router.get('/metrics', async (ctx) => {
    ctx.type = metrics.contentType
    ctx.body = await metrics.metrics()
  })

  return router
}

const isFine = () => true
const isNot = () => false
