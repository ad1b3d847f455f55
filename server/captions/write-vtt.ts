import type { Chapter } from './chapter.ts'
import type { Cue } from './cue.ts'

/** WebVTT (https://www.w3.org/TR/webvtt1/) of cues whose text is clean. */
export function writeVtt(cues: readonly Cue[]): string {
  const blocks = cues.map(
    ({ start, end, text, settings }) =>
      `${stampOf(start)} --> ${stampOf(end)}${settings === '' ? '' : ` ${settings}`}\n${text}\n`,
  )
  return ['WEBVTT\n', ...blocks].join('\n')
}

/** What a player measures may be a little longer than what was measured here: the last chapter has that, too. */
const BEYOND_SECONDS = 10

/** Of the kind `chapters`: each goes on until the next one begins, the last until the end. */
export function writeChapters(chapters: readonly Chapter[], durationSeconds: number): string {
  return writeVtt(
    chapters.map(({ start, title }, index) => ({
      start,
      end: chapters[index + 1]?.start ?? Math.max(start, durationSeconds) + BEYOND_SECONDS,
      text: title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
      settings: '',
    })),
  )
}

/** `01:02:03.004` */
function stampOf(seconds: number): string {
  const ms = Math.round(seconds * 1000)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`
}
