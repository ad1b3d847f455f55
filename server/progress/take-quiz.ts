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

/** A learner's attempts at a quiz so far. */
export interface QuizStanding {
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
 * Grades and keeps an attempt. The learner's progress row is the lock: of two tabs each gets a number of its own, and
 * together no more than there may be.
 *
 * @throws {DomainError} `attempts_exhausted`, and those of `requireQuiz`
 */
export async function takeQuiz(
  em: EntityManager,
  person: Person,
  lessonId: number,
  answers: Record<string, unknown>,
  buffer: ProgressBuffer,
): Promise<{ attempt: QuizAttempt; result: QuizResult; standing: QuizStanding }> {
  const { lesson, course, quiz } = await requireQuiz(em, person, lessonId)
  const taken = await em.transactional(async (tx) => {
    const row = await lockProgress(tx, person.id, lessonId)
    const number = (await tx.count(QuizAttempt, { lesson: lessonId, user: person.id })) + 1
    if (quiz.max_attempts !== null && number > quiz.max_attempts) throw new DomainError('attempts_exhausted')
    const result = gradeQuiz(quiz, answers)
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
    row.startedAt ??= now
    row.lastActivity = now
    row.status = isCompleted ? 'completed' : 'in_progress'
    row.progress = isCompleted ? 100 : Math.max(row.progress, Math.min(99, result.score))
    if (isCompleted) row.completedAt ??= now
    await tx.flush()
    await recountEnrollments(tx, [{ user: person.id, course: course.id }])
    return { attempt, result, standing: await quizStanding(tx, person.id, lessonId, quiz) }
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
  const [row] = await em.execute<{ attempts: number; best: number | null; is_passed: boolean | null }[]>(
    `select count(*)::int as attempts, max(score) as best, bool_or(is_passed) as is_passed
       from quiz_attempt where lesson_id = ? and user_id = ?`,
    [lessonId, userId],
  )
  const attempts = row?.attempts ?? 0
  return {
    attempts,
    bestScore: row?.best ?? null,
    isPassed: row?.is_passed ?? false,
    attemptsLeft: quiz.max_attempts === null ? null : Math.max(0, quiz.max_attempts - attempts),
  }
}
