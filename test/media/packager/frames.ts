import type { Fragment, Sample } from '../../../media/packager/fmp4.ts'
import type { ParsedInit, Track } from '../../../media/packager/fmp4-init.ts'
import { SegmentCutter } from '../../../media/packager/segment-cutter.ts'
import type { CutEvent, SegmenterOptions } from '../../../media/packager/segmenter.ts'
import { segment } from '../../../media/packager/segmenter.ts'

export const KEYFRAME = 0x2000000
export const NOT_KEYFRAME = 0x1010000

export const videoTrack: Track = {
  id: 1,
  kind: 'video',
  timescale: 16_000,
  defaults: { duration: 0, size: 0, flags: 0 },
}
export const audioTrack: Track = {
  id: 2,
  kind: 'audio',
  timescale: 48_000,
  defaults: { duration: 0, size: 0, flags: 0 },
}

export function anInit(tracks: { video?: Track | null; audio?: Track | null } = {}): ParsedInit {
  const { video = videoTrack, audio = audioTrack } = tracks
  const codecs = [video && 'avc1.64001f', audio && 'mp4a.40.2'].filter(Boolean).join(',')
  return {
    kind: 'init',
    bytes: Buffer.from('init'),
    codecs,
    width: video ? 640 : null,
    height: video ? 360 : null,
    video,
    audio,
  }
}

/** One picture; times in seconds. Its payload tells its number. */
export function aFrame(index: number, time: number, duration: number, isKey: boolean, cts = 0): Sample {
  const ticks = (value: number) => Math.round(value * videoTrack.timescale)
  return {
    dts: ticks(time),
    cts: ticks(cts),
    duration: ticks(time + duration) - ticks(time),
    flags: isKey ? KEYFRAME : NOT_KEYFRAME,
    data: Buffer.from(`v${index};`),
  }
}

export interface StreamOptions {
  seconds: number
  frameRate: number
  /** Seconds between keyframes. */
  gop: number
  hasAudio?: boolean
  hasVideo?: boolean
  startsAt?: number
}

/** Pictures and sound in the order and the portions in which ffmpeg writes them. */
export function fragmentsOf({
  seconds,
  frameRate,
  gop,
  hasAudio = true,
  hasVideo = true,
  startsAt = 10,
}: StreamOptions): Fragment[] {
  const video: Sample[] = []
  let keyframes = 0
  for (let i = 0; hasVideo && i < Math.round(seconds * frameRate); i++) {
    const isKey = i / frameRate >= keyframes * gop - 1e-9
    if (isKey) keyframes += 1
    video.push(aFrame(i, startsAt + i / frameRate, 1 / frameRate, isKey))
  }
  const audio: Sample[] = []
  for (let i = 0; hasAudio && (i + 1) * 1024 <= seconds * 48_000; i++) {
    audio.push({
      dts: startsAt * 48_000 + i * 1024,
      cts: 0,
      duration: 1024,
      flags: KEYFRAME,
      data: Buffer.from(`a${i};`),
    })
  }
  const all = [
    ...video.map((sample) => ({
      at: sample.dts / 16_000,
      fragment: { kind: 'fragment' as const, video: [sample], audio: [] },
    })),
    ...audio.map((sample) => ({
      at: sample.dts / 48_000,
      fragment: { kind: 'fragment' as const, video: [], audio: [sample] },
    })),
  ]
  return all.sort((a, b) => a.at - b.at).map(({ fragment }) => fragment)
}

/** Every cut, and with each the number of fragments that had been read when it was made. */
export async function cut(
  fragments: readonly Fragment[],
  options: Partial<SegmenterOptions> = {},
): Promise<{ events: CutEvent[]; readAt: number[] }> {
  let read = 0
  async function* source() {
    for (const fragment of fragments) {
      read += 1
      yield fragment
    }
  }
  const events: CutEvent[] = []
  const readAt: number[] = []
  const cuts = segment(source(), {
    init: anInit(),
    partTargetSeconds: 0.21,
    cutter: new SegmentCutter({ targetSeconds: 2 }),
    mayDecideCuts: true,
    firstMsn: 0,
    wallClock: (pts) => Math.round(pts * 1000),
    ...options,
  })
  for await (const event of cuts) {
    events.push(event)
    readAt.push(read)
  }
  return { events, readAt }
}

/** A repeatable source of chance. */
export function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below)
  }
}
