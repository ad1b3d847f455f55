import type { RecordingClosed } from '../host.ts'
import { vodMediaPlaylist } from '../packager/media-playlist.ts'
import { multivariantPlaylist, type Variant } from '../packager/multivariant-playlist.ts'
import type { SegmentEntry } from '../packager/packaged.ts'
import { type Catalogue, entryOf, type Track } from './catalogue.ts'
import type { InitFact, SegmentFact } from './journal.ts'

/**
 * The playlists of a recording by their paths, from what the catalogue holds in memory: no file is read, so a show of
 * three hours has them as soon as one of ten seconds. The multivariant one is last. Empty when nothing is playable.
 *
 * All renditions have the same timeline: where one lacks a segment that another has, it lists a gap (EXT-X-GAP); what
 * all of them lack is left out, and the next segment is discontinuous. A discontinuity of one is one of all, because
 * players match renditions by counting them (RFC 8216, 6.2.4).
 */
export function vodPlaylists(catalogue: Catalogue): Map<string, string> {
  const tracks = [...catalogue.tracks.values()].filter(({ segments }) => segments.size > 0)
  const timeline = timelineOf(tracks)
  const targetSeconds = Math.ceil(catalogue.opened.segmentTargetMs / 1000)
  const playlists = new Map<string, string>()
  const variants: Variant[] = []
  for (const track of tracks) {
    const path = `${track.rendition.name}/index.m3u8`
    playlists.set(path, vodMediaPlaylist(onTimeline(track, timeline), targetSeconds))
    variants.push(variantOf(track, path, targetSeconds))
  }
  if (variants.length > 0) playlists.set('index.m3u8', multivariantPlaylist(variants))
  return playlists
}

/** Seconds that the recording plays. */
export function durationOf(catalogue: Catalogue): number {
  const seconds = timelineOf([...catalogue.tracks.values()]).reduce((sum, entry) => sum + entry.durationSeconds, 0)
  return Math.round(seconds * 1000) / 1000
}

/** What the platform is told of a recording that was closed. */
export type RecordingSummary = Omit<RecordingClosed, 'eventId' | 'node' | 'broadcast' | 'recording' | 'isUploaded'>

export function summaryOf(catalogue: Catalogue): RecordingSummary {
  const tracks = [...catalogue.tracks.values()].filter(({ segments }) => segments.size > 0)
  const top = tracks[0] && bestInit(tracks[0], [...tracks[0].segments.values()])
  let sizeBytes = 0
  for (const { size } of catalogue.files()) sizeBytes += size
  return {
    isPlayable: tracks.length > 0,
    durationSeconds: durationOf(catalogue),
    width: top?.width ?? null,
    height: top?.height ?? null,
    renditions: tracks.map(({ rendition }) => rendition.name),
    sizeBytes,
    hasThumbnail: catalogue.tiles.length > 0,
    hasStoryboard: catalogue.tiles.length > 0,
  }
}

/** Every segment that any rendition has, in order, as the highest rendition that has it tells it. */
function timelineOf(tracks: readonly Track[]): SegmentEntry[] {
  const found = new Map<number, SegmentEntry>()
  for (const { segments } of tracks) {
    for (const segment of segments.values()) {
      const known = found.get(segment.msn)
      if (!known) found.set(segment.msn, entryOf(segment))
      else if (segment.isDiscontinuous) known.isDiscontinuous = true
    }
  }
  const entries = [...found.values()].sort((a, b) => a.msn - b.msn)
  for (const [i, entry] of entries.entries()) {
    const before = entries[i - 1]
    if (before && entry.msn !== before.msn + 1) entry.isDiscontinuous = true
  }
  return entries
}

function onTimeline({ segments }: Track, timeline: readonly SegmentEntry[]): SegmentEntry[] {
  return timeline.map((entry) => {
    const own = segments.get(entry.msn)
    if (!own) return { ...entry, isGap: true }
    return { ...entryOf(own), isDiscontinuous: entry.isDiscontinuous }
  })
}

function variantOf(track: Track, uri: string, targetSeconds: number): Variant {
  const segments = [...track.segments.values()]
  const best = bestInit(track, segments)
  const seconds = segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0)
  const average = (8 * segments.reduce((sum, { size }) => sum + size, 0)) / Math.max(seconds, 1e-3)
  // rfc8216bis 4.4.6.2: the peak is over stretches of 0.5 to 1.5 target durations; a short last segment is none.
  const peak = segments
    .filter(({ durationSeconds }) => durationSeconds >= targetSeconds / 2)
    .reduce((most, { size, durationSeconds }) => Math.max(most, (8 * size) / durationSeconds), average)
  return {
    uri,
    bandwidthBps: peak,
    averageBandwidthBps: average,
    codecs: best?.codecs ?? '',
    width: best?.width ?? null,
    height: best?.height ?? null,
    frameRate: best?.width ? track.rendition.frameRate : null,
  }
}

/** Of a rendition whose configuration changed, the largest picture speaks: who can decode it can decode the others. */
function bestInit({ inits }: Track, segments: readonly SegmentFact[]): InitFact | null {
  const used = new Set(segments.map(({ init }) => init))
  let best: InitFact | null = null
  for (const init of inits) if (init && used.has(init.index) && (!best || rank(init) > rank(best))) best = init
  return best
}

function rank({ width, height, codecs }: InitFact): number {
  return (width ?? 0) * (height ?? 0) * 100 + codecs.length
}
