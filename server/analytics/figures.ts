import Big from 'big.js'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { mirrorProgress, mirrorRevenue } from './mirror-facts.job.ts'
import { type FigureQuery, stepsOf } from './period.ts'
import type { Scope } from './scope.ts'

type Ports = Pick<Context, 'orm' | 'analytics'>

export interface RevenueStep {
  period: string
  amount: string
  sales: string
  refunds: string
  transactions: number
}
/** One currency: sums of two would mean nothing. */
export interface RevenueOfCurrency {
  currency: string
  total: string
  steps: RevenueStep[]
}

export interface ProgressStep {
  period: string
  learners: number
  started: number
  completed: number
}
export interface ProgressFigures {
  students: number
  completedStudents: number
  /** Percent, two digits. */
  averageProgress: string
  steps: ProgressStep[]
}

export interface ViewsStep {
  period: string
  views: number
  visitors: number
}
export interface ViewsFigures {
  views: number
  visitors: number
  steps: ViewsStep[]
}

/**
 * What came in, refunds taken off, for each currency there is. The mirror is brought up to date first: books are never
 * minutes old.
 */
export async function findRevenue(
  ports: Ports,
  scope: Scope,
  query: FigureQuery,
  zone: string,
): Promise<RevenueOfCurrency[]> {
  const steps = stepsOf(query.from, query.to, query.groupBy)
  await mirrorRevenue(ports)
  const where = new Where(query, zone, scope)
  const rows = await ports.analytics.em.fork().execute<(RevenueStep & { currency: string })[]>(
    `select ${where.step('f.date')} as period, f.currency, sum(f.amount)::text as amount,
            coalesce(sum(f.amount) filter (where f.transaction_type = 'sale'), 0.00)::text as sales,
            coalesce(sum(f.amount) filter (where f.transaction_type = 'refund'), 0.00)::text as refunds,
            count(*)::int as transactions
       from analytics.revenue_fact f
      where ${where.within('f.date')} and ${where.seen('f')} and (?::text is null or f.currency = ?)
      group by 1, 2 order by 2, 1`,
    [...where.values, query.currency, query.currency],
  )
  const currencies = query.currency ? [query.currency] : [...new Set(rows.map(({ currency }) => currency))]
  return currencies.map((currency) => {
    const own = rows.filter((row) => row.currency === currency)
    const total = own.reduce((sum, { amount }) => sum.plus(amount), new Big(0)).toFixed(2)
    const none = { amount: '0.00', sales: '0.00', refunds: '0.00', transactions: 0 }
    return {
      currency,
      total,
      steps: filled(steps, own, none).map(({ period, amount, sales, refunds, transactions }) => ({
        period,
        amount,
        sales,
        refunds,
        transactions,
      })),
    }
  })
}

/** Lessons that were begun and completed, and how far everybody is now. */
export async function findProgress(
  ports: Ports,
  scope: Scope,
  query: FigureQuery,
  zone: string,
): Promise<ProgressFigures> {
  const steps = stepsOf(query.from, query.to, query.groupBy)
  await mirrorProgress(ports)
  const [begun, done] = [new Where(query, zone, scope), new Where(query, zone, scope)]
  const rows = await ports.analytics.em.fork().execute<ProgressStep[]>(
    `select period, count(distinct user_id)::int as learners, sum(started)::int as started, sum(completed)::int as completed
       from (
         select ${begun.step('f.started_at')} as period, f.user_id, 1 as started, 0 as completed
           from analytics.lesson_progress_fact f where ${begun.within('f.started_at')} and ${begun.seen('f')}
         union all
         select ${done.step('f.completed_at')}, f.user_id, 0, 1
           from analytics.lesson_progress_fact f where ${done.within('f.completed_at')} and ${done.seen('f')}) happened
      group by 1 order by 1`,
    [...begun.values, ...done.values],
  )
  const now = await findStudents(ports.orm.em.fork(), scope)
  return { ...now, steps: filled(steps, rows, { learners: 0, started: 0, completed: 0 }) }
}

