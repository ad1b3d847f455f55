import Router from '@koa/router'
import Koa from 'koa'
import { accountRoutes } from './accounts/routes.ts'
import { adminRoutes } from './admin/routes.ts'
import { analyticsRoutes } from './analytics/routes.ts'
import { captionRoutes } from './captions/routes.ts'
import { followRoutes } from './channels/follow-routes.ts'
import { channelRoutes } from './channels/routes.ts'
import { chatHooks } from './chat/chat-hooks.ts'
import { chatRoutes } from './chat/routes.ts'
import type { Context } from './context.ts'
import { rememberedAnswers } from './courses/remembered-answers.ts'
import { courseRoutes } from './courses/routes.ts'
import { DomainError } from './errors.ts'
import { exportRoutes } from './exports/routes.ts'
import type { Api } from './http/api.ts'
import { jsonBody } from './http/body.ts'
import { csrf, hostName } from './http/csrf.ts'
import { docsRoutes } from './http/docs-routes.ts'
import { errorResponses } from './http/errors.ts'
import { healthRoutes } from './http/health.ts'
import { observe } from './http/observe.ts'
import { publicFiles } from './http/public-files.ts'
import { rateLimited } from './http/rate-limit.ts'
import type { RequestState } from './http/request.ts'
import { securityHeaders } from './http/security-headers.ts'
import { identify } from './http/viewer.ts'
import { libraryRoutes } from './library/routes.ts'
import { signedFiles } from './library/signed-address.ts'
import { mediaHooks } from './live/media-hooks.ts'
import { liveRoutes } from './live/routes.ts'
import { mailRoutes } from './mail/routes.ts'
import { noticeRoutes } from './notices/routes.ts'
import { paymentRoutes } from './payments/routes.ts'
import { sandboxRoutes } from './payments/sandbox-routes.ts'
import { webhookRoutes } from './payments/webhook-routes.ts'
import { progressRoutes } from './progress/routes.ts'
import { reviewRoutes } from './reviews/routes.ts'
import { videoRoutes } from './videos/routes.ts'
import { uploads } from './videos/uploads.ts'
import { vodGateway } from './vod/gateway.ts'
import { recordingRoutes } from './vod/routes.ts'

/** The order of the middleware and the routes; no I/O of its own. */
export function createApp(context: Context, { limitFactor = 1 } = {}): Koa<RequestState> {
  const { config, log, orm, metrics } = context
  const app = new Koa<RequestState>()
  app.on('error', (error) => log.error({ error }, 'an answer could not be sent'))

  app.use(observe(log, metrics))
  app.use(errorResponses(log))
  app.use(securityHeaders(config.publicUrl))
  app.use(rememberedAnswers(context))
  app.use(healthRoutes(context).routes())
  app.use(vodGateway(context))
  app.use(publicFiles(context))
  app.use(signedFiles(context))
  app.use(knownHost(config))
  app.use((ctx, next) => {
    ctx.state.em = orm.em.fork()
    ctx.state.viewer = null
    return next()
  })
  app.use(webhookRoutes(context).router.routes())
  app.use(jsonBody())
  app.use(sandboxRoutes(context).routes())

  const internal = mediaHooks(context)
  app.use(internal.routes())
  app.use(chatHooks(context).routes())

  app.use(identify({ viewers: context.viewers, cookies: context.cookies, jwtSecret: config.secrets.jwt }))
  app.use(csrf({ secret: config.secrets.jwt, publicUrl: config.publicUrl, allowedHosts: config.allowedHosts }))
  app.use(rateLimited(context.limits, limitFactor))

  app.use(uploads(context))

  const api = new Router<RequestState>()
  for (const { router } of documented(context)) api.use(router.routes())
  app.use(api.routes())
  app.use(api.allowedMethods())
  return app
}

/** Every feature with routes of its own; in the order that they are tried and documented. */
export function features(context: Context): Api[] {
  return [
    // Before the channels themselves: `following` is no slug.
    followRoutes,
    channelRoutes,
    liveRoutes,
    recordingRoutes,
    videoRoutes,
    captionRoutes,
    exportRoutes,
    accountRoutes,
    courseRoutes,
    adminRoutes,
    libraryRoutes,
    mailRoutes,
    progressRoutes,
    reviewRoutes,
    analyticsRoutes,
    chatRoutes,
    noticeRoutes,
    paymentRoutes,
  ].flatMap((routes) => routes(context))
}

/** The features, and what tells of them: of webhooks too, which are mounted before anybody is identified. */
export function documented(context: Context): Api[] {
  const apis = features(context)
  const routes = [...apis, webhookRoutes(context)].flatMap((api) => api.routes)
  return [...apis, docsRoutes(routes)]
}

/** With ALLOWED_HOSTS set, other names that lead here are refused: a link in a mail is never made for one of them. */
function knownHost({ publicUrl, allowedHosts }: Context['config']): Koa.Middleware<RequestState> {
  const known = new Set([new URL(publicUrl).hostname, ...allowedHosts.map(hostName)])
  return (ctx, next) => {
    // PostgreSQL's text has no zero character, so nothing is named with one.
    if (/%00/.test(ctx.url)) throw new DomainError('not_found')
    const isInternal = ctx.path.startsWith('/internal/')
    if (allowedHosts.length > 0 && !isInternal && !known.has(hostName(ctx.host))) throw new DomainError('host_refused')
    return next()
  }
}
