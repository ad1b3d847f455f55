import type { EntityManager } from '../db/orm.ts'
import type { Recording } from '../vod/recording.ts'
import { recountCourse } from './recount-course.ts'

/** As a lesson says how long its recording is: never nothing, and the rest of a minute is one. */
export function minutesOf(recording: Pick<Recording, 'durationSeconds'>): number {
  return Math.ceil(Number(recording.durationSeconds) / 60)
}

/** The courses whose lessons are this recording, locked. Before the recording is, as whoever edits a lesson does it. */
export async function lockCoursesOf(tx: EntityManager, recording: string): Promise<number[]> {
  const rows = await tx.execute<{ id: number }[]>(
    `select id from course
      where id in (select m.course_id from lesson l join module m on m.id = l.module_id where l.recording_id = ?)
      order by id for update`,
    [recording],
  )
  return rows.map(({ id }) => id)
}

/**
 * Its lessons last as long as a recording does that was just closed; until then they had what was planned, or nothing. What
 * a teacher writes afterwards stays.
 *
 * @param courses of `lockCoursesOf`
 */
export async function timeLessons(
  tx: EntityManager,
  recording: Pick<Recording, 'id' | 'durationSeconds'>,
  courses: readonly number[],
): Promise<void> {
  await tx.execute('update lesson set duration_minutes = ? where recording_id = ?', [
    minutesOf(recording),
    recording.id,
  ])
  for (const course of courses) await recountCourse(tx, course)
}
