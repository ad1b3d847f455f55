import { mailLinkTo } from '../accounts/mail-link.job.ts'
import { reconcileCounters } from '../admin/reconcile-counters.job.ts'
import { startAnalytics } from '../analytics/schedule.ts'
import { backUp } from '../backups/back-up.job.ts'
import type { Context } from '../context.ts'
import { makeExport } from '../exports/make-export.job.ts'
import { purgeExports } from '../exports/purge-exports.job.ts'
import { deleteObjects } from '../library/delete-objects.job.ts'
import { runLibrary } from '../library/run-library.job.ts'
import { endLostBroadcasts } from '../live/end-lost-broadcasts.job.ts'
import { sendMail } from '../mail/send-mail.job.ts'
import { deliverNotices } from '../notices/deliver-notices.job.ts'
import { notifyFollowers } from '../notices/notify-followers.job.ts'
import { notifyLearners } from '../notices/notify-learners.job.ts'
import { sendPushes } from '../notices/send-pushes.job.ts'
import { autoRefundDuplicate } from '../payments/auto-refund-duplicate.job.ts'
import { deliverSandboxWebhook } from '../payments/deliver-sandbox-webhook.job.ts'
import { expirePendingPayments } from '../payments/expire-pending-payments.job.ts'
import { sizeThumbnail } from '../pictures/size-thumbnail.job.ts'
import { completeAttended } from '../progress/complete-attended.job.ts'
import { flushProgress } from '../progress/flush-progress.job.ts'
import { recomputeCourseProgress } from '../progress/recompute-course-progress.job.ts'
import { deleteVideoFiles } from '../videos/delete-video-files.job.ts'
import { processVideo } from '../videos/process-video.job.ts'
import { purgeUploads } from '../videos/purge-uploads.job.ts'
import { deleteRecordingFiles } from '../vod/delete-recording-files.job.ts'
import { writeDueChats } from '../vod/write-due-chats.job.ts'
import { purgeStaleRows } from './purge-stale-rows.job.ts'

const LOST_CHECK_SECONDS = 10
const FLUSH_SECONDS = 15
const CHAT_SECONDS = 5

/** What a worker does, and when. Several workers may run: each job is one's. */
export async function startJobs(context: Context): Promise<Disposable> {
  const { queue, store, log } = context
  await queue.work('delete-objects', ({ keys }) => deleteObjects(store, keys))
  await queue.work('delete-recording-files', ({ recording }) => deleteRecordingFiles(store, recording))
  await queue.work('delete-video-files', ({ video }) => deleteVideoFiles(context, video))
  await queue.work('purge-uploads', () => purgeUploads(context))
  await queue.schedule('purge-uploads', '23 * * * *')
  // One at a time in each worker: ffmpeg takes whatever processors the shows leave.
  await queue.work('process-video', ({ video }, signal) => processVideo(context, video, signal), { everySeconds: 0.5 })
  await queue.work('make-export', (job, signal) => makeExport(context, job.export, signal), { everySeconds: 0.5 })
  await queue.work('run-library', ({ run }, signal) => runLibrary(context, run, signal), { everySeconds: 0.5 })
  await queue.work('purge-exports', () => purgeExports(context))
  await queue.schedule('purge-exports', '* * * * *')
  await queue.work('write-chats', () => writeDueChats(context), { everySeconds: 1 })
  await queue.work('size-thumbnail', (of, signal) => sizeThumbnail(context, of, signal))
  await queue.work('mail-link', (request) => mailLinkTo(context, request))
  await queue.work('send-mail', (mail) => sendMail(context, mail))
  await queue.work('end-lost-broadcasts', () => endLostBroadcasts(context))
  await queue.work('flush-progress', async () => void (await flushProgress(context)))
  await queue.work('recompute-course-progress', ({ course }) => recomputeCourseProgress(context.orm, course))
  await queue.work('complete-attended', ({ recording }) => completeAttended(context, recording))
  await queue.work('purge-stale-rows', () => purgeStaleRows(context.orm))
  await queue.work('reconcile-counters', async () => void (await reconcileCounters(context)))
  await queue.work('expire-pending-payments', async () => void (await expirePendingPayments(context)))
  await queue.work('auto-refund-duplicate', ({ payment }) => autoRefundDuplicate(context, payment))
  await queue.work('deliver-sandbox-webhook', ({ session }) => deliverSandboxWebhook(context, session))
  // Somebody waits for these: a show has begun.
  const soon = { everySeconds: 0.5 }
  await queue.work('notify-followers', (show) => notifyFollowers(context, show), soon)
  await queue.work('deliver-notices', (some) => deliverNotices(context, some), soon)
  await queue.work('send-pushes', (some) => sendPushes(context, some), soon)
  await queue.work('notify-learners', (lesson) => notifyLearners(context, lesson))
  await queue.schedule('expire-pending-payments', '*/5 * * * *')
  await queue.schedule('purge-stale-rows', '17 3 * * *')
  await queue.schedule('reconcile-counters', '41 3 * * *')
  await queue.work('back-up', (_night, signal) => backUp(context, signal))
  await queue.schedule('back-up', '37 1 * * *')

  await startAnalytics(context)

  // pg-boss's own schedule knows minutes. Of several workers' calls within a slot one becomes a job.
  const timer = setInterval(() => {
    queue
      .add('end-lost-broadcasts', {}, { singletonSeconds: LOST_CHECK_SECONDS })
      .catch((error) => log.warn({ error }, 'the check for lost broadcasts could not be enqueued'))
  }, LOST_CHECK_SECONDS * 1000)
  const flushTimer = setInterval(() => {
    queue
      .add('flush-progress', {}, { singletonSeconds: FLUSH_SECONDS })
      .catch((error) => log.warn({ error }, 'saving progress could not be enqueued'))
  }, FLUSH_SECONDS * 1000)
  const chatTimer = setInterval(() => {
    queue
      .add('write-chats', {}, { singletonSeconds: CHAT_SECONDS })
      .catch((error) => log.warn({ error }, 'writing the chats of recordings could not be enqueued'))
  }, CHAT_SECONDS * 1000)
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      clearInterval(flushTimer)
      clearInterval(chatTimer)
    },
  }
}
