import type { CompletionRule } from './completion.ts'
import type { LessonProgress, progressStatuses } from './lesson-progress.ts'
import { admit, cleanRanges, type Range, secondsOf, unite } from './ranges.ts'

/** What a heartbeat does to what is known of a learner in a lesson. Pure. */

/** Nobody plays faster. */
const FASTEST = 2.5
/** What a first heartbeat may bring, seconds: the clock starts with it. */
const HEAD_START = 15
/** As much as may be claimed at once, seconds of video: a player that was offline for ten minutes. */
const MOST_CREDIT = 600 * FASTEST

/** How far a learner is; times in milliseconds since 1970. */
export interface Progress {
  status: (typeof progressStatuses)[number]
  progress: number
  position: number
  ranges: Range[]
  /** Submissions of a quiz or an assignment, which PostgreSQL alone counts; of other lessons new beginnings. */
  attempts: number
  startedAt: number
  completedAt: number | null
  lastActivity: number
  /** Seconds of video that may still be claimed for the time that has passed. */
  credit: number
}

/** What a player or a reader says. Whatever else it claims, completion follows from the lesson's rule. */
export interface Beat {
  progress?: number | undefined
  positionSeconds?: number | undefined
  ranges?: Range[] | undefined
  status?: (typeof progressStatuses)[number] | undefined
  event?: 'heartbeat' | 'leave' | 'restart' | undefined
}

export interface Length {
  counted: number | null
  longest: number
}

/**
 * Guarantees: progress, watched ranges and completion never go down, in whatever order heartbeats come; a video is
 * completed by the time spent on it alone.
 *
 * @param known null of somebody who was never here
 */
export function advance(
  known: Progress | null,
  beat: Beat,
  rule: CompletionRule,
  length: Length,
  now: number,
): Progress {
  const elapsed = known ? Math.max(0, now - known.lastActivity) / 1000 : 0
  const before: Progress = known ?? {
    status: 'in_progress',
    progress: 0,
    position: 0,
    ranges: [],
    attempts: 0,
    startedAt: now,
    completedAt: null,
    lastActivity: now,
    credit: HEAD_START,
  }
  const credit = Math.min(MOST_CREDIT, before.credit + elapsed * FASTEST)
  const isVideo = rule.type === 'watched' || rule.type === 'marked'
  const ranges = isVideo ? admit(before.ranges, cleanRanges(beat.ranges ?? [], length.longest), credit) : before.ranges
  const claimed = rule.type === 'read' || rule.type === 'marked' ? Math.min(99, beat.progress ?? 0) : 0
  const isCompleted = before.status === 'completed' || isFulfilled(rule, ranges, before.startedAt, beat, now)
  const isRestart = known !== null && beat.event === 'restart' && (isVideo || rule.type === 'read')
  const position = beat.positionSeconds ?? (isRestart ? 0 : before.position)
  const progress = isCompleted ? 100 : Math.max(before.progress, claimed, watchedPercent(ranges, rule))
  return {
    status: isCompleted ? 'completed' : 'in_progress',
    progress,
    position: isVideo ? Math.min(length.longest, position) : before.position,
    ranges,
    attempts: before.attempts + (isRestart ? 1 : 0),
    startedAt: before.startedAt,
    completedAt: before.completedAt ?? (isCompleted ? now : null),
    lastActivity: Math.max(before.lastActivity, now),
    credit: credit - (secondsOf(ranges) - secondsOf(before.ranges)),
  }
}

function isFulfilled(rule: CompletionRule, ranges: Range[], startedAt: number, beat: Beat, now: number): boolean {
  if (rule.type === 'read') return beat.status === 'completed' || now - startedAt >= rule.seconds * 1000
  if (rule.type === 'marked') return beat.status === 'completed'
  return rule.type === 'watched' && watchedPercent(ranges, rule) >= rule.percent
}

function watchedPercent(ranges: Range[], rule: CompletionRule): number {
  if (rule.type !== 'watched' || !rule.length_seconds) return 0
  return Math.min(100, Math.floor((secondsOf(ranges) / rule.length_seconds) * 100 + 1e-6))
}

/** @returns null of a row that nobody has begun */
export function progressOf(row: LessonProgress | null): Progress | null {
  if (!row?.startedAt) return null
  return {
    status: row.status,
    progress: row.progress,
    position: Number(row.positionSeconds),
    ranges: row.watchedRanges,
    attempts: row.attempts,
    startedAt: row.startedAt.getTime(),
    completedAt: row.completedAt?.getTime() ?? null,
    lastActivity: row.lastActivity.getTime(),
    credit: 0,
  }
}

/** What two sources know of the same learner and lesson; neither is older for certain. */
export function combine(stored: Progress | null, held: Progress | null): Progress | null {
  if (!stored || !held) return stored ?? held
  const latest = held.lastActivity >= stored.lastActivity ? held : stored
  return {
    status: stored.status === 'completed' ? 'completed' : held.status,
    progress: Math.max(stored.progress, held.progress),
    position: latest.position,
    ranges: unite(stored.ranges, held.ranges),
    attempts: Math.max(stored.attempts, held.attempts),
    startedAt: Math.min(stored.startedAt, held.startedAt),
    completedAt: stored.completedAt ?? held.completedAt,
    lastActivity: latest.lastActivity,
    credit: 0,
  }
}
