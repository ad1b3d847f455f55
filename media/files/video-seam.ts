import { buffer } from 'node:stream/consumers'
import { boxesIn, FieldReader, Fmp4Error, findBox, requireBox, viewOf } from '../packager/boxes.ts'
import { readFragments, type Sample } from '../packager/fmp4.ts'
import type { ParsedInit, Track } from '../packager/fmp4-init.ts'
import { type ObjectStore, ObjectStoreError } from '../storage/object-store.ts'
import type { FileFacts } from './probe-file.ts'
import { mayCopySound, type VideoRendition } from './video-ladder.ts'
import { durationsOf } from './video-playlist.ts'

/** Less than this is left: there may be nothing more in the file, and then nothing could be compared. */
const LEAST_LEFT_SECONDS = 1
/** Times in milliseconds, of a playlist and of an edit list, are rounded. */
const ROUNDING_SECONDS = 0.003
/** These containers say of every packet when it is, and find it by that; of others a guess is all there is. */
const SEEKABLE = ['mov', 'matroska']
/** Where an attempt to make a video goes on that an earlier one began. */
export interface Seam {
  /** Number of the next segment, in every rendition. */
  segment: number
  /** Of its first picture, on the clock of the file, whose beginning is 0. */
  atSeconds: number
  renditions: ReadonlyMap<string, RenditionSeam>
}

export interface RenditionSeam {
  init: ParsedInit
  /** Those before the seam. */
  segments: { durationSeconds: number; sizeBytes: number }[]
  /** Of all that its playlist tells, which may be more. */
  listed: readonly number[]
  video: TrackSeam
  audio: TrackSeam | null
}

/** One track at the end of the last segment that is kept. */
export interface TrackSeam {
  /** Decode time of its last frame, and of the one that comes next, in the segments' ticks. */
  lastTicks: number
  endTicks: number
  timescale: number
  /** The file's clock where the segments' is 0. */
  originSeconds: number
  /** How much later than the file's beginning the track begins. */
  lateSeconds: number
}

/**
 * Looks for what an earlier attempt has left in the store.
 *
 * @returns null when a video is to be made from its beginning: there is too little of it, nothing says exactly where its
 *   renditions end, or the file is of a kind whose moments are not found again to the frame: no duration and so no index,
 *   neither MP4 nor Matroska, sound alone; of packets that are copied, those whose ticks are others than
 *   those of the segments (Matroska's milliseconds), or whose picture begins later than its sound
 * @throws {ObjectStoreError} when the store is away
 */
export async function findSeam(
  store: ObjectStore,
  prefix: string,
  facts: FileFacts,
  ladder: readonly VideoRendition[],
): Promise<Seam | null> {
  const { video, durationSeconds, demuxer } = facts
  if (!video || durationSeconds === null || !SEEKABLE.includes(demuxer)) return null
  const listed = new Map<string, number[]>()
  for (const { name } of ladder) {
    const playlist = await readOf(store, `${prefix}/${name}/index.m3u8`)
    if (!playlist) return null
    listed.set(name, durationsOf(playlist.toString()))
  }
  const sizes = new Map<string, number>()
  for await (const { key, size } of store.list(`${prefix}/`)) sizes.set(key.slice(prefix.length + 1), size)
  let segment = Math.min(...[...listed.values()].map(({ length }) => length))
  const [first = []] = listed.values()
  while (segment > 0 && sum(first.slice(0, segment)) > durationSeconds - LEAST_LEFT_SECONDS) segment -= 1
  if (segment === 0) return null
  try {
    const renditions = new Map<string, RenditionSeam>()
    for (const { name, frameRate, isCopied } of ladder) {
      const all = listed.get(name) ?? []
      const segments = all.slice(0, segment).map((durationSeconds, n) => ({
        durationSeconds,
        sizeBytes: sizes.get(`${name}/${n}.m4s`) ?? 0,
      }))
      const found = await readSeam(store, `${prefix}/${name}`, {
        ...{ segment, facts, isCopied, frameRate: frameRate ?? video.frameRate },
        shownSeconds: sum(segments.map(({ durationSeconds }) => durationSeconds)),
      })
      if (!found) return null
      renditions.set(name, { ...found, segments, listed: all })
    }
    const ends = [...renditions.values()].map(
      (each) => each.video.endTicks / each.video.timescale + each.video.lateSeconds,
    )
    const atSeconds = Math.min(...ends)
    return Math.max(...ends) - atSeconds <= ROUNDING_SECONDS ? { segment, atSeconds, renditions } : null
  } catch (error) {
    if (error instanceof Fmp4Error) return null
    throw error
  }
}

/**
 * Whether the first segment behind the seam goes on where the last one before it ends, frame by frame, and can be played
 * with the same configuration.
 */
export async function isSeamless(
  { atSeconds }: Seam,
  { init: before, video, audio }: RenditionSeam,
  next: { init: Uint8Array; segment: Uint8Array; frameRate: number },
): Promise<boolean> {
  const { init, videoSamples, audioSamples } = await samplesOf(next.init, next.segment)
  const [picture, sound] = [videoSamples[0], audioSamples[0]]
  if (!picture || !isSameConfiguration(before, init)) return false
  const late = (picture.dts - video.endTicks) / video.timescale
  const shownAt = (picture.dts + picture.cts) / video.timescale + video.originSeconds
  return (
    picture.dts > video.lastTicks &&
    Math.abs(late) < 0.5 / next.frameRate &&
    Math.abs(shownAt - atSeconds) <= ROUNDING_SECONDS &&
    (audio
      ? sound !== undefined && Math.abs(sound.dts - audio.endTicks) / audio.timescale <= ROUNDING_SECONDS
      : sound === undefined)
  )
}

