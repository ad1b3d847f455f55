import { holdOwnAccount } from '../accounts/lock-user.ts'
import type { Person } from '../courses/access.ts'
import type { QuizDefinition } from '../courses/lesson-definition.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { gradeQuiz, type QuizResult } from './grade-quiz.ts'
import { type LessonPlace, requireLearning } from './lesson-place.ts'
import { forgetHeld } from './override-progress.ts'
import type { ProgressBuffer } from './progress-buffer.ts'
import { QuizAttempt } from './quiz-attempt.ts'
import { lockProgress } from './record-beat.ts'
import { recountEnrollments } from './recount.ts'

/** An answer that is on its way when the time is up still counts. */
const GRACE_MS = 30_000

/** A learner's attempts at a quiz so far. */
export interface QuizStanding {
  /** Of the running attempt. */
  startedAt: Date | null
  attempts: number
  bestScore: number | null
  isPassed: boolean
  attemptsLeft: number | null
}

/** @throws {DomainError} `quiz_not_found` beside those of `requireLearning` */
export async function requireQuiz(
  em: EntityManager,
  person: Person | null,
  lessonId: number,
): Promise<LessonPlace & { quiz: QuizDefinition }> {
  const place = await requireLearning(em, person, lessonId)
  if (place.lesson.contentType !== 'quiz' || !place.lesson.quiz) throw new DomainError('quiz_not_found')
  return { ...place, quiz: place.lesson.quiz }
}

/**
 * Starts the clock of an attempt; one that runs already goes on.
 *
 * @throws {DomainError} `attempts_exhausted`, and those of `requireQuiz`
 */
export async function startQuiz(
  em: EntityManager,
  person: Person,
  lessonId: number,
): Promise<{ startedAt: Date; endsAt: Date | null }> {
  const { quiz } = await requireQuiz(em, person, lessonId)
  return em.transactional(async (tx) => {
    const row = await lockProgress(tx, person.id, lessonId)
    requireAttemptLeft(quiz, row.attempts)
    const now = new Date()
    row.attemptStartedAt ??= now
    row.startedAt ??= now
    row.lastActivity = now
    if (row.status === 'not_started') row.status = 'in_progress'
    return { startedAt: row.attemptStartedAt, endsAt: endOf(quiz, row.attemptStartedAt) }
  })
}

/**
 * Grades and keeps an attempt. The learner's progress row is the lock: of two tabs each gets a number of its own, and
 * together no more than there may be. What comes after the time is up counts as an attempt without answers.
 *
 * @throws {DomainError} `attempts_exhausted`, `attempt_not_started` when the quiz has a time limit, `not_signed_in` when the
 *   account was deleted meanwhile, and those of `requireQuiz`
 */
export async function takeQuiz(
  em: EntityManager,
  person: Person,
  lessonId: number,
  answers: Record<string, unknown>,
  buffer: ProgressBuffer,
): Promise<{ attempt: QuizAttempt; result: QuizResult; isLate: boolean; standing: QuizStanding }> {
  const { lesson, course, quiz } = await requireQuiz(em, person, lessonId)
  const taken = await em.transactional(async (tx) => {
    await holdOwnAccount(tx, person.id)
    const row = await lockProgress(tx, person.id, lessonId)
    requireAttemptLeft(quiz, row.attempts)
    if (quiz.time_limit_minutes !== null && !row.attemptStartedAt) throw new DomainError('attempt_not_started')
    const end = endOf(quiz, row.attemptStartedAt ?? null)
    const isLate = end !== null && Date.now() > end.getTime() + GRACE_MS
    const number = (await tx.count(QuizAttempt, { lesson: lessonId, user: person.id })) + 1
    const result = gradeQuiz(quiz, isLate ? {} : answers)
    // Whatever else was sent is not kept.
    const kept = quiz.questions.flatMap(({ id }) => (Object.hasOwn(answers, id) ? [[id, answers[id]] as const] : []))
    const attempt = tx.create(QuizAttempt, {
      lesson: lesson.id,
      user: person.id,
      number,
      answers: Object.fromEntries(kept),
      score: result.score,
      isPassed: result.isPassed,
    })
    const now = new Date()
    const isCompleted = result.isPassed || row.status === 'completed'
    row.attempts += 1
    row.attemptStartedAt = null
    row.startedAt ??= now
    row.lastActivity = now
    row.status = isCompleted ? 'completed' : 'in_progress'
    row.progress = isCompleted ? 100 : Math.max(row.progress, Math.min(99, result.score))
    if (isCompleted) row.completedAt ??= now
    await tx.flush()
    await recountEnrollments(tx, [{ user: person.id, course: course.id }])
    return { attempt, result, isLate, standing: await quizStanding(tx, person.id, lessonId, quiz) }
  })
  await forgetHeld(buffer, person.id, lessonId)
  return taken
}

export async function quizStanding(
  em: EntityManager,
  userId: number,
  lessonId: number,
  quiz: QuizDefinition,
): Promise<QuizStanding> {
  const [row] = await em.execute<
    { attempts: number; started_at: Date | string | null; best: number | null; is_passed: boolean | null }[]
  >(
    `select p.attempts, p.attempt_started_at as started_at,
            (select max(score) from quiz_attempt a where a.lesson_id = p.lesson_id and a.user_id = p.user_id) as best,
            (select bool_or(is_passed) from quiz_attempt a where a.lesson_id = p.lesson_id and a.user_id = p.user_id) as is_passed
       from lesson_progress p where p.lesson_id = ? and p.user_id = ?`,
    [lessonId, userId],
  )
  const attempts = row?.attempts ?? 0
  return {
    startedAt: row?.started_at ? new Date(row.started_at) : null,
    attempts,
    bestScore: row?.best ?? null,
    isPassed: row?.is_passed ?? false,
    attemptsLeft: quiz.max_attempts === null ? null : Math.max(0, quiz.max_attempts - attempts),
  }
}

/** @returns null without a limit, and while nothing runs */
export function endOf(quiz: QuizDefinition, startedAt: Date | null): Date | null {
  if (quiz.time_limit_minutes === null || !startedAt) return null
  return new Date(startedAt.getTime() + quiz.time_limit_minutes * 60_000)
}

/** Counted since a teacher last let them begin anew. */
function requireAttemptLeft(quiz: QuizDefinition, attempts: number): void {
  if (quiz.max_attempts !== null && attempts >= quiz.max_attempts) throw new DomainError('attempts_exhausted')
}
