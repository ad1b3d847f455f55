import type { Context } from '../context.ts'
import type { OverviewJson } from './contract.ts'
import { findRevenue, findViews } from './figures.ts'
import type { FigureQuery } from './period.ts'

/** The whole platform, for its admins: what there is, and what happened in a period. */
export async function findOverview(
  ports: Pick<Context, 'orm' | 'analytics'>,
  query: FigureQuery,
  zone: string,
): Promise<OverviewJson> {
  const em = ports.orm.em.fork()
  const everything = { courses: null, user: null }
  const within = (column: string) =>
    `${column} >= (?::date)::timestamp at time zone ? and ${column} < (?::date + 1)::timestamp at time zone ?`
  const bounds = [query.from, zone, query.to, zone]
  const roles = await em.execute<{ role: string; count: number; verified: number; fresh: number }[]>(
    `select role, count(*)::int as count, (count(*) filter (where is_verified))::int as verified,
            (count(*) filter (where ${within('created_at')}))::int as fresh
       from users where deleted_at is null group by role order by role`,
    bounds,
  )
  const courses = await em.execute<{ status: string; count: number }[]>(
    'select status, count(*)::int as count from course group by status order by status',
  )
  const [enrollments] = await em.execute<OverviewJson['enrollments'][]>(
    `select (count(*) filter (where status = 'active'))::int as active,
            (count(*) filter (where status = 'completed'))::int as completed,
            (count(*) filter (where ${within('enrolled_at')}))::int as new
       from enrollment where status in ('active', 'completed')`,
    bounds,
  )
  const [reviews] = await em.execute<OverviewJson['reviews'][]>(
    `select count(*)::int as total, coalesce(round(avg(rating), 2), 0.00)::text as average_rating
       from review where not is_hidden`,
  )
  const [activity] = await ports.analytics.em
    .fork()
    .execute<{ people: number }[]>(
      'select count(distinct user_id)::int as people from analytics.user_activity where day between ?::date and ?::date',
      [query.from, query.to],
    )
  const { views, visitors } = await findViews(ports, everything, query, zone)
  const revenue = await findRevenue(ports, everything, query, zone)
  const sum = (key: 'count' | 'verified' | 'fresh') => roles.reduce((total, row) => total + row[key], 0)
  return {
    date_from: query.from,
    date_to: query.to,
    timezone: zone,
    users: {
      total: sum('count'),
      verified: sum('verified'),
      by_role: Object.fromEntries(roles.map(({ role, count }) => [role, count])),
      new: sum('fresh'),
      active: activity?.people ?? 0,
    },
    courses: Object.fromEntries(courses.map(({ status, count }) => [status, count])),
    enrollments: enrollments ?? { active: 0, completed: 0, new: 0 },
    reviews: reviews ?? { total: 0, average_rating: '0.00' },
    views: { total: views, visitors },
    revenue: revenue.map(({ currency, total }) => ({ currency, total })),
  }
}
