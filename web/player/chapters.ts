import type { ChaptersJson } from '../../server/captions/contract.ts'

/** Which of them is playing; -1 without any. */
export function chapterAt(chapters: ChaptersJson, seconds: number): number {
  // A seek to its beginning may end a moment before it.
  return chapters.findLastIndex(({ start }) => start <= seconds + 0.05)
}