interface Kept {
  facts: FileFacts
  segment: number
  isCopied: boolean
  frameRate: number
  /** From the first picture to the next one. */
  shownSeconds: number
}

async function readSeam(
  store: ObjectStore,
  folder: string,
  { segment, facts, isCopied, shownSeconds, frameRate }: Kept,
): Promise<Pick<RenditionSeam, 'init' | 'video' | 'audio'> | null> {
  const [head, last] = [
    await readOf(store, `${folder}/init-0.mp4`),
    await readOf(store, `${folder}/${segment - 1}.m4s`),
  ]
  if (!head || !last) return null
  const { init, videoSamples, audioSamples } = await samplesOf(head, last)
  const video = trackSeam(init, init.video, videoSamples)
  const audio = trackSeam(init, init.audio, audioSamples)
  if (!video || (audio !== null) !== (facts.audio !== null)) return null
  const isSoundCopied = facts.audio !== null && mayCopySound(facts.audio)
  if (isCopied && (video.lateSeconds > 0 || !areTicksOf(facts.video, video))) return null
  if (isSoundCopied && !areTicksOf(facts.audio, audio)) return null
  // How long the last picture is shown is the muxer's guess; the playlist knows the next one.
  const endTicks = Math.round(shownSeconds * video.timescale)
  const guessedBySeconds = Math.abs(endTicks - video.endTicks) / video.timescale
  if (endTicks <= video.lastTicks || guessedBySeconds > 1 / frameRate) return null
  return { init, video: { ...video, endTicks }, audio }
}

/** Otherwise it depends on the ffmpeg which of the two a packet has when it is dropped. */
function areTicksOf(source: { tickSeconds: number } | null, track: TrackSeam | null): boolean {
  return Math.abs((source?.tickSeconds ?? 0) * (track?.timescale ?? 0) - 1) < 1e-6
}

function trackSeam(init: ParsedInit, track: Track | null, samples: readonly Sample[]): TrackSeam | null {
  const last = samples.at(-1)
  if (!track || !last) return null
  const { lateSeconds, firstTicks } = editsOf(init, track)
  return {
    lastTicks: last.dts,
    endTicks: last.dts + last.duration,
    timescale: track.timescale,
    originSeconds: lateSeconds - firstTicks / track.timescale,
    lateSeconds,
  }
}

async function samplesOf(init: Uint8Array, segment: Uint8Array) {
  const videoSamples: Sample[] = []
  const audioSamples: Sample[] = []
  let parsed: ParsedInit | null = null
  for await (const item of readFragments(pieces(init, segment))) {
    if (item.kind === 'init') parsed = item
    else {
      videoSamples.push(...item.video)
      audioSamples.push(...item.audio)
    }
  }
  if (!parsed) throw new Fmp4Error('no configuration')
  return { init: parsed, videoSamples, audioSamples }
}

/**
 * An edit list (ISO/IEC 14496-12, 8.6.6) as ffmpeg writes it: perhaps an empty edit, which is a late begin, then one whose
 * media time is how much sooner the first frame is decoded than it is shown.
 */
function editsOf({ bytes }: ParsedInit, { id }: Track): { lateSeconds: number; firstTicks: number } {
  const view = viewOf(bytes)
  const moov = requireBox(view, { start: 0, end: bytes.length }, 'moov')
  const mvhd = new FieldReader(view, requireBox(view, moov, 'mvhd'))
  mvhd.skip(mvhd.fullBox().version === 1 ? 16 : 8)
  const movieScale = mvhd.u32()
  for (const trak of boxesIn(view, moov.start, moov.end)) {
    if (trak.type !== 'trak') continue
    const tkhd = new FieldReader(view, requireBox(view, trak, 'tkhd'))
    tkhd.skip(tkhd.fullBox().version === 1 ? 16 : 8)
    if (tkhd.u32() !== id) continue
    const edts = findBox(view, trak, 'edts')
    if (!edts) return { lateSeconds: 0, firstTicks: 0 }
    const elst = new FieldReader(view, requireBox(view, edts, 'elst'))
    if (elst.fullBox().version !== 0) throw new Fmp4Error('an edit list of more than 32 bits')
    let lateTicks = 0
    for (let left = elst.u32(); left > 0; left -= 1) {
      const [duration, mediaTime] = [elst.u32(), elst.u32()]
      elst.skip(4)
      if (mediaTime !== 0xffffffff) return { lateSeconds: lateTicks / movieScale, firstTicks: mediaTime }
      lateTicks += duration
    }
  }
  throw new Fmp4Error('an edit list without media')
}

function isSameConfiguration(one: ParsedInit, other: ParsedInit): boolean {
  return (
    one.codecs === other.codecs &&
    one.width === other.width &&
    one.height === other.height &&
    one.video?.timescale === other.video?.timescale &&
    one.audio?.timescale === other.audio?.timescale &&
    Buffer.compare(pictureConfiguration(one), pictureConfiguration(other)) === 0
  )
}

/** The content of avcC (ISO/IEC 14496-15, 5.3.3): parameter sets and all. */
function pictureConfiguration({ bytes }: ParsedInit): Uint8Array {
  const name = Buffer.from(bytes).indexOf('avcC')
  return name < 4 ? new Uint8Array() : bytes.subarray(name, name - 4 + viewOf(bytes).getUint32(name - 4))
}

/** Null when there is none. */
async function readOf(store: ObjectStore, key: string): Promise<Buffer | null> {
  try {
    return await buffer((await store.get(key)).body)
  } catch (error) {
    if (error instanceof ObjectStoreError && error.code === 'not_found') return null
    throw error
  }
}

async function* pieces(...bytes: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* bytes
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
