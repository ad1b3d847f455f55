import { randomUUID } from 'node:crypto'
import type { Middleware } from 'koa'
import { Counter, collectDefaultMetrics, Histogram, type Registry } from 'prom-client'
import { type Logger, maskPath } from '../logger.ts'
import { clientAddress } from './address.ts'
import type { RequestState } from './request.ts'

/** Gives each request an id and an address, and writes down how it went, by route rather than by path. */
export function observe(log: Logger, registry: Registry): Middleware<RequestState> {
  collectDefaultMetrics({ register: registry })
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the first byte of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3],
    registers: [registry],
  })
  const failed = new Counter({ name: 'http_errors_total', help: 'Answers of 500 and above.', registers: [registry] })
  return async (ctx, next) => {
    const startedAt = performance.now()
    const sent = ctx.get('x-request-id')
    ctx.state.requestId = /^[\w-]{8,64}$/.test(sent) ? sent : randomUUID()
    ctx.state.address = clientAddress(ctx.req)
    ctx.set('X-Request-Id', ctx.state.requestId)
    try {
      await next()
    } finally {
      const seconds = (performance.now() - startedAt) / 1000
      const route = String((ctx as { _matchedRoute?: string | RegExp })._matchedRoute ?? unroutedOf(ctx.path))
      duration.observe({ method: ctx.method, route, status: ctx.status }, seconds)
      if (ctx.status >= 500) failed.inc()
      log[ctx.status >= 500 ? 'error' : 'debug'](
        { requestId: ctx.state.requestId, method: ctx.method, path: maskPath(ctx.path), status: ctx.status, seconds },
        'request',
      )
    }
  }
}

/** What no router serves. A path would make a series for each visitor: there is one of each kind. */
function unroutedOf(path: string): string {
  return ['/vod', '/api/uploads'].find((prefix) => path.startsWith(`${prefix}/`)) ?? 'none'
}
