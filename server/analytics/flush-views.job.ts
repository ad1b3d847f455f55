import type { Context } from '../context.ts'
import { type PendingView, VIEWS } from './record-view.ts'

const BATCH = 1000
/** Of one run: what is left comes with the next one. */
const MOST_BATCHES = 50

/**
 * Saves what was looked at. A view leaves Redis once it is saved, so a run that dies repeats some; the same visitor,
 * course and half hour are one row whatever is repeated.
 */
export async function flushViews({
  orm,
  analytics,
  redis,
}: Pick<Context, 'orm' | 'analytics' | 'redis'>): Promise<{ saved: number }> {
  let saved = 0
  for (let batches = 0; batches < MOST_BATCHES && redis.isReady; batches += 1) {
    const entries = (await redis.xRange(VIEWS, '-', '+', { COUNT: BATCH })) ?? []
    if (entries.length === 0) break
    const views = entries.map(({ message }) => JSON.parse(message.view ?? '{}') as PendingView)
    const insiders = await findInsiders(orm.em.fork(), views)
    const counted = views.filter(({ course, user }) => user === null || !insiders.has(`${course}:${user}`))
    const rows = await analytics.em.fork().execute<unknown[]>(
      `insert into analytics.course_view (course_id, user_id, visitor, ip, user_agent, bucket, viewed_at)
       select v.course, v."user", v.visitor, v.network, v.agent, v.bucket, v.at
         from jsonb_to_recordset(?::jsonb) as v(course int, "user" int, visitor text, network inet, agent text, bucket int,
              at timestamptz)
       on conflict do nothing returning id`,
      [JSON.stringify(counted)],
    )
    await redis.xDel(
      VIEWS,
      entries.map(({ id }) => id),
    )
    saved += rows.length
    if (entries.length < BATCH) break
  }
  return { saved }
}

/** Staff of the courses they looked at, and admins: who works here is no visitor. */
async function findInsiders(em: Context['orm']['em'], views: readonly PendingView[]): Promise<Set<string>> {
  const pairs = views.flatMap(({ course, user }) => (user === null ? [] : [{ course, user }]))
  if (pairs.length === 0) return new Set()
  const rows = await em.execute<{ course: number; user: number }[]>(
    `select distinct k.course, k."user" from jsonb_to_recordset(?::jsonb) as k(course int, "user" int)
      where exists (select from course_user_role r where r.course_id = k.course and r.user_id = k."user")
         or exists (select from users u where u.id = k."user" and u.role = 'admin')`,
    [JSON.stringify(pairs)],
  )
  return new Set(rows.map(({ course, user }) => `${course}:${user}`))
}
