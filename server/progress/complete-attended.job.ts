import type { Context } from '../context.ts'
import { flushProgress } from './flush-progress.job.ts'
import { recountEnrollments } from './recount.ts'

/**
 * Completes a live lesson for those who attended enough of it, once its recording says how long it was: they need not come
 * back for it. The same twice is the same as once.
 */
export async function completeAttended(
  context: Pick<Context, 'orm' | 'progress' | 'log' | 'settings'>,
  recording: string,
): Promise<void> {
  await flushProgress(context)
  await context.orm.em.fork().transactional(async (tx) => {
    const places = await tx.execute<{ user: number; course: number }[]>(
      `with attended as (
         select p.id, m.course_id
           from lesson_progress p
           join lesson l on l.id = p.lesson_id and l.content_type = 'video'
           join module m on m.id = l.module_id
           join recording r on r.id = l.recording_id and r.status = 'ready' and r.duration_seconds > 0
          where r.id = ? and p.status <> 'completed' and p.watched_seconds * 100 >= r.duration_seconds * ?
          order by p.id for update of p)
       update lesson_progress p
          set status = 'completed', progress = 100, completed_at = coalesce(p.completed_at, now()), updated_at = now()
         from attended a where p.id = a.id
       returning p.user_id as "user", a.course_id as course`,
      [recording, context.settings.get('video_completion_percent')],
    )
    await recountEnrollments(tx, places)
  })
}
