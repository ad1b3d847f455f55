import Router from '@koa/router'
import Koa from 'koa'
import { collectDefaultMetrics } from 'prom-client'
import type { Context } from '../context.ts'
import type { RequestState } from './request.ts'

const PATIENCE_MS = 3000

/** Whether the process lives (`/health`, `/healthz`) and whether it can work (`/readyz`). */
export function healthRoutes({ orm, redis, queue, metrics }: Context): Router<RequestState> {
  const router = new Router<RequestState>()

  router.get(['/health', '/healthz'], (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    ctx.body = { status: 'ok' }
  })

  router.get('/readyz', async (ctx) => {
    const [database, cache, jobs] = await Promise.all([
      orm.em.fork().execute('select 1').then(isFine, isNot),
      redis.ping().then(isFine, isNot),
      inTime(queue.isReady()),
    ])
    const isReady = database && cache && jobs
    ctx.set('Cache-Control', 'no-store')
    ctx.status = isReady ? 200 : 503
    ctx.body = { status: isReady ? 'ok' : 'unavailable', database, redis: cache, queue: jobs }
  })

  /** On the internal socket alone: nginx has no way here. */
  router.get('/metrics', async (ctx) => {
    ctx.type = metrics.contentType
    ctx.body = await metrics.metrics()
  })

  return router
}

/** The whole web interface of a worker. */
export function healthApp(context: Context): Koa {
  collectDefaultMetrics({ register: context.metrics })
  const app = new Koa()
  app.use(healthRoutes(context).routes())
  app.on('error', (error) => context.log.error({ error }, 'an answer could not be sent'))
  return app
}

const isFine = () => true
const isNot = () => false

/** False when it fails or hangs: pg-boss waits for its database for ever. */
async function inTime(answer: Promise<boolean>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(false), PATIENCE_MS)
  try {
    return await Promise.race([answer, late.promise])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
