import type { ChaptersJson } from '../../server/captions/contract.ts'
import { secondsOf, timeText } from './cues.ts'

/** A chapter as it is edited: its time as it was typed. */
export interface EditedChapter {
  start: string
  title: string
}

export function fromJson(chapters: ChaptersJson): EditedChapter[] {
  return chapters.map(({ start, title }) => ({ start: timeText(start), title }))
}

/** Of rows without a problem. */
export function toJson(rows: readonly EditedChapter[]): ChaptersJson {
  return inOrder(rows).map(({ start, title }) => ({ start: secondsOf(start) ?? 0, title: title.trim() }))
}

/** What is no time yet stays last, where it was typed. */
export function inOrder(rows: readonly EditedChapter[]): EditedChapter[] {
  const at = ({ start }: EditedChapter) => secondsOf(start) ?? Number.MAX_VALUE
  return rows.toSorted((a, b) => at(a) - at(b))
}

export function firstChapterProblem(rows: readonly EditedChapter[]): { row: number; kind: 'start' | 'title' } | null {
  const row = rows.findIndex(({ start, title }) => secondsOf(start) === null || title.trim() === '')
  if (row < 0) return null
  return { row, kind: secondsOf(rows[row]?.start ?? '') === null ? 'start' : 'title' }
}
