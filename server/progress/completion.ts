import { z } from 'zod'
import type { Lesson } from '../courses/lesson.ts'

/** When a lesson counts as completed. Pure; `completion_rule` of the API says the same to everybody. */

/** Of a video, unless a setting says otherwise. A position proves nothing: one gets there by a click. */
export const WATCHED_PERCENT = 90
/** Of a text, between the first sign of a reader and a later one. */
export const READ_SECONDS = 5

export const completionRuleJson = z.discriminatedUnion('type', [
  z.object({ type: z.literal('read'), seconds: z.number() }).describe('Marked as read, or open for so long.'),
  z
    .object({ type: z.literal('watched'), percent: z.number(), length_seconds: z.number().nullable() })
    .describe('That much of it was watched; the length is null while nobody knows it.'),
  z.object({ type: z.literal('marked') }).describe('The learner says so.'),
  z.object({ type: z.literal('score'), percent: z.number() }).describe('One attempt with that score.'),
  z.object({ type: z.literal('submitted') }).describe('Something was handed in.'),
  z.object({ type: z.literal('graded'), grade: z.number() }).describe('A teacher gave at least that grade.'),
])

export type CompletionRule = z.infer<typeof completionRuleJson>

/** What the rule needs to know of a lesson; its recording, video and broadcast must be loaded. */
export type RuledLesson = Pick<
  Lesson,
  'contentType' | 'durationMinutes' | 'recording' | 'video' | 'broadcast' | 'quiz' | 'assignment'
>

/** Nothing is longer; of a show that is still running no end is known. */
const LONGEST_SECONDS = 24 * 3600

/** @param watchedPercent the setting `video_completion_percent` */
export function completionRule(lesson: RuledLesson, watchedPercent = WATCHED_PERCENT): CompletionRule {
  switch (lesson.contentType) {
    case 'text':
      return { type: 'read', seconds: READ_SECONDS }
    case 'quiz':
      return { type: 'score', percent: lesson.quiz?.pass_score ?? 100 }
    case 'assignment':
      return lesson.assignment?.completion === 'graded'
        ? { type: 'graded', grade: lesson.assignment.pass_grade }
        : { type: 'submitted' }
    case 'video': {
      const { counted } = lengthOf(lesson)
      // Of a video elsewhere whose length nobody wrote down there is no percentage.
      if (counted === null && !lesson.broadcast && !lesson.recording && !lesson.video) return { type: 'marked' }
      return { type: 'watched', percent: watchedPercent, length_seconds: counted }
    }
  }
}

/**
 * How long a video is, in seconds.
 *
 * @returns `counted`: what the percentage is of, null as long as nobody knows; `longest`: nothing behind it exists
 */
export function lengthOf(lesson: RuledLesson): { counted: number | null; longest: number } {
  const { recording, video, broadcast, durationMinutes } = lesson
  const watched = recording ?? video
  const recorded = watched?.status === 'ready' ? Number(watched.durationSeconds) : 0
  if (recorded > 0) return exactly(recorded)
  if (broadcast?.startedAt && broadcast.endedAt) {
    return exactly((broadcast.endedAt.getTime() - broadcast.startedAt.getTime()) / 1000)
  }
  if (watched || broadcast || durationMinutes === 0) return { counted: null, longest: LONGEST_SECONDS }
  // Whole minutes, typed by a person who may have rounded up: nobody must fail for a minute that does not exist.
  return { counted: Math.max(30, (durationMinutes - 1) * 60), longest: (durationMinutes + 1) * 60 }
}

function exactly(seconds: number): { counted: number; longest: number } {
  return { counted: seconds, longest: seconds }
}