/** Learners of some courses, and how far they are. */
export async function findStudents(em: EntityManager, scope: Scope): Promise<Omit<ProgressFigures, 'steps'>> {
  const courses = scope.courses && JSON.stringify(scope.courses)
  const [row] = await em.execute<Omit<ProgressFigures, 'steps'>[]>(
    `select count(*)::int as students, (count(*) filter (where status = 'completed'))::int as "completedStudents",
            coalesce(round(avg(progress_percent), 2), 0.00)::text as "averageProgress"
       from enrollment
      where status in ('active', 'completed') and (?::int is null or user_id = ?)
        and (?::jsonb is null or course_id in (select jsonb_array_elements_text(?::jsonb)::int))`,
    [scope.user, scope.user, courses, courses],
  )
  return row ?? { students: 0, completedStudents: 0, averageProgress: '0.00' }
}

/** Views, one a visitor and half hour, and different visitors; a guest is another one the next day. */
export async function findViews(
  { analytics }: Pick<Context, 'analytics'>,
  scope: Scope,
  query: FigureQuery,
  zone: string,
): Promise<ViewsFigures> {
  const steps = stepsOf(query.from, query.to, query.groupBy)
  const where = new Where(query, zone, scope)
  const rows = await analytics.em.fork().execute<(Omit<ViewsStep, 'period'> & { period: string | null })[]>(
    `select period, count(*)::int as views, count(distinct visitor)::int as visitors
       from (select ${where.step('f.viewed_at')} as period, f.visitor
               from analytics.course_view f where ${where.within('f.viewed_at')} and ${where.seen('f')}) seen
      group by grouping sets ((period), ()) order by 1`,
    where.values,
  )
  const all = rows.find(({ period }) => period === null)
  const own = rows.filter((row): row is ViewsStep => row.period !== null)
  return { views: all?.views ?? 0, visitors: all?.visitors ?? 0, steps: filled(steps, own, { views: 0, visitors: 0 }) }
}

/**
 * The conditions that all figures share, as SQL with its values; `step`, `within` and `seen` are to be asked in this order,
 * the order of their question marks.
 *
 * Steps are cut where the calendar of the time zone cuts them: a day when the clocks change has 23 hours or 25.
 */
class Where {
  readonly values: unknown[] = []
  readonly #query: FigureQuery
  readonly #zone: string
  readonly #scope: Scope

  constructor(query: FigureQuery, zone: string, scope: Scope) {
    this.#query = query
    this.#zone = zone
    this.#scope = scope
  }

  step(column: string): string {
    this.values.push(this.#query.groupBy, this.#zone)
    return `to_char(date_trunc(?::text, ${column} at time zone ?), 'YYYY-MM-DD')`
  }

  within(column: string): string {
    this.values.push(this.#query.from, this.#zone, this.#query.to, this.#zone)
    return `${column} >= (?::date)::timestamp at time zone ? and ${column} < (?::date + 1)::timestamp at time zone ?`
  }

  seen(table: 'f'): string {
    const { courses, user } = this.#scope
    const conditions = ['true']
    if (courses) {
      this.values.push(JSON.stringify(courses))
      conditions.push(`${table}.course_id in (select jsonb_array_elements_text(?::jsonb)::int)`)
    }
    if (user !== null) {
      this.values.push(user)
      conditions.push(`${table}.user_id = ?`)
    }
    return conditions.join(' and ')
  }
}

/** Every step, with zeros for those in which nothing happened. */
function filled<Row extends { period: string }>(
  steps: readonly string[],
  rows: readonly Row[],
  none: Omit<Row, 'period' | 'currency'>,
): (Omit<Row, 'currency'> & { period: string })[] {
  const known = new Map(rows.map((row) => [row.period, row]))
  return steps.map((period) => known.get(period) ?? ({ period, ...none } as Omit<Row, 'currency'> & { period: string }))
}
