import type { Context as KoaContext } from 'koa'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { requireViewer } from '../http/request.ts'
import {
  courseAnalyticsJson,
  courseParams,
  figureQueryOf,
  figuresQuery,
  overviewJson,
  overviewQuery,
  presentPeriod,
  progressJson,
  revenueJson,
  viewsJson,
} from './contract.ts'
import { findCourseAnalytics } from './course-analytics.ts'
import { findProgress, findRevenue, findViews } from './figures.ts'
import { findOverview } from './overview.ts'
import { reportRoutes } from './report-routes.ts'
import { scopeOf } from './scope.ts'
import { findTable } from './table.ts'

/** Figures, each as far as its reader may see. */
export function analyticsRoutes(context: Context): Api[] {
  return [figureRoutes(context), courseAnalyticsRoutes(context), reportRoutes(context)]
}

function figureRoutes(context: Context): Api {
  const api = new Api('/api/analytics', 'Analytics')
  const zoneOf = () => context.settings.get('business_timezone')

  api.get(
    '/revenue',
    {
      summary: 'What came in, by day, week or month, and never two currencies in one sum.',
      access: 'signed-in',
      query: figuresQuery,
      answers: { 200: revenueJson },
    },
    async (ctx, { query: asked }) => {
      const query = figureQueryOf(asked, zoneOf())
      const scope = await scopeOf(ctx.state.em, requireViewer(ctx.state), 'revenue', query)
      if (asked.format === 'csv')
        return sendCsv(ctx, 'revenue', await findTable(context, 'revenue', scope, query, zoneOf()))
      const currencies = await findRevenue(context, scope, query, zoneOf())
      ctx.body = {
        ...presentPeriod(query, zoneOf()),
        currencies: currencies.map(({ currency, total, steps }) => ({ currency, total, buckets: steps })),
      }
    },
  )

  api.get(
    '/progress',
    {
      summary: 'Lessons begun and completed: one’s own, or those of the courses one runs.',
      access: 'signed-in',
      query: figuresQuery,
      answers: { 200: progressJson },
    },
    async (ctx, { query: asked }) => {
      const query = figureQueryOf(asked, zoneOf())
      const scope = await scopeOf(ctx.state.em, requireViewer(ctx.state), 'progress', query)
      if (asked.format === 'csv')
        return sendCsv(ctx, 'progress', await findTable(context, 'progress', scope, query, zoneOf()))
      const figures = await findProgress(context, scope, query, zoneOf())
      ctx.body = {
        ...presentPeriod(query, zoneOf()),
        students: figures.students,
        completed_students: figures.completedStudents,
        average_progress: figures.averageProgress,
        buckets: figures.steps.map(({ period, learners, started, completed }) => ({
          period,
          learners,
          lessons_started: started,
          lessons_completed: completed,
        })),
      }
    },
  )

  api.get(
    '/views',
    {
      summary:
        'How often the pages of courses were looked at: without programs and staff, once a visitor and half hour.',
      access: 'signed-in',
      query: figuresQuery,
      answers: { 200: viewsJson },
    },
    async (ctx, { query: asked }) => {
      const query = figureQueryOf(asked, zoneOf())
      const scope = await scopeOf(ctx.state.em, requireViewer(ctx.state), 'views', query)
      if (asked.format === 'csv')
        return sendCsv(ctx, 'views', await findTable(context, 'views', scope, query, zoneOf()))
      const { views, visitors, steps } = await findViews(context, scope, query, zoneOf())
      ctx.body = { ...presentPeriod(query, zoneOf()), views, visitors, buckets: steps }
    },
  )

  api.get(
    '/overview',
    {
      summary: 'The whole platform: people, courses, views and money.',
      access: 'admin',
      query: overviewQuery,
      answers: { 200: overviewJson },
    },
    async (ctx, { query: asked }) => {
      const query = figureQueryOf({ ...asked, group_by: 'month' }, zoneOf())
      ctx.body = await findOverview(context, query, zoneOf())
    },
  )

  return api
}

function courseAnalyticsRoutes(context: Context): Api {
  const api = new Api('/api/courses/:id/analytics', 'Analytics')
  api.get(
    '/',
    {
      summary: 'A course for those who run it: views, learners, completion, lesson by lesson.',
      description: 'May be a minute old, but for the money, which is there for who may know it.',
      access: 'signed-in',
      params: courseParams,
      answers: { 200: courseAnalyticsJson },
    },
    async (ctx, { params }) => {
      const found = await findCourseAnalytics(ctx.state.em, requireViewer(ctx.state), params.id, context)
      ctx.set('X-Cache', found.isKept ? 'hit' : 'miss')
      ctx.body = found.analytics
    },
  )
  return api
}

function sendCsv(ctx: KoaContext, name: string, table: string): void {
  ctx.attachment(`${name}.csv`)
  ctx.set('Cache-Control', 'private, no-store')
  ctx.body = table
  ctx.type = 'text/csv; charset=utf-8'
}
