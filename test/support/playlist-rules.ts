/** A playlist that breaks one of the rules in the packager's specification; `rule` is its number there. */
export class PlaylistRuleError extends Error {
  override readonly name = 'PlaylistRuleError'
  readonly rule: number

  constructor(rule: number, message: string) {
    super(`rule ${rule}: ${message}`)
    this.rule = rule
  }
}

export interface ReadPart {
  uri: string
  duration: number
  isIndependent: boolean
}

export interface ReadSegment {
  msn: number
  uri: string
  duration: number
  /** Milliseconds since 1970. */
  programDateTime: number | null
  isDiscontinuous: boolean
  isGap: boolean
  parts: ReadPart[]
}

export interface ReadPlaylist {
  version: number
  targetDuration: number
  partTarget: number | null
  serverControl: string | null
  mediaSequence: number
  discontinuitySequence: number
  skipped: number
  type: string | null
  segments: ReadSegment[]
  open: Omit<ReadSegment, 'uri' | 'duration'> | null
  hint: string | null
  reports: { uri: string; lastMsn: number; lastPart: number }[]
  isIndependent: boolean
  isEnded: boolean
}

const ROUNDING = 0.0011

/**
 * Checks one media playlist, live or VOD, against every rule that a single text can break.
 *
 * @returns what was read, for further checks
 * @throws {PlaylistRuleError}
 */
export function checkMediaPlaylist(text: string): ReadPlaylist {
  const playlist = readMediaPlaylist(text)
  const { targetDuration: td, partTarget: t, segments, open } = playlist
  checkServerControl(playlist)
  checkParts(playlist)
  for (const { duration, msn } of segments) {
    must(5, Math.round(duration) <= td, `segment ${msn} of ${duration} s in a target of ${td}`)
  }
  const isLive = playlist.type !== 'VOD'
  const total = segments.reduce((sum, { duration }) => sum + duration, 0) + playlist.skipped * td
  if (isLive && playlist.mediaSequence > 0) must(5, total >= 3 * td, `only ${total} s are left`)
  checkClock([...segments, ...(open ? [open] : [])])
  if (t !== null && !playlist.isEnded) {
    must(9, playlist.hint !== null, 'no preload hint')
    const next = open ?? { msn: playlist.mediaSequence + playlist.skipped + segments.length, parts: [] }
    const hints = [`${next.msn}.${next.parts.length}.m4s`, `${next.msn + 1}.0.m4s`]
    must(9, hints.includes(playlist.hint ?? ''), `hint ${playlist.hint} is none of ${hints}`)
  }
  if (playlist.isEnded) must(9, playlist.hint === null, 'a hint after the end')
  for (const { uri, lastMsn, lastPart } of playlist.reports) {
    must(8, Number.isInteger(lastMsn) && Number.isInteger(lastPart), `report of ${uri} lacks LAST-MSN or LAST-PART`)
  }
  return playlist
}

/**
 * Checks what may change from one reload to the next of the same playlist.
 *
 * @throws {PlaylistRuleError}
 */
export function checkReload(before: ReadPlaylist, after: ReadPlaylist): void {
  must(1, before.targetDuration === after.targetDuration, 'TARGETDURATION changed')
  must(1, before.partTarget === after.partTarget, 'PART-TARGET changed')
  must(1, before.serverControl === after.serverControl, 'SERVER-CONTROL changed')
  must(5, after.mediaSequence >= before.mediaSequence, 'MEDIA-SEQUENCE went down')
  must(5, after.discontinuitySequence >= before.discontinuitySequence, 'DISCONTINUITY-SEQUENCE went down')
  const known = new Map(after.segments.map((segment) => [segment.msn, segment]))
  for (const segment of before.segments) {
    const again = known.get(segment.msn)
    if (!again) continue
    must(5, again.uri === segment.uri && again.duration === segment.duration, `segment ${segment.msn} changed`)
  }
  const removed = before.segments.filter(({ msn }) => msn < after.mediaSequence)
  const gone = removed.filter(({ isDiscontinuous }) => isDiscontinuous).length
  if (after.mediaSequence > before.mediaSequence && before.skipped === 0) {
    must(5, after.discontinuitySequence === before.discontinuitySequence + gone, 'DISCONTINUITY-SEQUENCE miscounts')
  }
  const last = before.segments.at(-1)?.msn ?? before.mediaSequence - 1
  const lastAfter = after.segments.at(-1)?.msn ?? after.mediaSequence - 1
  must(5, lastAfter >= last, 'a segment vanished from the end')
}

