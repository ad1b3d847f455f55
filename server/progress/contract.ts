import { z } from 'zod'
import type { Progress } from './advance.ts'
import { type CompletionRule, completionRuleJson } from './completion.ts'
import { progressStatuses } from './lesson-progress.ts'

export const idParam = z.coerce
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1)
export const lessonParams = z.strictObject({ id: idParam })
export const courseParams = z.strictObject({ id: idParam })
export const studentParams = z.strictObject({ id: idParam, user: idParam })

const seconds = z.number().min(0).max(1e6)

export const beatBody = z.strictObject({
  /** Percent of a text, or of a video whose length nobody knows; of anything else it follows from what was watched. */
  progress: z.number().int().min(0).max(100).optional(),
  position_seconds: seconds.optional(),
  /** What was watched, `[from, to]` in seconds; what is known already may be sent again. Impossible ones are ignored. */
  ranges: z
    .array(z.tuple([z.number(), z.number()]))
    .max(100)
    .optional(),
  /** `completed` marks a text as read; other lessons are completed by their rule alone. */
  status: z.enum(progressStatuses).optional(),
  /** `leave` when the page closes: saved at once. `restart` begins a text or a video anew, and takes nothing away. */
  event: z.enum(['heartbeat', 'leave', 'restart']).default('heartbeat'),
})

export const overrideBody = z.strictObject({
  lesson: z.int32().positive(),
  status: z.enum(['completed', 'not_started']),
})

/** A learner as staff of a course sees them in a list. */
export const personJson = z.object({ id: z.int(), display_name: z.string() })
export type PersonJson = z.infer<typeof personJson>

export const progressJson = z.object({
  lesson: z.int(),
  status: z.enum(progressStatuses),
  progress: z.int(),
  attempts: z.int(),
  position_seconds: z.number(),
  watched_ranges: z.array(z.tuple([z.number(), z.number()])),
  watched_seconds: z.number(),
  started_at: z.iso.datetime().nullable(),
  completed_at: z.iso.datetime().nullable(),
  last_activity: z.iso.datetime().nullable(),
  completion_rule: completionRuleJson,
})
export type ProgressJson = z.infer<typeof progressJson>

export const courseProgressJson = z.object({
  course: z.int(),
  user: z.int(),
  /** Null of staff, who need none. */
  enrollment: z
    .object({
      id: z.int(),
      status: z.enum(['active', 'completed', 'refunded', 'revoked', 'expired']),
      progress_percent: z.int(),
      last_lesson: z.int().nullable(),
      enrolled_at: z.iso.datetime(),
      completed_at: z.iso.datetime().nullable(),
    })
    .nullable(),
  total_lessons: z.int(),
  completed_lessons: z.int(),
  /** Published ones, in the order of the course. */
  lessons: z.array(
    z.object({
      lesson: z.int(),
      module: z.int(),
      title: z.string(),
      content_type: z.enum(['video', 'text', 'quiz', 'assignment']),
      status: z.enum(progressStatuses),
      progress: z.int(),
      attempts: z.int(),
      position_seconds: z.number(),
      started_at: z.iso.datetime().nullable(),
      completed_at: z.iso.datetime().nullable(),
      last_activity: z.iso.datetime().nullable(),
      completion_rule: completionRuleJson,
    }),
  ),
})
export type CourseProgressJson = z.infer<typeof courseProgressJson>

/** @param progress null of a lesson that nobody has begun */
export function presentProgress(
  lesson: number,
  progress: Progress | null,
  watchedSeconds: number,
  rule: CompletionRule,
): ProgressJson {
  return {
    lesson,
    ...presentSteps(progress),
    watched_ranges: progress?.ranges ?? [],
    watched_seconds: watchedSeconds,
    completion_rule: rule,
  }
}

/** What the page of one lesson and the list of a course have in common. */
export function presentSteps(progress: Progress | null) {
  return {
    status: progress?.status ?? 'not_started',
    progress: progress?.progress ?? 0,
    attempts: progress?.attempts ?? 0,
    position_seconds: progress?.position ?? 0,
    started_at: isoOf(progress?.startedAt),
    completed_at: isoOf(progress?.completedAt),
    last_activity: isoOf(progress?.lastActivity),
  }
}

function isoOf(ms: number | null | undefined): string | null {
  return ms == null ? null : new Date(ms).toISOString()
}
