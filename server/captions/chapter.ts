import { DomainError } from '../errors.ts'

/** A part of a recording or a video that has a name; it goes on until the next one begins. */
export interface Chapter {
  /** Seconds. */
  start: number
  title: string
}

/**
 * As a player needs them: in order, the first from the very beginning, to the millisecond.
 *
 * @throws {DomainError} `chapter_past_end`, `chapters_together`
 */
export function arrangeChapters(chapters: readonly Chapter[], durationSeconds: number): Chapter[] {
  const sorted = chapters
    .map(({ start, title }) => ({ start: Math.round(start * 1000) / 1000, title }))
    .sort((a, b) => a.start - b.start)
  if (sorted[0]) sorted[0].start = 0
  if ((sorted.at(-1)?.start ?? 0) >= durationSeconds && sorted.length > 1) throw new DomainError('chapter_past_end')
  if (sorted.some(({ start }, index) => sorted[index + 1]?.start === start)) throw new DomainError('chapters_together')
  return sorted
}