/** Checks what must be the same in every rendition of a broadcast. @throws {PlaylistRuleError} */
export function checkRenditions(playlists: readonly ReadPlaylist[]): void {
  const [first, ...others] = playlists
  for (const other of others) {
    must(1, other.serverControl === first?.serverControl, 'renditions differ in SERVER-CONTROL')
    must(1, other.targetDuration === first?.targetDuration, 'renditions differ in TARGETDURATION')
    must(1, other.partTarget === first?.partTarget, 'renditions differ in PART-TARGET')
    const clock = new Map(first?.segments.map((segment) => [segment.msn, segment.programDateTime]))
    for (const { msn, programDateTime } of other.segments) {
      const reference = clock.get(msn)
      if (typeof reference !== 'number' || programDateTime === null) continue
      must(7, Math.abs(reference - programDateTime) <= 60, `segment ${msn} is at another time in another rendition`)
    }
  }
}

function checkServerControl({ serverControl, partTarget, targetDuration, skipped, version, type }: ReadPlaylist): void {
  if (type === 'VOD') {
    must(4, serverControl === null, 'SERVER-CONTROL on a recording')
    return
  }
  const control = attributesOf(serverControl ?? '')
  must(4, Number(control.get('HOLD-BACK')) >= 3 * targetDuration, 'HOLD-BACK under three target durations')
  must(4, Number(control.get('CAN-SKIP-UNTIL')) >= 6 * targetDuration, 'CAN-SKIP-UNTIL under six target durations')
  must(10, control.get('CAN-BLOCK-RELOAD') === 'YES', 'no CAN-BLOCK-RELOAD')
  if (partTarget !== null) {
    must(4, Number(control.get('PART-HOLD-BACK')) >= 3 * partTarget - 1e-9, 'PART-HOLD-BACK under three part targets')
  }
  if (skipped > 0) must(4, version >= 9, 'EXT-X-SKIP needs version 9')
}

function checkParts({ segments, open, partTarget, targetDuration, isIndependent }: ReadPlaylist): void {
  const all = [...segments, ...(open ? [open] : [])]
  for (const { msn, parts } of all) {
    if (parts.length > 0) must(2, partTarget !== null, 'parts without PART-INF')
    for (const [index, part] of parts.entries()) {
      must(2, part.uri === `${msn}.${index}.m4s`, `part ${part.uri} stands where ${msn}.${index} should`)
      must(2, part.duration <= (partTarget ?? 0) + 1e-9, `part ${part.uri} of ${part.duration} s is too long`)
      const isFree = part.isIndependent || index === parts.length - 1
      const isLong = part.duration >= 0.85 * (partTarget ?? 0) - 1e-5
      must(2, isFree || isLong, `part ${part.uri} of ${part.duration} s is too short`)
    }
    if (isIndependent && parts[0]) must(7, parts[0].isIndependent, `segment ${msn} is not independent`)
  }
  for (const { msn, parts, duration } of segments) {
    const sum = parts.reduce((total, part) => total + part.duration, 0)
    must(2, sum <= duration + ROUNDING, `the parts of ${msn} are longer than the segment`)
  }
  if (partTarget === null) return
  for (const { msn, parts, isGap } of segments.slice(-2))
    must(6, isGap || parts.length > 0, `parts of ${msn} are missing`)
  let after = open?.parts.reduce((total, part) => total + part.duration, 0) ?? 0
  for (const { msn, parts, duration } of segments.toReversed()) {
    must(
      6,
      parts.length === 0 || after + duration <= 3 * targetDuration + duration / 2,
      `parts of ${msn} are still listed`,
    )
    after += duration
  }
}

function checkClock(
  segments: readonly Omit<ReadSegment, 'uri'>[] | readonly Omit<ReadSegment, 'uri' | 'duration'>[],
): void {
  let expected: number | null = null
  for (const segment of segments) {
    must(7, segment.programDateTime !== null, `segment ${segment.msn} has no PROGRAM-DATE-TIME`)
    const at = segment.programDateTime ?? 0
    if (expected !== null) {
      const drift = at - expected
      must(7, drift >= -2, `the clock goes back at ${segment.msn}`)
      if (!segment.isDiscontinuous && !segment.isGap)
        must(7, drift <= 2, `the clock jumps by ${drift} ms at ${segment.msn}`)
    }
    const duration = 'duration' in segment ? (segment.duration as number) : 0
    // Behind a gap nothing is promised.
    expected = segment.isGap ? null : at + duration * 1000
  }
}

