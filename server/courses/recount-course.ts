import type { EntityManager } from '../db/orm.ts'

/**
 * Counts a course's published lessons and their minutes anew. In the transaction that changes them, with the course's row
 * locked and the changes flushed.
 */
export async function recountCourse(tx: EntityManager, courseId: number): Promise<void> {
  await tx.execute(
    `update course c
        set total_lessons = n.lessons, duration_minutes = n.minutes, duration_hours = ceil(n.minutes / 60.0)::int
       from (select count(l.id)::int as lessons, coalesce(sum(l.duration_minutes), 0)::int as minutes
               from module m join lesson l on l.module_id = m.id and l.is_published
              where m.course_id = ?) as n
      where c.id = ?`,
    [courseId, courseId],
  )
}

/** Counts its learners anew, after somebody became staff or ceased to be: staff are no learners. */
export async function recountStudents(tx: EntityManager, courseId: number): Promise<void> {
  await tx.execute(
    `update course c set students_count =
       (select count(*) from enrollment e where e.course_id = c.id and e.status in ('active', 'completed')
           and not exists (select from course_user_role r where r.course_id = c.id and r.user_id = e.user_id))
      where c.id = ?`,
    [courseId],
  )
}

/** What the profiles of a course's teachers say of their published courses and the reviews there. */
export async function recountTeachers(
  tx: EntityManager,
  courseId: number,
  alsoUser: number | null = null,
): Promise<void> {
  // In one order everywhere, so that two courses of the same teachers wait for each other and never in a ring.
  await tx.execute(
    `select from profile where user_id = ? or user_id in
       (select user_id from course_user_role where course_id = ? and role = 'teacher') order by id for update`,
    [alsoUser, courseId],
  )
  await tx.execute(
    `update profile p set courses_count = n.courses, reviews_count = n.reviews, rating = n.rating
       from (select t.user_id,
                    count(distinct c.id)::int as courses,
                    count(v.id)::int as reviews,
                    coalesce(round(avg(v.rating), 2), 0) as rating
               from profile t
               left join course_user_role r on r.user_id = t.user_id and r.role = 'teacher'
               left join course c on c.id = r.course_id and c.status = 'published'
               left join review v on v.course_id = c.id and not v.is_hidden
              where t.user_id = ? or t.user_id in
                      (select user_id from course_user_role where course_id = ? and role = 'teacher')
              group by t.user_id) as n
      where p.user_id = n.user_id`,
    [alsoUser, courseId],
  )
}
