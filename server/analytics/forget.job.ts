import type { Context } from '../context.ts'
import { Report } from './report.ts'

const BATCH = 500

/**
 * What statistics need no longer: files of reports after their week; where a view came from after 90 days; the view itself,
 * and what a person did on a day, after two years.
 */
export async function forgetStatistics({
  orm,
  analytics,
  store,
}: Pick<Context, 'orm' | 'analytics' | 'store'>): Promise<void> {
  const em = orm.em.fork()
  for (;;) {
    const old = await em.find(Report, { expiresAt: { $lt: new Date() } }, { limit: BATCH })
    if (old.length === 0) break
    // The file first: a row without a file is found again, a file without a row never.
    await store.delete(old.map((report) => report.key()))
    await em.remove(old).flush()
  }
  const statistics = analytics.em.fork()
  await statistics.execute(
    `update analytics.course_view set ip = null, user_agent = ''
      where viewed_at < now() - interval '90 days' and (ip is not null or user_agent <> '')`,
  )
  await statistics.execute(`delete from analytics.course_view where viewed_at < now() - interval '2 years'`)
  await statistics.execute(`delete from analytics.user_activity where day < current_date - 730`)
}
