import { LockMode } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import type { Person } from '../courses/access.ts'
import { Lesson } from '../courses/lesson.ts'
import type { EntityManager } from '../db/orm.ts'
import { advance, type Beat, progressOf } from './advance.ts'
import { completionRule, lengthOf } from './completion.ts'
import { requireLearning } from './lesson-place.ts'
import { LessonProgress } from './lesson-progress.ts'
import { BufferAway, type Held, type ProgressBuffer } from './progress-buffer.ts'
import { type ProgressEntry, saveProgress } from './save-progress.ts'

/** A heartbeat of somebody who was let in so recently asks PostgreSQL nothing: it opens nothing but their own row. */
const TRUSTED_MS = 60_000
/** Without Redis, of one learner and lesson. */
const WRITE_EVERY_MS = 5000

type Known = Omit<Held, 'revision' | 'progress'>

/**
 * Takes a heartbeat, or that somebody leaves or is done. It is kept in Redis and saved by the next flush; at once when it
 * completes the lesson, when the learner leaves, and while Redis is away.
 *
 * @throws {DomainError} `lesson_not_found`, `enrollment_required`
 */
export async function recordBeat(
  em: EntityManager,
  person: Person,
  lessonId: number,
  beat: Beat,
  buffer: ProgressBuffer,
  now = Date.now(),
  watchedPercent?: number,
): Promise<ProgressEntry & Pick<Known, 'rule'>> {
  try {
    return await hold(em, person, lessonId, beat, buffer, now, watchedPercent)
  } catch (error) {
    if (!(error instanceof BufferAway)) throw error
    return await writeThrough(em, person, lessonId, beat, now, watchedPercent)
  }
}

async function hold(
  em: EntityManager,
  person: Person,
  lessonId: number,
  beat: Beat,
  buffer: ProgressBuffer,
  now: number,
  watchedPercent: number | undefined,
): Promise<Held> {
  let wasCompleted = false
  const held = await buffer.change(person.id, lessonId, async (before) => {
    const isTrusted = before && beat.event !== 'leave' && !beat.status && now - before.checkedAt < TRUSTED_MS
    const known: Known = isTrusted ? before : await look(em, person, lessonId, now, watchedPercent)
    const row = before ? null : await em.findOne(LessonProgress, { lesson: lessonId, user: person.id })
    const progress = before?.progress ?? progressOf(row)
    wasCompleted = progress?.status === 'completed'
    return { ...known, progress: advance(progress, beat, known.rule, known.length, now) }
  })
  const isDone = held.progress.status === 'completed' && !wasCompleted
  if (isDone || (beat.event === 'leave' && (await buffer.mayWrite(person.id)))) {
    await em.transactional((tx) => saveProgress(tx, [held]))
    await buffer.markSaved([held])
  }
  return held
}

/** One at a time for each learner and lesson; a plain heartbeat that follows too soon is answered with what is there. */
async function writeThrough(
  em: EntityManager,
  person: Person,
  lessonId: number,
  beat: Beat,
  now: number,
  watchedPercent: number | undefined,
): Promise<ProgressEntry & Pick<Known, 'rule'>> {
  const known = await look(em, person, lessonId, now, watchedPercent)
  return em.transactional(async (tx) => {
    const before = progressOf(await lockProgress(tx, person.id, lessonId))
    const progress = advance(before, beat, known.rule, known.length, now)
    const isPlain = beat.event !== 'leave' && progress.status === before?.status
    if (before && isPlain && now - before.lastActivity < WRITE_EVERY_MS) return { ...known, progress: before }
    await saveProgress(tx, [{ ...known, progress }])
    return { ...known, progress }
  })
}

async function look(
  em: EntityManager,
  person: Person,
  lessonId: number,
  now: number,
  watchedPercent: number | undefined,
): Promise<Known> {
  const { lesson, course } = await requireLearning(em, person, lessonId)
  return {
    user: person.id,
    lesson: lesson.id,
    course: course.id,
    rule: completionRule(lesson, watchedPercent),
    length: lengthOf(lesson),
    checkedAt: now,
  }
}

/** The row, made when there is none, and nobody else's until the transaction ends. */
export async function lockProgress(tx: EntityManager, user: number, lesson: number): Promise<LessonProgress> {
  await tx.execute(
    `insert into lesson_progress (lesson_id, user_id, last_activity, created_at, updated_at)
     values (?, ?, now(), now(), now()) on conflict (lesson_id, user_id) do nothing`,
    [lesson, user],
  )
  return tx.findOneOrFail(
    LessonProgress,
    { lesson: tx.getReference(Lesson, lesson), user: tx.getReference(User, user) },
    { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
  )
}
