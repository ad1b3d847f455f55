/** A caption as it is edited: times as they were typed. */
export interface EditedCue {
  start: string
  end: string
  text: string
  settings: string
}

/** Which row cannot be saved, and why. */
export interface CueProblem {
  row: number
  kind: 'start' | 'end' | 'order' | 'text'
}

/** A caption that is added ends so much later, unless another one begins before. Seconds. */
const USUAL_SECONDS = 3
const stamp = /^(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{1,3})?)$/
/** An ampersand as the server writes it, where nothing would change its meaning. */
const writtenAmpersand = /&amp;(?!(?:amp|lt|gt|nbsp|lrm|rlm|#))/g

/** Seconds of `1:02:03.5`, `2:03` or `3,5`; null when it is no time. */
export function secondsOf(text: string): number | null {
  const plain = text.trim()
  if (/^\d{1,6}(?:[.,]\d{1,3})?$/.test(plain)) return Number(plain.replace(',', '.'))
  const [, hours = '0', minutes = '', seconds = ''] = stamp.exec(plain) ?? []
  const [m, s] = [Number(minutes), Number(seconds.replace(',', '.'))]
  if (minutes === '' || m > 59 || s >= 60) return null
  return Number(hours) * 3600 + m * 60 + s
}

/** `01:02:03.500`; what can be read is what can be written. */
export function timeText(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1000))
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const hours = ms >= 3_600_000 ? `${two(ms / 3_600_000)}:` : ''
  return `${hours}${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`
}

/** Of WebVTT as the server writes it: a time and some lines for each, parted by an empty line. */
export function parseVtt(vtt: string): EditedCue[] {
  return vtt.split('\n\n').flatMap((block) => {
    const [, start, end, settings, text] = /^([\d:.]+) --> ([\d:.]+) ?([^\n]*)\n([\s\S]*?)\n?$/.exec(block) ?? []
    if (start === undefined || end === undefined) return []
    return {
      start: timeText(secondsOf(start) ?? 0),
      end: timeText(secondsOf(end) ?? 0),
      settings: settings ?? '',
      text: (text ?? '').replace(writtenAmpersand, '&'),
    }
  })
}

export function writeVtt(cues: readonly EditedCue[]): string {
  const full = (text: string) => timeText(secondsOf(text) ?? 0)
  return `WEBVTT\n\n${cues
    .map(({ start, end, settings, text }) => {
      // An empty line would end it.
      const lines = text.split('\n').filter((line) => line.trim() !== '')
      return `${full(start)} --> ${full(end)}${settings === '' ? '' : ` ${settings}`}\n${lines.join('\n').replaceAll('-->', '--&gt;')}\n`
    })
    .join('\n')}`
}

/** Null when all of them can be saved. */
export function firstProblem(cues: readonly EditedCue[]): CueProblem | null {
  for (const [row, { start, end, text }] of cues.entries()) {
    const [from, to] = [secondsOf(start), secondsOf(end)]
    if (from === null) return { row, kind: 'start' }
    if (to === null) return { row, kind: 'end' }
    if (to <= from) return { row, kind: 'order' }
    if (text.trim() === '') return { row, kind: 'text' }
  }
  return null
}

/** With one more at a moment, at its place among the others. */
export function withCueAt(cues: readonly EditedCue[], seconds: number): { cues: EditedCue[]; row: number } {
  const later = cues.findIndex(({ start }) => (secondsOf(start) ?? 0) > seconds)
  const row = later < 0 ? cues.length : later
  const next = secondsOf(cues[row]?.start ?? '') ?? Number.POSITIVE_INFINITY
  const end = Math.max(seconds + 0.2, Math.min(seconds + USUAL_SECONDS, next))
  const cue = { start: timeText(seconds), end: timeText(end), text: '', settings: '' }
  return { cues: cues.toSpliced(row, 0, cue), row }
}
