import { z } from 'zod'
import type { QuizDefinition } from '../courses/lesson-definition.ts'
import { idParam, type PersonJson, personJson } from './contract.ts'
import type { QuizResult } from './grade-quiz.ts'
import type { QuizAttempt } from './quiz-attempt.ts'
import { endOf, type QuizStanding } from './take-quiz.ts'

const answer = z.union([z.string().max(2000), z.number(), z.array(z.string().max(32)).max(20), z.null()])
export const attemptBody = z.strictObject({
  /** By question id: an option's id, several of them, a text or a number. */
  answers: z
    .record(z.string().max(32), answer)
    .refine((answers) => Object.keys(answers).length <= 200, 'That is more answers than a quiz has questions.'),
})
export const attemptsQuery = z.object({ user: idParam.optional() })

/** Named one by one: nothing of a definition is shown because it was added there. */
export const quizJson = z.object({
  lesson: z.int(),
  title: z.string(),
  pass_score: z.int(),
  max_attempts: z.int().nullable(),
  time_limit_minutes: z.int().nullable(),
  /** Of the running attempt. */
  started_at: z.iso.datetime().nullable(),
  ends_at: z.iso.datetime().nullable(),
  /** Empty with a time limit until the attempt is started. */
  questions: z.array(
    z.object({
      id: z.string(),
      type: z.enum(['single', 'multiple', 'text', 'number']),
      text: z.string(),
      points: z.int(),
      /** Null where one writes. */
      options: z.array(z.object({ id: z.string(), text: z.string() })).nullable(),
    }),
  ),
  attempts_used: z.int(),
  /** Null for as many as one likes. */
  attempts_left: z.int().nullable(),
  best_score: z.int().nullable(),
  is_passed: z.boolean(),
})
export type QuizJson = z.infer<typeof quizJson>

export const startedJson = z.object({ started_at: z.iso.datetime(), ends_at: z.iso.datetime().nullable() })

export const attemptJson = z.object({
  id: z.int(),
  user: personJson,
  number: z.int(),
  score: z.int(),
  is_passed: z.boolean(),
  answers: z.record(z.string(), z.unknown()),
  created_at: z.iso.datetime(),
})
export type AttemptJson = z.infer<typeof attemptJson>

export const gradedAttemptJson = z.object({
  id: z.int(),
  number: z.int(),
  score: z.int(),
  is_passed: z.boolean(),
  /** The time was up, so no answer counted. */
  is_late: z.boolean(),
  attempts_left: z.int().nullable(),
  created_at: z.iso.datetime(),
  results: z.array(
    z.object({
      question: z.string(),
      is_right: z.boolean(),
      points: z.int(),
      explanation: z.string(),
      /** Null while another attempt could use it. */
      right_answer: z.union([z.string(), z.number(), z.array(z.string())]).nullable(),
    }),
  ),
})
export type GradedAttemptJson = z.infer<typeof gradedAttemptJson>

/** @param standing null of a guest */
export function presentQuiz(
  lesson: { id: number; title: string },
  quiz: QuizDefinition,
  standing: QuizStanding | null,
): QuizJson {
  const startedAt = standing?.startedAt ?? null
  const shown = quiz.time_limit_minutes === null || startedAt ? quiz.questions : []
  return {
    lesson: lesson.id,
    title: lesson.title,
    pass_score: quiz.pass_score,
    max_attempts: quiz.max_attempts,
    time_limit_minutes: quiz.time_limit_minutes,
    started_at: startedAt?.toISOString() ?? null,
    ends_at: endOf(quiz, startedAt)?.toISOString() ?? null,
    questions: shown.map((question) => ({
      id: question.id,
      type: question.type,
      text: question.text,
      points: question.points,
      options: 'options' in question ? question.options.map(({ id, text }) => ({ id, text })) : null,
    })),
    attempts_used: standing?.attempts ?? 0,
    attempts_left: standing ? standing.attemptsLeft : quiz.max_attempts,
    best_score: standing?.bestScore ?? null,
    is_passed: standing?.isPassed ?? false,
  }
}

export function presentAttempt(attempt: QuizAttempt, user: PersonJson): AttemptJson {
  return {
    id: attempt.id,
    user,
    number: attempt.number,
    score: attempt.score,
    is_passed: attempt.isPassed,
    answers: attempt.answers,
    created_at: attempt.createdAt.toISOString(),
  }
}

export function presentGraded(
  attempt: QuizAttempt,
  result: QuizResult,
  isLate: boolean,
  standing: QuizStanding,
): GradedAttemptJson {
  const isOver = standing.isPassed || standing.attemptsLeft === 0
  return {
    id: attempt.id,
    number: attempt.number,
    score: attempt.score,
    is_passed: attempt.isPassed,
    is_late: isLate,
    attempts_left: standing.attemptsLeft,
    created_at: attempt.createdAt.toISOString(),
    results: result.questions.map(({ question, isRight }) => ({
      question: question.id,
      is_right: isRight,
      points: isRight ? question.points : 0,
      explanation: question.explanation,
      right_answer: isOver ? question.answer : null,
    })),
  }
}
