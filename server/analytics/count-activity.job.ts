import type { Context } from '../context.ts'
import { addDays, dayIn } from './period.ts'

/** What people did between two moments, a line for each person and kind. */
const deeds: Record<string, string> = {
  sign_ins: `select user_id, count(distinct family) as n from auth_token
    where purpose in ('session', 'refresh') and ${within('signed_in_at')} group by user_id`,
  lessons_touched: `select user_id, count(*) as n from lesson_progress where ${within('last_activity')} group by user_id`,
  // Completing is activity, and that has an index.
  lessons_completed: `select user_id, count(*) as n from lesson_progress
    where last_activity >= (select lo from bounds) and ${within('completed_at')} group by user_id`,
  submissions: `select user_id, count(*) as n
    from (select user_id, created_at from submission union all select user_id, created_at from quiz_attempt) s
    where ${within('created_at')} group by user_id`,
  reviews: `select user_id, count(*) as n from review where ${within('created_at')} group by user_id`,
  enrollments: `select user_id, count(*) as n from enrollment where ${within('enrolled_at')} group by user_id`,
  payments: `select user_id, count(*) as n from payment where ${within('completed_at')} group by user_id`,
}
const kinds = [...Object.keys(deeds), 'course_views']

/**
 * Counts what everybody did today and yesterday. Counted from what is there, so it can be done again at any time; what is
 * gone meanwhile (a sign-in that ended, a lesson looked at again on the next day) was counted and stays so.
 */
export async function countActivity(
  { orm, analytics, settings }: Pick<Context, 'orm' | 'analytics' | 'settings'>,
  now = new Date(),
): Promise<void> {
  const zone = settings.get('business_timezone')
  const today = dayIn(zone, now)
  for (const day of [addDays(today, -1), today]) {
    const bounds = [day, zone, day, zone]
    const done = await orm.em.fork().execute<Done[]>(`${boundsOf} ${unionOf(deeds)}`, bounds)
    const to = analytics.em.fork()
    const views = `select user_id, count(*) as n from analytics.course_view
      where user_id is not null and ${within('viewed_at')} group by user_id`
    done.push(...(await to.execute<Done[]>(`${boundsOf} ${unionOf({ course_views: views })}`, bounds)))
    await save(to, day, done)
  }
}

interface Done {
  user_id: number
  kind: string
  n: number
}

async function save(em: Context['analytics']['em'], day: string, done: readonly Done[]): Promise<void> {
  const people = new Map<number, Record<string, number>>()
  for (const { user_id, kind, n } of done) {
    people.set(user_id, { ...(people.get(user_id) ?? { user_id }), [kind]: n })
  }
  await em.execute(
    `insert into analytics.user_activity as a (user_id, day, updated_at, ${kinds.join(', ')})
     select r.user_id, ?::date, now(), ${kinds.map((kind) => `coalesce(r.${kind}, 0)`).join(', ')}
       from jsonb_to_recordset(?::jsonb) as r(user_id int, ${kinds.map((kind) => `${kind} int`).join(', ')})
      order by r.user_id
     on conflict (user_id, day) do update set updated_at = now(),
       ${kinds.map((kind) => `${kind} = greatest(a.${kind}, excluded.${kind})`).join(', ')}`,
    [day, JSON.stringify([...people.values()])],
  )
}

/** The moments at which a day begins and ends in a time zone: also the days that have 23 hours or 25. */
const boundsOf = `with bounds as materialized (
  select (?::date)::timestamp at time zone ? as lo, (?::date + 1)::timestamp at time zone ? as hi)`

function within(column: string): string {
  return `${column} >= (select lo from bounds) and ${column} < (select hi from bounds)`
}

function unionOf(queries: Record<string, string>): string {
  return Object.entries(queries)
    .map(([kind, query]) => `select user_id, '${kind}' as kind, n::int as n from (${query}) ${kind}`)
    .join(' union all ')
}
