import { DomainError, type ErrorCode } from '../errors.ts'
import type { Cue } from './cue.ts'
import { cleanCueText } from './cue-text.ts'

const MOST_CUES = 20_000
const LONGEST_TEXT = 2000
const arrow = '-->'
/** SubRip's comma and its single digits are taken as they are meant. */
const timing =
  /^\s*(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,3}))?\s*-->\s*(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,3}))?(?:\s+(.*))?$/
const setting =
  /^(?:vertical:(?:rl|lr)|line:(?:-?\d{1,3}|\d{1,3}(?:\.\d{1,3})?%)(?:,(?:start|center|end))?|position:\d{1,3}(?:\.\d{1,3})?%(?:,(?:line-left|center|line-right))?|size:\d{1,3}(?:\.\d{1,3})?%|align:(?:start|center|end|left|right))$/

/**
 * Reads WebVTT or SubRip, by what is in it, not by what it is called.
 *
 *   bytes ──▶ UTF-8 ──▶ lines ──▶ blocks ──▶ cues, sorted, with clean text
 *
 * Kind to what is meant all the same: a byte order mark, any line ends, commas in times, styles and notes (left out), tags
 * that WebVTT does not have (left out), cues without text (left out). Strict where something would be lost without a word:
 * then the first line that is wrong is named. Written for that: the libraries there are drop such a cue in silence.
 *
 * @throws {DomainError} `captions_encoding`, `captions_unknown`, `captions_line`, `captions_end`, `captions_too_long` with `line`;
 *   `captions_empty`
 */
export function readCaptions(bytes: Uint8Array): Cue[] {
  const lines = decode(bytes)
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
  const isVtt = /^WEBVTT(?:[ \t].*)?$/.test(lines[0] ?? '')
  const cues: Cue[] = []
  let index = isVtt ? endOfHeader(lines) : 0
  for (;;) {
    while (index < lines.length && isBlank(lines, index)) index += 1
    if (index >= lines.length) break
    const end = nextBlank(lines, index)
    if (isVtt && /^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/.test(lines[index] ?? '')) refuseTimes(lines, index, end)
    else {
      const cue = readBlock(lines, index, end)
      if (cue.text !== '') cues.push(cue)
      if (cues.length > MOST_CUES) throw faultAt('captions_too_long', index)
    }
    index = end
  }
  if (cues.length === 0) throw new DomainError('captions_empty')
  return cues.sort((a, b) => a.start - b.start || b.end - a.end)
}

/** A line of a name or a number, perhaps; the time; the text. */
function readBlock(lines: readonly string[], from: number, end: number): Cue {
  const at = lines[from]?.includes(arrow) ? from : from + 1
  const times = at < end ? timing.exec(lines[at] ?? '') : null
  if (!times) {
    const isFirst = !lines.slice(0, from).some((line) => line.includes(arrow))
    throw faultAt(isFirst && !lines[at]?.includes(arrow) ? 'captions_unknown' : 'captions_line', Math.min(at, end - 1))
  }
  const [start, stop] = [secondsOf(times.slice(1, 5)), secondsOf(times.slice(5, 9))]
  if (stop <= start) throw faultAt('captions_end', at)
  refuseTimes(lines, at + 1, end)
  const raw = lines.slice(at + 1, end).join('\n')
  if (raw.length > LONGEST_TEXT) throw faultAt('captions_too_long', at)
  const settings = (times[9] ?? '').split(/\s+/).filter((one) => setting.test(one))
  return { start, end: stop, text: cleanCueText(raw), settings: settings.join(' ') }
}

/** The empty line between two cues is missing: the second would be taken for text. */
function refuseTimes(lines: readonly string[], from: number, end: number): void {
  for (let line = from; line < end; line += 1) {
    if (timing.test(lines[line] ?? '')) throw faultAt('captions_line', line)
  }
}

/** An empty line, or a cue at once. */
function endOfHeader(lines: readonly string[]): number {
  let index = 1
  while (index < lines.length && !isBlank(lines, index) && !lines[index]?.includes(arrow)) index += 1
  return index
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw faultAt('captions_encoding', firstBadLine(bytes))
  }
}

/** Line by line: a letter of UTF-8 has no line end in it. UTF-16 fails in its first one, by its mark. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let [line, from] = [0, 0]
  for (;;) {
    const end = text.indexOf(10, from)
    try {
      decoder.decode(text.subarray(from, end < 0 ? undefined : end))
    } catch {
      return line
    }
    if (end < 0) return line
    line += 1
    from = end + 1
  }
}

function secondsOf([hours = '0', minutes = '0', seconds = '0', fraction = '0']: (string | undefined)[]): number {
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(fraction.padEnd(3, '0')) / 1000
}

function isBlank(lines: readonly string[], index: number): boolean {
  return (lines[index] ?? '').trim() === ''
}

function nextBlank(lines: readonly string[], from: number): number {
  let index = from
  while (index < lines.length && !isBlank(lines, index)) index += 1
  return index
}

/** @param index from 0; people count lines from 1 */
function faultAt(code: ErrorCode, index: number): DomainError {
  return new DomainError(code, { line: index + 1 })
}