function readMediaPlaylist(text: string): ReadPlaylist {
  const lines = text.split('\n')
  must(0, lines[0] === '#EXTM3U' && text.endsWith('\n'), 'not a playlist')
  const playlist: ReadPlaylist = {
    version: 1,
    targetDuration: 0,
    partTarget: null,
    serverControl: null,
    mediaSequence: 0,
    discontinuitySequence: 0,
    skipped: 0,
    type: null,
    segments: [],
    open: null,
    hint: null,
    reports: [],
    isIndependent: false,
    isEnded: false,
  }
  let map: string | null = null
  let next = emptySegment()
  let duration: number | null = null
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':')
    const tag = line.startsWith('#') ? line.slice(0, colon < 0 ? undefined : colon) : ''
    const value = colon < 0 ? '' : line.slice(colon + 1)
    if (tag === '#EXT-X-VERSION') playlist.version = Number(value)
    else if (tag === '#EXT-X-TARGETDURATION') playlist.targetDuration = Number(value)
    else if (tag === '#EXT-X-SERVER-CONTROL') playlist.serverControl = value
    else if (tag === '#EXT-X-PART-INF') playlist.partTarget = Number(attributesOf(value).get('PART-TARGET'))
    else if (tag === '#EXT-X-MEDIA-SEQUENCE') playlist.mediaSequence = Number(value)
    else if (tag === '#EXT-X-DISCONTINUITY-SEQUENCE') playlist.discontinuitySequence = Number(value)
    else if (tag === '#EXT-X-PLAYLIST-TYPE') playlist.type = value
    else if (tag === '#EXT-X-INDEPENDENT-SEGMENTS') playlist.isIndependent = true
    else if (tag === '#EXT-X-SKIP') playlist.skipped = Number(attributesOf(value).get('SKIPPED-SEGMENTS'))
    else if (tag === '#EXT-X-MAP') map = attributesOf(value).get('URI') ?? null
    else if (tag === '#EXT-X-DISCONTINUITY') next.isDiscontinuous = true
    else if (tag === '#EXT-X-GAP') next.isGap = true
    else if (tag === '#EXT-X-PROGRAM-DATE-TIME') next.programDateTime = Date.parse(value)
    else if (tag === '#EXTINF') duration = Number(value.replace(/,.*/, ''))
    else if (tag === '#EXT-X-ENDLIST') playlist.isEnded = true
    else if (tag === '#EXT-X-PRELOAD-HINT') playlist.hint = attributesOf(value).get('URI') ?? null
    else if (tag === '#EXT-X-PART') {
      const part = attributesOf(value)
      must(7, map !== null, 'a part before EXT-X-MAP')
      next.parts.push({
        uri: part.get('URI') ?? '',
        duration: Number(part.get('DURATION')),
        isIndependent: part.get('INDEPENDENT') === 'YES',
      })
    } else if (tag === '#EXT-X-RENDITION-REPORT') {
      const report = attributesOf(value)
      const [lastMsn, lastPart] = [Number(report.get('LAST-MSN')), Number(report.get('LAST-PART'))]
      playlist.reports.push({ uri: report.get('URI') ?? '', lastMsn, lastPart })
    } else if (tag === '' && line !== '') {
      must(0, duration !== null, `${line} has no EXTINF`)
      must(7, map !== null || next.isGap, 'a segment before EXT-X-MAP')
      const msn = playlist.mediaSequence + playlist.skipped + playlist.segments.length
      playlist.segments.push({ ...next, msn, uri: line, duration: duration ?? 0 })
      next = emptySegment()
      duration = null
    }
  }
  const msn = playlist.mediaSequence + playlist.skipped + playlist.segments.length
  if (next.parts.length > 0) playlist.open = { ...next, msn }
  must(0, playlist.targetDuration > 0, 'no TARGETDURATION')
  must(0, playlist.version >= 6, 'EXT-X-MAP needs version 6')
  return playlist
}

function emptySegment(): Omit<ReadSegment, 'msn' | 'uri' | 'duration'> {
  return { programDateTime: null, isDiscontinuous: false, isGap: false, parts: [] }
}

function attributesOf(value: string): Map<string, string> {
  return new Map(
    [...value.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)].map(([, name = '', text = '']) => [
      name,
      text.replaceAll('"', ''),
    ]),
  )
}

function must(rule: number, isKept: boolean, message: string): void {
  if (!isKept) throw new PlaylistRuleError(rule, message)
}
