import { ObjectStoreError } from '../../media/storage/object-store.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { figureQueryOf, presentReport, reportBody, reportJson, reportParams } from './contract.ts'
import { Report } from './report.ts'
import { requestReport, requireReadyReport, requireReport } from './request-report.ts'

/** Tables that a worker writes; each is its owner's alone and is kept for a week. */
export function reportRoutes(context: Context): Api {
  const { config, settings, store, limits } = context
  const api = new Api('/api/reports', 'Analytics')

  api.get(
    '/',
    { summary: 'One’s own reports, newest first.', access: 'signed-in', answers: { 200: pageOf(reportJson) } },
    async (ctx) => {
      const { em } = ctx.state
      const own = { user: requireViewer(ctx.state).id, expiresAt: { $gt: new Date() } }
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) => em.findAndCount(Report, own, { orderBy: { createdAt: 'desc', id: 'desc' }, limit, offset }),
        (reports) => reports.map(presentReport),
      )
    },
  )

  api.post(
    '/',
    {
      summary: 'Asks for a report; a mail says when it is ready.',
      access: 'signed-in',
      body: reportBody,
      answers: { 202: reportJson },
    },
    async (ctx, { body }) => {
      const viewer = requireViewer(ctx.state)
      await limits.take('report', `u${viewer.id}`)
      const query = figureQueryOf(body, settings.get('business_timezone'))
      const report = await requestReport(ctx.state.em, viewer, body.kind, query, context)
      ctx.status = 202
      ctx.body = presentReport(report)
    },
  )

  api.get(
    '/:id',
    { summary: 'How a report is coming on.', access: 'signed-in', params: reportParams, answers: { 200: reportJson } },
    async (ctx, { params }) => {
      ctx.body = presentReport(await requireReport(ctx.state.em, requireViewer(ctx.state), params.id))
    },
  )

  api.get(
    '/:id/download',
    {
      summary: 'The file, for who asked for it and may still see what it tells of.',
      access: 'signed-in',
      params: reportParams,
      answers: { 200: { mime: 'text/csv' } },
    },
    async (ctx, { params }) => {
      const report = await requireReadyReport(ctx.state.em, requireViewer(ctx.state), params.id)
      try {
        const { body, size } = await store.get(report.key())
        ctx.attachment(`${report.kind}-${report.params.from}-${report.params.to}.csv`)
        ctx.set('Cache-Control', 'private, no-store')
        ctx.set('X-Content-Type-Options', 'nosniff')
        ctx.body = body
        ctx.type = 'text/csv; charset=utf-8'
        ctx.length = size
      } catch (error) {
        if (!(error instanceof ObjectStoreError)) throw error
        throw new DomainError(
          error.code === 'not_found' ? 'report_not_found' : 'store_unavailable',
          {},
          { cause: error },
        )
      }
    },
  )

  return api
}
