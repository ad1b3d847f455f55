import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import { sanitizeHtml } from '../http/sanitize.ts'
import type { Queue } from '../jobs/queue.ts'
import { mayManage } from '../live/access.ts'
import { announceLesson } from '../notices/notify-learners.job.ts'
import { Recording } from '../vod/recording.ts'
import type { Person } from './access.ts'
import { Lesson } from './lesson.ts'
import type { LessonBody, LessonChanges } from './lesson-contract.ts'
import { assignmentDefinition } from './lesson-definition.ts'
import { lockLesson, lockModule } from './lock-lesson.ts'
import { closeGaps, makeRoom, moveTo } from './order.ts'
import { recountCourse } from './recount-course.ts'
import { removeFiles } from './remove-files.ts'
import { minutesOf } from './time-lessons.ts'

/** @throws {DomainError} those of `lockModule` and of the fields */
export async function addLesson(
  em: EntityManager,
  queue: Queue,
  person: Person,
  moduleId: number,
  body: LessonBody,
): Promise<Lesson> {
  return em.transactional(async (tx) => {
    const { module, course } = await lockModule(tx, person, moduleId)
    const fields = await fieldsOf(tx, person, body, null)
    const order = await makeRoom(tx, 'lesson', moduleId, body.order)
    const lesson = tx.create(Lesson, { module, ...fields, order })
    await tx.flush()
    await recountCourse(tx, course.id)
    if (lesson.isPublished) {
      await queue.add('recompute-course-progress', { course: course.id }, { em: tx })
      await announceLesson(tx, queue, lesson.id)
    }
    return lesson
  })
}

/**
 * Changes the fields that are given; a full replacement gives them all.
 *
 * @param ifMatch when it was changed last, as its editor saw it; null for whatever it is now
 * @throws {DomainError} those of `lockLesson` and of the fields; `precondition_failed`
 */
export async function editLesson(
  em: EntityManager,
  queue: Queue,
  person: Person,
  lessonId: number,
  { order, ...changes }: LessonChanges,
  ifMatch: number | null,
): Promise<void> {
  await em.transactional(async (tx) => {
    const { lesson, module, course } = await lockLesson(tx, person, lessonId)
    if (ifMatch !== null && ifMatch !== lesson.updatedAt.getTime()) throw new DomainError('precondition_failed')
    const wasPublished = lesson.isPublished
    const wasWatched = lesson.recording
    Object.assign(lesson, await fieldsOf(tx, person, merge(lesson, changes), lesson.recording?.id ?? null))
    await tx.flush()
    if (order !== undefined) await moveTo(tx, 'lesson', module.id, { id: lessonId, order })
    await recountCourse(tx, course.id)
    if (wasPublished !== lesson.isPublished) {
      await queue.add('recompute-course-progress', { course: course.id }, { em: tx })
    }
    if (lesson.isPublished && (!wasPublished || (lesson.recording && !wasWatched))) {
      await announceLesson(tx, queue, lessonId)
    }
  })
}

/**
 * Deletes it, unless it is shown and learners have begun it: their history goes with it, so it takes hiding it first.
 *
 * @throws {DomainError} those of `lockLesson`; `lesson_in_use`
 */
export async function deleteLesson(em: EntityManager, queue: Queue, person: Person, lessonId: number): Promise<void> {
  await em.transactional(async (tx) => {
    const { lesson, module, course } = await lockLesson(tx, person, lessonId)
    if (await hasLearners(tx, 'l.id', lessonId)) throw new DomainError('lesson_in_use')
    await removeFiles(tx, queue, 'l.id', lessonId)
    tx.remove(lesson)
    await tx.flush()
    await closeGaps(tx, 'lesson', module.id)
    await recountCourse(tx, course.id)
    await queue.add('recompute-course-progress', { course: course.id }, { em: tx })
  })
}

/** Whether anybody has begun a published lesson, of one module or this one. */
export async function hasLearners(tx: EntityManager, column: 'l.id' | 'l.module_id', id: number): Promise<boolean> {
  const [row] = await tx.execute<{ is_begun: boolean }[]>(
    `select exists (
       select from lesson l
        where ${column} = ? and l.is_published
          and (exists (select from lesson_progress p where p.lesson_id = l.id)
            or exists (select from quiz_attempt a where a.lesson_id = l.id)
            or exists (select from submission s where s.lesson_id = l.id))) as is_begun`,
    [id],
  )
  return row?.is_begun === true
}

function merge(lesson: Lesson, changes: Omit<LessonChanges, 'order'>): Omit<LessonBody, 'order'> {
  const { title = lesson.title, content = lesson.content } = changes
  return {
    title,
    content,
    content_type: changes.content_type ?? lesson.contentType,
    video_url: changes.video_url ?? lesson.videoUrl,
    recording: changes.recording === undefined ? (lesson.recording?.id ?? null) : changes.recording,
    duration_minutes: changes.duration_minutes ?? lesson.durationMinutes,
    is_free: changes.is_free ?? lesson.isFree,
    is_published: changes.is_published ?? lesson.isPublished,
    quiz: changes.quiz === undefined ? (lesson.quiz ?? null) : changes.quiz,
    assignment: changes.assignment === undefined ? (lesson.assignment ?? null) : changes.assignment,
  }
}

/**
 * What is kept of a request: harmless HTML, and a definition only of its own kind.
 *
 * @param known the recording that the lesson has; it may stay though it is a colleague's
 * @throws {DomainError} `invalid_input` by field; `recording_failed`
 */
async function fieldsOf(tx: EntityManager, person: Person, body: Omit<LessonBody, 'order'>, known: string | null) {
  const { content_type: contentType, quiz } = body
  if (contentType === 'quiz' && quiz === null) throw fieldErrors({ quiz: 'definition_missing' })
  const recording = body.recording === null ? null : await findRecording(tx, body.recording)
  if (body.recording !== null && body.recording !== known) {
    // One that is not theirs counts as missing: a lesson must not open what its author may not.
    if (!recording || !mayManage(person, recording.channel.owner.id)) throw fieldErrors({ recording: 'unknown_choice' })
    if (recording.status === 'failed') throw new DomainError('recording_failed')
  }
  return {
    title: body.title,
    contentType,
    content: sanitizeHtml(body.content),
    videoUrl: body.video_url,
    recording,
    // One that is watched lasts: nothing said means as long as it is.
    durationMinutes: body.duration_minutes || (recording ? minutesOf(recording) : 0),
    isFree: body.is_free,
    isPublished: body.is_published,
    quiz: contentType === 'quiz' ? quiz : null,
    assignment: contentType === 'assignment' ? (body.assignment ?? assignmentDefinition.parse({})) : null,
  }
}

/** A deletion that is under way is waited for. */
async function findRecording(tx: EntityManager, id: string): Promise<Recording | null> {
  const recording = await tx.findOne(Recording, { id }, { lockMode: LockMode.PESSIMISTIC_READ, refresh: true })
  return recording && tx.populate(recording, ['channel'])
}
