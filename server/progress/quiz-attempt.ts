import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { Lesson } from '../courses/lesson.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'QuizAttempt',
  uniques: [{ properties: ['lesson', 'user', 'number'] }],
  checks: [{ name: 'quiz_attempt_score_range', expression: 'score >= 0 and score <= 100' }],
  properties: {
    ...base,
    lesson: () => p.manyToOne(Lesson).deleteRule('cascade'),
    user: () => p.manyToOne(User).deleteRule('cascade'),
    /** From 1. */
    number: p.integer(),
    /** By question id, as it was sent. */
    answers: p.json<Record<string, unknown>>(),
    /** Percent of the points. */
    score: p.integer(),
    isPassed: p.boolean(),
  },
})

/** Answers to a quiz, with what they were worth. */
export class QuizAttempt extends schema.class {}
schema.setClass(QuizAttempt)
