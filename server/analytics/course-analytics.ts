import type { Context } from '../context.ts'
import { may, type Person } from '../courses/access.ts'
import { requireCourse } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { orElse } from '../redis.ts'
import type { CourseAnalyticsJson } from './contract.ts'
import { findStudents } from './figures.ts'
import { mirrorRevenue } from './mirror-facts.job.ts'

/** What everybody is shown who may see a course's statistics at all. */
type CourseStatistics = Omit<CourseAnalyticsJson, 'revenue'>
type Ports = Pick<Context, 'orm' | 'analytics' | 'redis'>

const KEPT_SECONDS = 60

/**
 * A course for those who run it: who looked, who learns, where they stop; what it earned for who may know that. Rights are
 * asked each time and money is counted each time; the rest may be a minute old.
 *
 * @throws {DomainError} `course_not_found`, `forbidden`
 */
export async function findCourseAnalytics(
  em: EntityManager,
  person: Person,
  courseId: number,
  ports: Ports,
): Promise<{ analytics: CourseAnalyticsJson; isKept: boolean }> {
  const { course, standing } = await requireCourse(em, person, courseId, 'view_statistics')
  const key = `statistics:course:${courseId}`
  const kept = await orElse(ports.redis.get(key), null)
  const statistics: CourseStatistics = kept ? JSON.parse(kept) : await findStatistics(em, courseId, ports)
  if (!kept) {
    const expiration = { type: 'EX', value: KEPT_SECONDS } as const
    await orElse(ports.redis.set(key, JSON.stringify(statistics), { expiration }), null)
  }
  const revenue = may(standing, 'view_finance', course) ? await findTotals(ports, courseId) : null
  return { analytics: { ...statistics, revenue }, isKept: kept !== null }
}

async function findStatistics(em: EntityManager, courseId: number, { analytics }: Ports): Promise<CourseStatistics> {
  const scope = { courses: [courseId], user: null }
  const students = await findStudents(em, scope)
  const [arrivals] = await em.execute<{ count: number }[]>(
    `select count(*)::int as count from enrollment
      where course_id = ? and status in ('active', 'completed') and enrolled_at > now() - interval '30 days'`,
    [courseId],
  )
  const statistics = analytics.em.fork()
  const [views] = await statistics.execute<CourseAnalyticsJson['views'][]>(
    `select count(*)::int as total, count(distinct visitor)::int as visitors,
            (count(*) filter (where viewed_at > now() - interval '30 days'))::int as last_30_days
       from analytics.course_view where course_id = ?`,
    [courseId],
  )
  const lessons = await em.execute<CourseAnalyticsJson['lessons']>(
    `select l.id as lesson, l.title, coalesce(steps.started, 0) as started, coalesce(steps.completed, 0) as completed,
            case when ? = 0 then 0.00 else round(coalesce(steps.progress, 0)::numeric / ?, 2) end::text as average_progress
       from module m join lesson l on l.module_id = m.id and l.is_published
       left join (
         select p.lesson_id, count(*) filter (where p.status <> 'not_started')::int as started,
                count(*) filter (where p.status = 'completed')::int as completed, sum(p.progress) as progress
           from enrollment e
           join lesson_progress p on p.user_id = e.user_id
           join lesson of on of.id = p.lesson_id
           join module at on at.id = of.module_id and at.course_id = e.course_id
          where e.course_id = ? and e.status in ('active', 'completed')
          group by p.lesson_id) steps on steps.lesson_id = l.id
      where m.course_id = ?
      order by m."order", l."order"`,
    [students.students, students.students, courseId, courseId],
  )
  const { students: total, completedStudents: completed, averageProgress } = students
  return {
    course: courseId,
    views: views ?? { total: 0, visitors: 0, last_30_days: 0 },
    students: { total, active: total - completed, completed, last_30_days: arrivals?.count ?? 0 },
    completion_rate: (total === 0 ? 0 : (completed / total) * 100).toFixed(2),
    average_progress: averageProgress,
    lessons,
  }
}

async function findTotals(ports: Ports, course: number) {
  await mirrorRevenue(ports)
  return ports.analytics.em.fork().execute<{ currency: string; total: string }[]>(
    `select currency, sum(amount)::text as total from analytics.revenue_fact
      where course_id = ? group by currency order by currency`,
    [course],
  )
}
