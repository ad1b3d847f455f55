import type { EntityManager } from '../db/orm.ts'
import { verifyReviewsOf } from '../reviews/verify-reviews.ts'

/**
 * Counts how much of a course these learners have completed. Two lessons completed at once are both counted: the rows are
 * locked before anything is counted, so the second counter sees what the first has committed. Must run in a transaction,
 * after whatever changed has been written in it.
 */
export async function recountEnrollments(
  tx: EntityManager,
  places: readonly { user: number; course: number }[],
): Promise<void> {
  if (places.length === 0) return
  await recount(tx, await lockEnrollments(tx, places))
  // A learner who has completed something writes as one.
  await verifyReviewsOf(tx, places)
}

/** In one order everywhere, so that those who change many wait for each other and never in a ring. */
export async function lockEnrollments(
  tx: EntityManager,
  places: readonly { user: number; course: number }[],
): Promise<{ id: number }[]> {
  return tx.execute<{ id: number }[]>(
    `select e.id from enrollment e
      where (e.user_id, e.course_id) in (select k."user", k.course from jsonb_to_recordset(?::jsonb) as k("user" int, course int))
      order by e.id for update`,
    [JSON.stringify(places.map(({ user, course }) => ({ user, course })))],
  )
}

/** Counts everybody's in a course anew: its lessons are others than before. */
export async function recountCourse(tx: EntityManager, course: number): Promise<void> {
  const rows = await tx.execute<{ id: number }[]>(
    'select id from enrollment where course_id = ? order by id for update',
    [course],
  )
  await recount(tx, rows)
}

/** 100 % completes an active enrollment; nothing takes that back. */
async function recount(tx: EntityManager, rows: readonly { id: number }[]): Promise<void> {
  if (rows.length === 0) return
  await tx.execute(
    `with counted as (
       select e.id, count(l.id) as total, count(l.id) filter (where p.status = 'completed') as done
         from enrollment e
         left join module m on m.course_id = e.course_id
         left join lesson l on l.module_id = m.id and l.is_published
         left join lesson_progress p on p.lesson_id = l.id and p.user_id = e.user_id
        where e.id in (select value::int from jsonb_array_elements_text(?::jsonb))
        group by e.id),
     result as (
       select id, case when total = 0 then 0 else done * 100 / total end as percent, total > 0 and done = total as is_whole
         from counted)
     update enrollment e
        set progress_percent = r.percent,
            status = case when r.is_whole and e.status = 'active' then 'completed' else e.status end,
            completed_at = case when r.is_whole and e.status = 'active' then coalesce(e.completed_at, now()) else e.completed_at end,
            updated_at = now()
       from result r
      where r.id = e.id
        and (e.progress_percent <> r.percent or (r.is_whole and e.status = 'active'))`,
    [JSON.stringify(rows.map(({ id }) => id))],
  )
}
