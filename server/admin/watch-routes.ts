import type { FilterQuery } from '@mikro-orm/core'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { findFailures, findQueueStates } from '../jobs/overview.ts'
import { ReviewReport } from '../reviews/review-report.ts'
import { AuditLog, writeAudit } from './audit-log.ts'
import {
  type AuditQuery,
  auditJson,
  auditQuery,
  jobParams,
  presentAudit,
  presentQueues,
  presentReport,
  queueJson,
  reportJson,
  reportsQuery,
} from './contract.ts'

/** What an admin looks at: who did what, how the jobs go, which reviews somebody objects to. */
export function watchRoutes({ config, queue }: Context): Api {
  const api = new Api('/api/admin', 'Administration')

  api.get(
    '/audit-log',
    { summary: 'Who did what, newest first.', access: 'admin', query: auditQuery, answers: { 200: pageOf(auditJson) } },
    async (ctx, { query }) => {
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) =>
          ctx.state.em.findAndCount(AuditLog, conditionsOf(query), {
            populate: ['actor'],
            orderBy: { createdAt: 'desc', id: 'desc' },
            limit,
            offset,
          }),
        (lines) => lines.map(presentAudit),
      )
    },
  )

  api.get(
    '/jobs',
    { summary: 'Every queue, with what failed in it.', access: 'admin', answers: { 200: z.array(queueJson) } },
    async (ctx) => {
      const { em } = ctx.state
      ctx.body = presentQueues(await findQueueStates(em), await findFailures(em))
    },
  )

  api.post(
    '/jobs/:queue/:id/retry',
    {
      summary: 'Tries a job once more that was given up.',
      access: 'admin',
      params: jobParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      await queue.retry(params.queue, params.id)
      const { em, address } = ctx.state
      const actor = requireViewer(ctx.state).id
      writeAudit(em, {
        actor,
        address,
        action: 'job.retry',
        object: `job:${params.id}`,
        details: { queue: params.queue },
      })
      await em.flush()
      ctx.status = 204
    },
  )

  api.get(
    '/reports',
    {
      summary: 'Reviews that somebody thinks should not be there, newest report first.',
      access: 'admin',
      query: reportsQuery,
      answers: { 200: pageOf(reportJson) },
    },
    async (ctx, { query }) => {
      const conditions: FilterQuery<ReviewReport> =
        query.is_hidden === undefined ? {} : { review: { isHidden: query.is_hidden } }
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) =>
          ctx.state.em.findAndCount(ReviewReport, conditions, {
            populate: ['user', 'review.course', 'review.user'],
            orderBy: { createdAt: 'desc', id: 'desc' },
            limit,
            offset,
          }),
        (reports) => reports.map(presentReport),
      )
    },
  )

  return api
}

function conditionsOf({ actor, action, object, date_from, date_to }: AuditQuery): FilterQuery<AuditLog> {
  const beginning = action?.endsWith('.') ? `${action.replace(/[\\%_]/g, '\\$&')}%` : null
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action: beginning ? { $like: beginning } : action }),
    ...(object === undefined ? {} : { object }),
    createdAt: { ...(date_from ? { $gte: date_from } : {}), ...(date_to ? { $lt: date_to } : {}) },
  }
}
