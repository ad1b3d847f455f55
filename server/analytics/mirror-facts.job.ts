import type { Context } from '../context.ts'

const BATCH = 1000

type Ports = Pick<Context, 'orm' | 'analytics'>

/** What has changed in the ledger and in progress since the last time; the same again changes nothing. */
export async function mirrorFacts(ports: Ports): Promise<void> {
  await mirrorRevenue(ports)
  await mirrorProgress(ports)
}

/**
 * Copies new lines of the ledger. Transactions commit in another order than they take ids, so those of the last hour are
 * looked at again.
 */
export async function mirrorRevenue({ orm, analytics }: Ports): Promise<void> {
  const [from, to] = [orm.em.fork(), analytics.em.fork()]
  const [known] = await to.execute<{ id: number }[]>(
    `select coalesce(max(id), 0) as id from analytics.revenue_fact
      where recorded_at < (select max(recorded_at) from analytics.revenue_fact) - interval '1 hour'`,
  )
  for (let after = known?.id ?? 0; ; ) {
    const lines = await from.execute<{ id: number }[]>(
      `select id, course_id, payment_id, amount::text as amount, currency, transaction_type, date::text as date,
              created_at::text as recorded_at
         from revenue where id > ? order by id limit ${BATCH}`,
      [after],
    )
    if (lines.length > 0) {
      await to.execute(
        `insert into analytics.revenue_fact (id, course_id, payment_id, amount, currency, transaction_type, date, recorded_at)
         select r.* from jsonb_to_recordset(?::jsonb) as r(id int, course_id int, payment_id text, amount numeric,
                currency text, transaction_type text, date timestamptz, recorded_at timestamptz)
         on conflict (id) do nothing`,
        [JSON.stringify(lines)],
      )
    }
    if (lines.length < BATCH) return
    after = lines.at(-1)?.id ?? after
  }
}

/**
 * Copies progress that has moved, newest activity last. Heartbeats wait in Redis before they are saved, so the last ten
 * minutes are looked at again.
 *
 * @param isWhole every row: finds what an outage longer than that left out
 */
export async function mirrorProgress({ orm, analytics }: Ports, { isWhole = false } = {}): Promise<void> {
  const [from, to] = [orm.em.fork(), analytics.em.fork()]
  const [known] = await to.execute<{ since: string | null }[]>(
    `select (max(last_activity) - interval '10 minutes')::text as since from analytics.lesson_progress_fact`,
  )
  let since = isWhole ? '-infinity' : (known?.since ?? '-infinity')
  for (let after = 0; ; ) {
    const rows = await from.execute<{ id: number; last_activity: string }[]>(
      `select p.id, m.course_id, p.lesson_id, p.user_id, p.status, p.progress, p.watched_seconds,
              p.started_at::text as started_at, p.completed_at::text as completed_at, p.last_activity::text as last_activity
         from lesson_progress p join lesson l on l.id = p.lesson_id join module m on m.id = l.module_id
        where (p.last_activity, p.id) > (?::timestamptz, ?::int)
        order by p.last_activity, p.id limit ${BATCH}`,
      [since, after],
    )
    if (rows.length > 0) {
      await to.execute(
        `insert into analytics.lesson_progress_fact as f (course_id, lesson_id, user_id, status, progress, watched_seconds,
                started_at, completed_at, last_activity)
         select r.* from jsonb_to_recordset(?::jsonb) as r(course_id int, lesson_id int, user_id int, status text,
                progress int, watched_seconds float8, started_at timestamptz, completed_at timestamptz,
                last_activity timestamptz)
          order by r.lesson_id, r.user_id
         on conflict (lesson_id, user_id) do update set
           course_id = excluded.course_id, status = excluded.status, progress = excluded.progress,
           watched_seconds = excluded.watched_seconds, started_at = excluded.started_at,
           completed_at = excluded.completed_at, last_activity = excluded.last_activity
          where f.last_activity <= excluded.last_activity`,
        [JSON.stringify(rows)],
      )
    }
    const last = rows.at(-1)
    if (rows.length < BATCH || !last) return
    since = last.last_activity
    after = last.id
  }
}
