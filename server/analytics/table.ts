import type { Context } from '../context.ts'
import { Course } from '../courses/course.ts'
import { toCsv } from './csv.ts'
import { findProgress, findRevenue, findViews } from './figures.ts'
import type { FigureQuery } from './period.ts'
import type { ReportKind } from './report.ts'
import type { Scope } from './scope.ts'

/** The same figures as the JSON answer, as a table; of one course, with its title in every line. */
export async function findTable(
  ports: Pick<Context, 'orm' | 'analytics'>,
  kind: ReportKind,
  scope: Scope,
  query: FigureQuery,
  zone: string,
): Promise<string> {
  const course = query.course === null ? null : await ports.orm.em.fork().findOne(Course, { id: query.course })
  const title = course?.title ?? ''
  if (kind === 'revenue') {
    const currencies = await findRevenue(ports, scope, query, zone)
    return toCsv(
      ['period', 'course', 'currency', 'amount', 'sales', 'refunds', 'transactions'],
      currencies.flatMap(({ currency, steps }) =>
        steps.map((step) => [step.period, title, currency, step.amount, step.sales, step.refunds, step.transactions]),
      ),
    )
  }
  if (kind === 'progress') {
    const { steps } = await findProgress(ports, scope, query, zone)
    return toCsv(
      ['period', 'course', 'learners', 'lessons_started', 'lessons_completed'],
      steps.map((step) => [step.period, title, step.learners, step.started, step.completed]),
    )
  }
  const { steps } = await findViews(ports, scope, query, zone)
  return toCsv(
    ['period', 'course', 'views', 'visitors'],
    steps.map((step) => [step.period, title, step.views, step.visitors]),
  )
}
