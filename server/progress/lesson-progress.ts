import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { Lesson } from '../courses/lesson.ts'
import { base } from '../db/base.ts'

export const progressStatuses = ['not_started', 'in_progress', 'completed'] as const

const schema = defineEntity({
  name: 'LessonProgress',
  indexes: [{ properties: ['user', 'status'] }, { properties: ['lesson', 'status'] }, { properties: ['lastActivity'] }],
  uniques: [{ properties: ['lesson', 'user'] }],
  checks: [
    { name: 'lesson_progress_range', expression: 'progress >= 0 and progress <= 100' },
    { name: 'lesson_progress_attempts_positive', expression: 'attempts >= 0' },
  ],
  properties: {
    ...base,
    lesson: () => p.manyToOne(Lesson).deleteRule('cascade'),
    user: () => p.manyToOne(User).deleteRule('cascade'),
    status: p.enum(progressStatuses).default('not_started'),
    /** Percent; never goes down. */
    progress: p.integer().default(0),
    attempts: p.integer().default(0),
    /** When the running attempt at a quiz began; null between attempts. */
    attemptStartedAt: p.datetime().nullable(),
    /** Where to go on. */
    positionSeconds: p.double().default(0),
    /** `[from, to]` in seconds, merged and in order. */
    watchedRanges: p.json<[number, number][]>().default([]),
    watchedSeconds: p.double().default(0),
    startedAt: p.datetime().nullable(),
    /** Set once. */
    completedAt: p.datetime().nullable(),
    lastActivity: p.datetime().onCreate(() => new Date()),
  },
})

/** How far a learner is with a lesson. */
export class LessonProgress extends schema.class {}
schema.setClass(LessonProgress)
