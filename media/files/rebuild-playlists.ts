import { buffer } from 'node:stream/consumers'
import { readFragments, type Sample } from '../packager/fmp4.ts'
import type { ParsedInit, Track } from '../packager/fmp4-init.ts'
import { vodMediaPlaylist } from '../packager/media-playlist.ts'
import { multivariantPlaylist } from '../packager/multivariant-playlist.ts'
import type { SegmentEntry } from '../packager/packaged.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** Segments that are read at a time. */
const PARALLEL = 8
const TARGET_SECONDS = 2
/** A hole this long is no rounding: something between two segments is missing. */
const HOLE_SECONDS = 0.5

/** What the store turned out to have of a recording; sizes are bytes. */
export interface RebuiltRecording {
  durationSeconds: number
  width: number | null
  height: number | null
  /** Names, highest first. */
  renditions: string[]
  sizeBytes: number
  hasThumbnail: boolean
  hasStoryboard: boolean
}

interface StoredRendition {
  name: string
  init: ParsedInit
  /** MSN → size. */
  segments: Map<number, number>
}

/**
 * Writes the VOD playlists of a recording whose media process is gone, journal and all, from the segments themselves.
 *
 *   list ──▶ inits ──▶ times of the smallest rendition ──▶ playlists of all
 *
 * MSNs agree between renditions, so one is read for all. A segment that never arrived leaves a discontinuity. Of several
 * init segments in a rendition the first is taken: only the journal knew where the others begin, and they seldom differ.
 * Run again it writes the same.
 *
 * @returns null when nothing playable is there
 */
export async function rebuildPlaylists(
  store: ObjectStore,
  recording: string,
  startedAtMs: number,
): Promise<RebuiltRecording | null> {
  const prefix = `recordings/${recording}/`
  const files = new Map<string, number>()
  for await (const { key, size } of store.list(prefix)) files.set(key.slice(prefix.length), size)
  const renditions = await findRenditions(store, prefix, files)
  const [top, smallest] = [renditions[0], renditions.at(-1)]
  if (!top || !smallest) return null
  const entries = await readTimes(store, `${prefix}${smallest.name}/`, smallest, startedAtMs)
  if (entries.length === 0) return null

  for (const { name, segments } of renditions) {
    const own = markHoles(entries.filter(({ msn }) => segments.has(msn)))
    await store.put(`${prefix}${name}/index.m3u8`, Buffer.from(vodMediaPlaylist(own, TARGET_SECONDS)))
  }
  const variants = renditions.map(({ name, init, segments }) => ({
    uri: `${name}/index.m3u8`,
    bandwidthBps: peakOf(entries, segments),
    codecs: init.codecs,
    width: init.width,
    height: init.height,
    frameRate: null,
  }))
  // Last: it is what says that the recording can be played.
  await store.put(`${prefix}index.m3u8`, Buffer.from(multivariantPlaylist(variants)))
  return {
    durationSeconds: entries.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0),
    width: top.init.width,
    height: top.init.height,
    renditions: renditions.map(({ name }) => name),
    sizeBytes: [...files.values()].reduce((sum, size) => sum + size, 0),
    hasThumbnail: files.has('thumbnail.jpg'),
    hasStoryboard: files.has('storyboard.vtt'),
  }
}

/** Those that have an init segment and at least one more, highest first. */
async function findRenditions(
  store: ObjectStore,
  prefix: string,
  files: ReadonlyMap<string, number>,
): Promise<StoredRendition[]> {
  const segments = new Map<string, Map<number, number>>()
  for (const [file, size] of files) {
    const [, name, msn] = /^([a-z0-9-]+)\/(\d+)\.m4s$/.exec(file) ?? []
    if (name === undefined || msn === undefined) continue
    segments.set(name, (segments.get(name) ?? new Map()).set(Number(msn), size))
  }
  const found: StoredRendition[] = []
  for (const [name, own] of segments) {
    if (!files.has(`${name}/init-0.mp4`)) continue
    found.push({ name, init: await readInit(store, `${prefix}${name}/init-0.mp4`), segments: own })
  }
  return found.sort((a, b) => (b.init.height ?? 0) - (a.init.height ?? 0))
}

async function readInit(store: ObjectStore, key: string): Promise<ParsedInit> {
  for await (const item of readFragments(once(await read(store, key)))) if (item.kind === 'init') return item
  throw new Error(`${key} is no init segment`)
}

/** Begin and length of each segment, in order of their MSNs. */
async function readTimes(
  store: ObjectStore,
  folder: string,
  { init, segments }: StoredRendition,
  startedAtMs: number,
): Promise<SegmentEntry[]> {
  const numbers = [...segments.keys()].sort((a, b) => a - b)
  const times = new Map<number, { startSeconds: number; durationSeconds: number }>()
  const waiting = numbers.values()
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const msn of waiting) {
        const bytes = await read(store, `${folder}${msn}.m4s`)
        const time = await timeOf(init, bytes)
        if (time) times.set(msn, time)
      }
    }),
  )
  const first = times.get(numbers[0] ?? 0)?.startSeconds ?? 0
  return numbers.flatMap((msn) => {
    const time = times.get(msn)
    if (!time) return []
    const next = times.get(msn + 1)
    const toNext = next ? next.startSeconds - time.startSeconds : 0
    // The last frame's own duration is the muxer's guess; where the next segment follows, its begin is not.
    const isFollowed = toNext > 0 && Math.abs(toNext - time.durationSeconds) < HOLE_SECONDS
    return {
      msn,
      durationSeconds: isFollowed ? toNext : time.durationSeconds,
      programDateTimeMs: Math.round(startedAtMs + (time.startSeconds - first) * 1000),
      isDiscontinuous: false,
      init: 0,
    }
  })
}

/** @returns null when not one fragment of it is whole */
async function timeOf(
  init: ParsedInit,
  bytes: Uint8Array,
): Promise<{ startSeconds: number; durationSeconds: number } | null> {
  const track = init.video ?? init.audio
  const samples: Sample[] = []
  for await (const item of readFragments(once(init.bytes, bytes))) {
    if (item.kind === 'fragment') samples.push(...(track?.kind === 'video' ? item.video : item.audio))
  }
  const [first, last] = [samples[0], samples.at(-1)]
  if (!track || !first || !last) return null
  return {
    startSeconds: seconds(first.dts, track),
    durationSeconds: seconds(last.dts + last.duration - first.dts, track),
  }
}

/** A player must know where the clock jumps: after a segment that is missing, and where the publisher came back. */
function markHoles(entries: readonly SegmentEntry[]): SegmentEntry[] {
  return entries.map((entry, index) => {
    const before = entries[index - 1]
    if (!before) return entry
    const holeMs = entry.programDateTimeMs - before.programDateTimeMs - before.durationSeconds * 1000
    return { ...entry, isDiscontinuous: before.msn !== entry.msn - 1 || Math.abs(holeMs) > HOLE_SECONDS * 1000 }
  })
}

function peakOf(entries: readonly SegmentEntry[], segments: ReadonlyMap<number, number>): number {
  const rates = entries.map(
    ({ msn, durationSeconds }) => ((segments.get(msn) ?? 0) * 8) / Math.max(durationSeconds, 0.1),
  )
  return Math.max(1, ...rates.slice(0, 100_000))
}

async function read(store: ObjectStore, key: string): Promise<Uint8Array> {
  return buffer((await store.get(key)).body)
}

async function* once(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

function seconds(ticks: number, { timescale }: Track): number {
  return ticks / timescale
}
