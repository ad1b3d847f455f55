import { type CourseState, mayLearn, type Person } from '../courses/access.ts'
import { findStanding } from '../courses/standing.ts'
import type { EntityManager } from '../db/orm.ts'
import { mayManage, mayWatch, type Shown } from './access.ts'

/** A broadcast, and the recording of it when that is what is asked for. */
export interface Show {
  broadcast: string
  recording: string | null
}

/** `mayWatch`; the courses are looked at for those alone whom nothing else lets in. */
export async function mayWatchShow(
  em: EntityManager,
  person: Person | null,
  shown: Shown,
  show: Show,
): Promise<boolean> {
  const needsCourse = shown.visibility === 'enrolled' && !mayManage(person, shown.ownerId)
  return mayWatch(person, shown, needsCourse && (await isForLearner(em, person, show)))
}

/** Whether a course of theirs is shown this: by a lesson that uses it, or because it was announced for the course. */
async function isForLearner(
  em: EntityManager,
  person: Person | null,
  { broadcast, recording }: Show,
): Promise<boolean> {
  const courses = await em.execute<UsingCourse[]>(
    `select c.id, c.status, bool_or(u.is_free) as is_free
       from course c
       join (select b.course_id, false as is_free from broadcast b where b.id = ?
             union all
             select m.course_id, l.is_free or m.is_free from lesson l join module m on m.id = l.module_id
              where (l.broadcast_id = ? or l.recording_id = ?) and l.is_published) as u on u.course_id = c.id
      group by c.id`,
    [broadcast, broadcast, recording],
  )
  return isOpenTo(em, person, courses)
}

/** `mayWatch` of an uploaded video: what is for enrolled learners is for those of the courses whose lessons show it. */
export async function mayWatchVideo(
  em: EntityManager,
  person: Person | null,
  { video, ...shown }: Shown & { video: string },
): Promise<boolean> {
  if (shown.visibility !== 'enrolled' || mayManage(person, shown.ownerId)) return mayWatch(person, shown)
  const courses = await em.execute<UsingCourse[]>(
    `select c.id, c.status, bool_or(l.is_free or m.is_free) as is_free
       from lesson l join module m on m.id = l.module_id join course c on c.id = m.course_id
      where l.video_id = ? and l.is_published
      group by c.id`,
    [video],
  )
  return mayWatch(person, shown, await isOpenTo(em, person, courses))
}

type UsingCourse = CourseState & { id: number; is_free: boolean }

async function isOpenTo(em: EntityManager, person: Person | null, courses: UsingCourse[]): Promise<boolean> {
  for (const { id, status, is_free: isFree } of courses) {
    if (mayLearn(await findStanding(em, person, id), { status }, { isFree })) return true
  }
  return false
}
