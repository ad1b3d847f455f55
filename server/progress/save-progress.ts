import type { EntityManager } from '../db/orm.ts'
import type { Progress } from './advance.ts'
import { type Range, secondsOf, unite } from './ranges.ts'
import { lockEnrollments, recountEnrollments } from './recount.ts'

/** One learner's progress with one lesson, on its way to PostgreSQL. */
export interface ProgressEntry {
  user: number
  lesson: number
  course: number
  progress: Progress
}

interface Row {
  user_id: number
  lesson_id: number
  status: string
  watched_ranges: Range[]
}

/**
 * Writes many at once, in a number of statements that does not depend on how many. Nothing in the table goes down: ranges
 * are united with those that are there, and what is completed stays so. Lessons and accounts that are gone are left out.
 *
 * Must run in a transaction: the rows are locked from when they are read to when they are written.
 */
export async function saveProgress(tx: EntityManager, entries: readonly ProgressEntry[]): Promise<void> {
  if (entries.length === 0) return
  const keys = JSON.stringify(entries.map(({ user, lesson }) => ({ user, lesson })))
  const rows = await tx.execute<Row[]>(
    `select p.user_id, p.lesson_id, p.status, p.watched_ranges
       from lesson_progress p
       join jsonb_to_recordset(?::jsonb) as k("user" int, lesson int) on p.user_id = k."user" and p.lesson_id = k.lesson
      order by p.id for update of p`,
    [keys],
  )
  const stored = new Map(rows.map((row) => [`${row.user_id}:${row.lesson_id}`, row]))
  const written = entries.map(({ user, lesson, progress }) => {
    const ranges = unite(stored.get(`${user}:${lesson}`)?.watched_ranges ?? [], progress.ranges)
    return {
      user,
      lesson,
      status: progress.status,
      progress: progress.progress,
      attempts: progress.attempts,
      position: progress.position,
      ranges,
      seconds: secondsOf(ranges),
      started_at: new Date(progress.startedAt),
      completed_at: progress.completedAt === null ? null : new Date(progress.completedAt),
      last_activity: new Date(progress.lastActivity),
    }
  })
  await tx.execute(
    `insert into lesson_progress as p (lesson_id, user_id, status, progress, attempts, position_seconds, watched_ranges,
            watched_seconds, started_at, completed_at, last_activity, created_at, updated_at)
     select e.lesson, e."user", e.status, e.progress, e.attempts, e.position, e.ranges, e.seconds, e.started_at, e.completed_at,
            e.last_activity, now(), now()
       from jsonb_to_recordset(?::jsonb) as e("user" int, lesson int, status text, progress int, attempts int, position float8,
            ranges jsonb, seconds float8, started_at timestamptz, completed_at timestamptz, last_activity timestamptz)
       join lesson l on l.id = e.lesson
       join users u on u.id = e."user"
      order by e.lesson, e."user"
     on conflict (lesson_id, user_id) do update set
       status = case when 'completed' in (p.status, excluded.status) then 'completed' else excluded.status end,
       progress = greatest(p.progress, excluded.progress),
       attempts = greatest(p.attempts, excluded.attempts),
       position_seconds =
         case when excluded.last_activity >= p.last_activity then excluded.position_seconds else p.position_seconds end,
       watched_ranges =
         case when excluded.watched_seconds >= p.watched_seconds then excluded.watched_ranges else p.watched_ranges end,
       watched_seconds = greatest(p.watched_seconds, excluded.watched_seconds),
       started_at = least(p.started_at, excluded.started_at),
       completed_at = coalesce(p.completed_at, excluded.completed_at),
       last_activity = greatest(p.last_activity, excluded.last_activity),
       updated_at = now()`,
    [JSON.stringify(written)],
  )
  if (entries.length > 1) await lockEnrollments(tx, entries)
  await rememberLastLessons(tx, entries)
  const completed = entries.filter(
    ({ user, lesson, progress }) =>
      progress.status === 'completed' && stored.get(`${user}:${lesson}`)?.status !== 'completed',
  )
  await recountEnrollments(tx, completed)
}

/** Where a learner goes on in each course. */
async function rememberLastLessons(tx: EntityManager, entries: readonly ProgressEntry[]): Promise<void> {
  const latest = new Map<string, ProgressEntry>()
  for (const entry of entries) {
    const key = `${entry.user}:${entry.course}`
    const other = latest.get(key)
    if (!other || other.progress.lastActivity <= entry.progress.lastActivity) latest.set(key, entry)
  }
  const values = [...latest.values()].map(({ user, course, lesson }) => ({ user, course, lesson }))
  await tx.execute(
    `with locked as (
       select e.id, k.lesson
         from enrollment e
         join jsonb_to_recordset(?::jsonb) as k("user" int, course int, lesson int)
           on e.user_id = k."user" and e.course_id = k.course
         join lesson l on l.id = k.lesson
        where e.last_lesson_id is distinct from k.lesson)
     update enrollment e set last_lesson_id = locked.lesson, updated_at = now() from locked where e.id = locked.id`,
    [JSON.stringify(values)],
  )
}
