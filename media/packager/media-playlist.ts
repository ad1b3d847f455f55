import type { SegmentEntry } from './packaged.ts'

/** EXT-X-PART: what a playlist says of a part. */
export interface PartEntry {
  durationSeconds: number
  isIndependent: boolean
}

/** What is known of a segment from its first frame on. */
export type SegmentHead = Omit<SegmentEntry, 'durationSeconds'>

/** What never changes in a broadcast and is the same in every rendition (rfc8216bis 6.2.2, B.1). */
export interface PlaylistTargets {
  /** TARGETDURATION, a whole number of seconds. */
  targetSeconds: number
  /** PART-TARGET. Null: a playlist without parts. */
  partTargetSeconds: number | null
}

export interface LivePlaylist extends PlaylistTargets {
  /** `event`: nothing is ever removed. */
  type: 'sliding' | 'event'
  discontinuitySequence: number
  /** Complete segments, in order, none missing. The first `skipped` of them are told as EXT-X-SKIP. */
  segments: readonly (SegmentEntry & { parts?: readonly PartEntry[] | undefined })[]
  /** Index of the first segment whose parts are listed. */
  partsFrom: number
  skipped: number
  /** The segment that grows, once it has a part. */
  open: (SegmentHead & { parts: readonly PartEntry[] }) | null
  /** MSN and index of the part that comes next; null when none will. */
  hint: { msn: number; part: number } | null
  /** Where the other renditions are. */
  reports: readonly { uri: string; lastMsn: number; lastPart: number }[]
  isEnded: boolean
}

/**
 * SERVER-CONTROL, a constant of the broadcast.
 *
 * PART-HOLD-BACK is exactly the three T that the specification asks for at least: hls.js takes it for its target
 * latency, so each millisecond more is a millisecond of delay. Stability comes from T, which the operator chooses.
 */
function serverControl({ targetSeconds, partTargetSeconds }: PlaylistTargets): string {
  const attributes = ['CAN-BLOCK-RELOAD=YES', `CAN-SKIP-UNTIL=${seconds(6 * targetSeconds)}`]
  if (partTargetSeconds !== null) attributes.push(`PART-HOLD-BACK=${seconds(3 * partTargetSeconds)}`)
  attributes.push(`HOLD-BACK=${seconds(3 * targetSeconds)}`)
  return `#EXT-X-SERVER-CONTROL:${attributes.join(',')}`
}

/** A live media playlist, or the last one of a broadcast. Pure: the same window gives the same text. */
export function liveMediaPlaylist(playlist: LivePlaylist): string {
  const { segments, skipped, open, partTargetSeconds } = playlist
  const first = segments[0] ?? open
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    `#EXT-X-TARGETDURATION:${playlist.targetSeconds}`,
    serverControl(playlist),
  ]
  if (partTargetSeconds !== null) lines.push(`#EXT-X-PART-INF:PART-TARGET=${seconds(partTargetSeconds)}`)
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${first?.msn ?? 0}`)
  if (playlist.discontinuitySequence > 0) {
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`)
  }
  if (playlist.type === 'event') lines.push('#EXT-X-PLAYLIST-TYPE:EVENT')
  if (areIndependent(open ? [...segments, open] : segments)) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`)

  let init: number | null = null
  for (let i = skipped; i < segments.length; i++) {
    const segment = segments[i] as LivePlaylist['segments'][number]
    const parts = i >= playlist.partsFrom ? segment.parts : undefined
    if (parts || segment.init !== init) {
      lines.push(segmentHead(segment, init))
      for (const [index, part] of (parts ?? []).entries()) lines.push(partLine(segment.msn, index, part))
      lines.push(segmentTail(segment))
    } else lines.push(oldSegment(segment))
    if (!segment.isGap) init = segment.init
  }
  if (open && partTargetSeconds !== null) {
    lines.push(segmentHead(open, init))
    for (const [index, part] of open.parts.entries()) lines.push(partLine(open.msn, index, part))
  }
  if (playlist.hint) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${playlist.hint.msn}.${playlist.hint.part}.m4s"`)
  for (const { uri, lastMsn, lastPart } of playlist.reports) {
    lines.push(`#EXT-X-RENDITION-REPORT:URI="${uri}",LAST-MSN=${lastMsn},LAST-PART=${lastPart}`)
  }
  if (playlist.isEnded) lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

/**
 * The playlist of one rendition of a recording, written at its end from the journal.
 *
 * @param segments in order; what is missing between them was lost and is not mentioned
 * @param targetSeconds TARGETDURATION as it was live; raised when a segment asks for it
 */
export function vodMediaPlaylist(segments: readonly SegmentEntry[], targetSeconds: number): string {
  const longest = segments.reduce((most, { durationSeconds }) => Math.max(most, Math.round(durationSeconds)), 0)
  const lines = [
    '#EXTM3U',
    // EXT-X-GAP asks for 8, EXT-X-MAP for 6.
    `#EXT-X-VERSION:${segments.some(({ isGap }) => isGap) ? 8 : 6}`,
    `#EXT-X-TARGETDURATION:${Math.max(targetSeconds, longest)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
  ]
  if (areIndependent(segments)) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  let init: number | null = null
  for (const [i, segment] of segments.entries()) {
    // Nothing stands before the first one, so there is nothing to be discontinuous with.
    lines.push(segmentHead(i === 0 ? { ...segment, isDiscontinuous: false } : segment, init), segmentTail(segment))
    if (!segment.isGap) init = segment.init
  }
  lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

/** rfc8216bis 4.4.2.1: the tag speaks for every segment of the playlist, so one that is not silences it. */
function areIndependent(segments: readonly SegmentHead[]): boolean {
  return segments.every(({ isIndependent }) => isIndependent !== false)
}

/** The tags before a segment's parts. MAP when it differs from what the playlist said last. */
function segmentHead(segment: SegmentHead, lastInit: number | null): string {
  const lines: string[] = []
  if (segment.isDiscontinuous) lines.push('#EXT-X-DISCONTINUITY')
  if (!segment.isGap && segment.init !== lastInit) lines.push(`#EXT-X-MAP:URI="init-${segment.init}.mp4"`)
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.programDateTimeMs).toISOString()}`)
  return lines.join('\n')
}

// A show of six hours has ten thousand of them in its playlist, and a new one every two seconds.
const oldSegments = new WeakMap<SegmentEntry, string>()

/** All lines of a segment that lists no parts and needs no new map. Segments never change, so each is written once. */
function oldSegment(segment: SegmentEntry): string {
  let text = oldSegments.get(segment)
  if (text === undefined) {
    text = `${segmentHead(segment, segment.init)}\n${segmentTail(segment)}`
    oldSegments.set(segment, text)
  }
  return text
}

function segmentTail(segment: SegmentEntry): string {
  const gap = segment.isGap ? '#EXT-X-GAP\n' : ''
  return `${gap}#EXTINF:${seconds(segment.durationSeconds)},\n${segment.msn}.m4s`
}

function partLine(msn: number, index: number, { durationSeconds, isIndependent }: PartEntry): string {
  const independent = isIndependent ? ',INDEPENDENT=YES' : ''
  return `#EXT-X-PART:DURATION=${seconds(durationSeconds)},URI="${msn}.${index}.m4s"${independent}`
}

/** Decimal seconds, to the ten-microsecond, without needless zeros. */
function seconds(value: number): string {
  return String(Math.round(value * 1e5) / 1e5)
}
