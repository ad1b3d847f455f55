import type { Context } from '../context.ts'
import { verifyReviews } from '../reviews/verify-reviews.ts'
import { countActivity } from './count-activity.job.ts'
import { flushViews } from './flush-views.job.ts'
import { forgetStatistics } from './forget.job.ts'
import { mirrorFacts, mirrorProgress } from './mirror-facts.job.ts'
import { writeReport } from './write-report.job.ts'

/** What a worker does for statistics, and when; times are UTC. */
export async function startAnalytics(context: Context): Promise<void> {
  const { queue, orm } = context
  await queue.work('write-report', ({ report }) => writeReport(context, report))
  await queue.work('flush-views', async () => void (await flushViews(context)))
  await queue.work('mirror-facts', () => mirrorFacts(context))
  await queue.work('count-activity', () => countActivity(context))
  await queue.work('verify-reviews', () => verifyReviews(orm.em.fork()))
  await queue.work('forget-statistics', async () => {
    await mirrorProgress(context, { isWhole: true })
    await forgetStatistics(context)
  })
  await queue.schedule('flush-views', '* * * * *')
  await queue.schedule('mirror-facts', '* * * * *')
  await queue.schedule('count-activity', '7 * * * *')
  await queue.schedule('verify-reviews', '23 * * * *')
  await queue.schedule('forget-statistics', '5 4 * * *')
}
