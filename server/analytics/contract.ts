import { z } from 'zod'
import { addDays, dayIn, type FigureQuery, groupings } from './period.ts'
import { type Report, reportKinds, reportStatuses } from './report.ts'

const id = z.coerce
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1)
const day = z.iso.date().refine((text) => text >= '1970-01-01' && text <= '2999-12-31')
const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/)
  .transform((code) => code.toUpperCase())

const figures = {
  /** The first and the last day, both included, in the business time zone; without them the last thirty. */
  date_from: day.optional(),
  date_to: day.optional(),
  /** Weeks begin on Monday. */
  group_by: z.enum(groupings).default('day'),
  currency: currency.optional(),
}

export const figuresQuery = z.object({
  ...figures,
  course: id.optional(),
  /** `own`: one's own progress, also of who teaches. */
  scope: z.enum(['own']).optional(),
  format: z.enum(['json', 'csv']).default('json'),
})
export const reportBody = z.strictObject({
  kind: z.enum(reportKinds),
  ...figures,
  course: z
    .int()
    .positive()
    .max(2 ** 31 - 1)
    .optional(),
  scope: z.enum(['own']).optional(),
  format: z.enum(['csv']).default('csv'),
})

export const overviewQuery = z.object({ date_from: day.optional(), date_to: day.optional() })

/** What was asked for, with the period that is meant when none is said. */
export function figureQueryOf(
  asked: Omit<z.output<typeof figuresQuery>, 'format'>,
  zone: string,
  now = new Date(),
): FigureQuery {
  const to = asked.date_to ?? dayIn(zone, now)
  return {
    from: asked.date_from ?? addDays(to, -29),
    to,
    groupBy: asked.group_by,
    course: asked.course ?? null,
    currency: asked.currency ?? null,
    isOwn: asked.scope === 'own',
  }
}

export const courseParams = z.strictObject({ id })
export const reportParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{24}$/) })

const period = z.object({
  date_from: z.string(),
  date_to: z.string(),
  group_by: z.enum(groupings),
  /** In which the days begin and end. */
  timezone: z.string(),
})
export type PeriodJson = z.infer<typeof period>

export function presentPeriod(query: FigureQuery, timezone: string): PeriodJson {
  return { date_from: query.from, date_to: query.to, group_by: query.groupBy, timezone }
}

/** `format=csv` answers `text/csv` instead. */
const csv = z.string().meta({ description: 'text/csv, with format=csv' })

/** `amount` is what came in: sales with refunds, which are negative, and the rest. */
const moneyJson = z.object({
  currency: z.string(),
  total: z.string(),
  buckets: z.array(
    z.object({
      period: z.string(),
      amount: z.string(),
      sales: z.string(),
      refunds: z.string(),
      transactions: z.int(),
    }),
  ),
})
export const revenueJson = z.union([period.extend({ currencies: z.array(moneyJson) }), csv])

export const progressJson = z.union([
  period.extend({
    students: z.int(),
    completed_students: z.int(),
    /** Percent. */
    average_progress: z.string(),
    buckets: z.array(
      z.object({ period: z.string(), learners: z.int(), lessons_started: z.int(), lessons_completed: z.int() }),
    ),
  }),
  csv,
])

export const viewsJson = z.union([
  period.extend({
    views: z.int(),
    visitors: z.int(),
    buckets: z.array(z.object({ period: z.string(), views: z.int(), visitors: z.int() })),
  }),
  csv,
])

export const courseAnalyticsJson = z.object({
  course: z.int(),
  views: z.object({ total: z.int(), visitors: z.int(), last_30_days: z.int() }),
  students: z.object({ total: z.int(), active: z.int(), completed: z.int(), last_30_days: z.int() }),
  /** Percent of the learners. */
  completion_rate: z.string(),
  average_progress: z.string(),
  lessons: z.array(
    z.object({
      lesson: z.int(),
      title: z.string(),
      started: z.int(),
      completed: z.int(),
      /** Percent, of all learners: who has not begun counts as 0. */
      average_progress: z.string(),
    }),
  ),
  /** What came in, refunds taken off; null for who may not know. */
  revenue: z.array(z.object({ currency: z.string(), total: z.string() })).nullable(),
})
export type CourseAnalyticsJson = z.infer<typeof courseAnalyticsJson>

export const overviewJson = z.object({
  date_from: z.string(),
  date_to: z.string(),
  timezone: z.string(),
  users: z.object({
    total: z.int(),
    verified: z.int(),
    by_role: z.record(z.string(), z.int()),
    new: z.int(),
    /** Who did anything in the period. */
    active: z.int(),
  }),
  courses: z.record(z.string(), z.int()),
  enrollments: z.object({ active: z.int(), completed: z.int(), new: z.int() }),
  reviews: z.object({ total: z.int(), average_rating: z.string() }),
  views: z.object({ total: z.int(), visitors: z.int() }),
  revenue: z.array(z.object({ currency: z.string(), total: z.string() })),
})
export type OverviewJson = z.infer<typeof overviewJson>

export const reportJson = z.object({
  id: z.string(),
  kind: z.enum(reportKinds),
  status: z.enum(reportStatuses),
  date_from: z.string(),
  date_to: z.string(),
  group_by: z.enum(groupings),
  course: z.int().nullable(),
  currency: z.string().nullable(),
  format: z.literal('csv'),
  size_bytes: z.int(),
  /** For its owner alone; null until it is ready. */
  download_url: z.string().nullable(),
  created_at: z.iso.datetime(),
  ready_at: z.iso.datetime().nullable(),
  /** The file is deleted then. */
  expires_at: z.iso.datetime(),
})
export type ReportJson = z.infer<typeof reportJson>

export function presentReport(report: Report): ReportJson {
  const { from, to, groupBy, course, currency } = report.params
  return {
    id: report.id,
    kind: report.kind,
    status: report.status,
    date_from: from,
    date_to: to,
    group_by: groupBy,
    course,
    currency,
    format: 'csv',
    size_bytes: report.sizeBytes,
    download_url: report.status === 'ready' ? `/api/reports/${report.id}/download/` : null,
    created_at: report.createdAt.toISOString(),
    ready_at: report.readyAt?.toISOString() ?? null,
    expires_at: report.expiresAt.toISOString(),
  }
}
