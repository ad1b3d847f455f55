import type { Context } from '../context.ts'
import { Lesson } from '../courses/lesson.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { notify } from './notify.ts'

const BATCH = 500

/** A lesson may have become one that learners can take: in the transaction that made it so. */
export async function announceLesson(tx: EntityManager, queue: Queue, lesson: number): Promise<void> {
  await queue.add('notify-learners', { lesson, at: new Date().toISOString() }, { em: tx })
}

/**
 * Tells a course's learners of a lesson that they can take from now on: it is published, in a course that is, and what was
 * recorded for it can be played. Asked whenever one of these comes about; the last of them tells, and once. Who has enrolled
 * since has found it there.
 */
export async function notifyLearners(
  { orm, queue }: Pick<Context, 'orm' | 'queue'>,
  { lesson: id, at }: { lesson: number; at: string },
): Promise<void> {
  const em = orm.em.fork()
  const lesson = await em.findOne(Lesson, { id }, { populate: ['module.course', 'recording'] })
  if (!lesson?.isPublished) return
  const { course } = lesson.module
  const isReady = lesson.recording ? lesson.recording.status === 'ready' : !lesson.broadcast
  if (course.status !== 'published' || !isReady) return
  const data = { course: course.title, lesson: lesson.title }
  for (let after = 0; ; ) {
    const places = await em.execute<{ id: number; user_id: number }[]>(
      `select id, user_id from enrollment
        where course_id = ? and id > ? and status in ('active', 'completed') and enrolled_at <= ?
        order by id limit ?`,
      [course.id, after, at, BATCH],
    )
    const last = places.at(-1)
    if (!last) return
    after = last.id
    const people = places.map((place) => place.user_id)
    await em.transactional((tx) =>
      notify(tx, queue, people, {
        ...{ kind: 'lesson', cause: `lesson:${id}`, data },
        url: `/learn/${course.slug}/${id}`,
      }),
    )
  }
}
