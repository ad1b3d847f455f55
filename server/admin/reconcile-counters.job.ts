import { Counter } from 'prom-client'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { recountEnrollments } from '../progress/recount.ts'

/** A number that is kept beside what it counts, and how it is counted for the row `t`. */
interface KeptNumber {
  table: 'course' | 'profile'
  column: string
  truth: string
}

const visibleReviews = 'from review v where v.course_id = t.id and not v.is_hidden'
const publishedLessons = 'from lesson l join module m on m.id = l.module_id where m.course_id = t.id and l.is_published'
const taught = `from course_user_role r join course c on c.id = r.course_id
  where r.user_id = t.user_id and r.role = 'teacher' and c.status = 'published'`
/** Each review counts the same, however many courses there are. */
const taughtReviews = `from course_user_role r join course c on c.id = r.course_id join review v on v.course_id = c.id
  where r.user_id = t.user_id and r.role = 'teacher' and c.status = 'published' and not v.is_hidden`

const keptNumbers: readonly KeptNumber[] = [
  {
    table: 'course',
    column: 'students_count',
    truth: `select count(*)::int from enrollment e where e.course_id = t.id and e.status in ('active', 'completed')
      and not exists (select from course_user_role r where r.course_id = t.id and r.user_id = e.user_id)`,
  },
  { table: 'course', column: 'average_rating', truth: `select coalesce(round(avg(v.rating), 2), 0) ${visibleReviews}` },
  { table: 'course', column: 'reviews_count', truth: `select count(*)::int ${visibleReviews}` },
  { table: 'course', column: 'total_lessons', truth: `select count(*)::int ${publishedLessons}` },
  {
    table: 'course',
    column: 'duration_minutes',
    truth: `select coalesce(sum(l.duration_minutes), 0)::int ${publishedLessons}`,
  },
  {
    table: 'course',
    column: 'duration_hours',
    truth: `select ceil(coalesce(sum(l.duration_minutes), 0) / 60.0)::int ${publishedLessons}`,
  },
  { table: 'profile', column: 'courses_count', truth: `select count(*)::int ${taught}` },
  { table: 'profile', column: 'reviews_count', truth: `select count(*)::int ${taughtReviews}` },
  { table: 'profile', column: 'rating', truth: `select coalesce(round(avg(v.rating), 2), 0) ${taughtReviews}` },
]

/** One number that was wrong. */
export interface Drift {
  /** As `course.students_count`. */
  counter: string
  id: number
  stored: string
  counted: string
}

const PROGRESS = 'enrollment.progress_percent'
const BATCH = 500
/** Whoever enrolls waits for the lock of a course. */
const LOCKED_AT_ONCE = 50

/**
 * Counts anew what is kept beside what it counts, and puts right what differs. Every difference is logged and counted
 * (`counter_drift_total`): each is a bug somewhere, or somebody's own SQL.
 *
 * A row is locked before it is counted for the last time, and whoever changes a counter changes it with its cause in one
 * transaction: a change that is under way is waited for, or comes after.
 *
 * @returns what was put right
 */
export async function reconcileCounters({
  orm,
  log,
  metrics,
  catalogCache,
}: Pick<Context, 'orm' | 'log' | 'metrics' | 'catalogCache'>): Promise<Drift[]> {
  const drifts: Drift[] = []
  for (const number of keptNumbers) drifts.push(...(await reconcile(orm.em.fork(), number)))
  const numbers = drifts.length
  drifts.push(...(await reconcileProgress(orm.em.fork())))
  const counter = driftCounter(metrics)
  for (const drift of drifts) {
    counter.inc({ counter: drift.counter })
    log.warn(drift, 'a counter had drifted')
  }
  if (numbers > 0) await catalogCache.bump()
  log.info({ drifts: drifts.length }, 'counters are reconciled')
  return drifts
}

async function reconcile(em: EntityManager, { table, column, truth }: KeptNumber): Promise<Drift[]> {
  const suspects = await em.execute<{ id: number }[]>(
    `select t.id from ${table} t where t.${column} is distinct from (${truth}) order by t.id`,
  )
  const drifts: Drift[] = []
  for (let from = 0; from < suspects.length; from += LOCKED_AT_ONCE) {
    const ids = JSON.stringify(suspects.slice(from, from + LOCKED_AT_ONCE).map(({ id }) => id))
    const among = 'in (select value::int from jsonb_array_elements_text(?::jsonb))'
    await em.transactional(async (tx) => {
      await tx.execute(`select from ${table} where id ${among} order by id for update`, [ids])
      const repaired = await tx.execute<Omit<Drift, 'counter'>[]>(
        `update ${table} t set ${column} = (${truth}) where t.id ${among} and t.${column} is distinct from (${truth})
         returning t.id, old.${column}::text as stored, new.${column}::text as counted`,
        [ids],
      )
      drifts.push(...repaired.map((drift) => ({ counter: `${table}.${column}`, ...drift })))
    })
  }
  return drifts
}

interface ProgressRow {
  id: number
  user: number
  course: number
  stored: number
  counted: number
}

async function reconcileProgress(em: EntityManager): Promise<Drift[]> {
  const drifts: Drift[] = []
  for (let after = 0; ; ) {
    const suspects = await em.execute<ProgressRow[]>(
      `select e.id, e.user_id as "user", e.course_id as course, e.progress_percent as stored, counted.percent as counted
         from enrollment e
         cross join lateral (
           select case when count(l.id) = 0 then 0 else (count(*) filter (where p.status = 'completed') * 100 / count(l.id))::int end
                    as percent
             from module m join lesson l on l.module_id = m.id and l.is_published
             left join lesson_progress p on p.lesson_id = l.id and p.user_id = e.user_id
            where m.course_id = e.course_id) as counted
        where e.id > ? and (e.progress_percent <> counted.percent or (counted.percent = 100 and e.status = 'active'))
        order by e.id limit ${BATCH}`,
      [after],
    )
    if (suspects.length > 0) await em.transactional((tx) => recountEnrollments(tx, suspects))
    for (const { id, stored, counted } of suspects) {
      drifts.push({ counter: PROGRESS, id, stored: String(stored), counted: String(counted) })
    }
    const last = suspects.at(-1)
    if (suspects.length < BATCH || !last) return drifts
    after = last.id
  }
}

/** Every series is there from the beginning: an alert cannot see the first of what was not there before. */
export function driftCounter(registry: Context['metrics']): Counter<'counter'> {
  const known = registry.getSingleMetric('counter_drift_total') as Counter<'counter'> | undefined
  if (known) return known
  const counter = new Counter({
    name: 'counter_drift_total',
    help: 'Counters that the nightly check found wrong and put right.',
    labelNames: ['counter'],
    registers: [registry],
  })
  for (const { table, column } of keptNumbers) counter.inc({ counter: `${table}.${column}` }, 0)
  counter.inc({ counter: PROGRESS }, 0)
  return counter
}
