import { describe, expect, it } from 'vitest'
import { type Fragment, readFragments } from '../../../media/packager/fmp4.ts'
import { SegmentCutter } from '../../../media/packager/segment-cutter.ts'
import type { CutEvent, CutSegment } from '../../../media/packager/segmenter.ts'
import { inPieces, makeClip } from './clips.ts'
import { aFrame, anInit, chance, cut, fragmentsOf, videoTrack } from './frames.ts'

const TARGET = 0.21

function segmentsOf(events: readonly CutEvent[]): CutSegment[] {
  return events.filter((event) => event.kind === 'segment')
}

/** Frames of all parts as they can be read back, in order. */
async function framesIn(events: readonly CutEvent[]): Promise<Fragment[]> {
  const init = (await makeInit).bytes
  const bytes = Buffer.concat([init, ...segmentsOf(events).flatMap(({ parts }) => parts.map((part) => part.bytes))])
  const fragments: Fragment[] = []
  for await (const item of readFragments(inPieces(bytes, 9999))) if (item.kind === 'fragment') fragments.push(item)
  return fragments
}

const makeInit = makeClip({ seconds: 1 }).then(async (clip) => {
  const first = await readFragments(inPieces(clip.get('top') ?? Buffer.alloc(0), 9999)).next()
  if (first.done || first.value.kind !== 'init') throw new Error('no init segment')
  return first.value
})

describe('segment', () => {
  it.each([
    [30, 6],
    [25, 5],
    [60, 12],
    [50, 10],
    [15, 3],
  ])('groups %i frames a second into parts of %i', async (frameRate, frames) => {
    const { events } = await cut(fragmentsOf({ seconds: 4, frameRate, gop: 1 }))
    for (const segment of segmentsOf(events)) {
      expect(segment.durationSeconds).toBeCloseTo(2, 5)
      for (const part of segment.parts) expect(part.durationSeconds).toBeCloseTo(frames / frameRate, 5)
    }
    expect((await framesIn(events)).every(({ video }) => video.length === frames)).toBe(true)
  })

  it('publishes a part with the frame that fills it, not with the one after', async () => {
    const fragments = fragmentsOf({ seconds: 2, frameRate: 30, gop: 1, hasAudio: false })
    const { events, readAt } = await cut(fragments, { init: anInit({ audio: null }) })
    const parts = events.flatMap((event, i) => (event.kind === 'part' ? [readAt[i]] : []))
    expect(parts).toEqual([6, 12, 18, 24, 30, 36, 42, 48, 54, 60])
  })

  it('begins segments with keyframes, and says where else one can join', async () => {
    const { events } = await cut(fragmentsOf({ seconds: 6, frameRate: 30, gop: 1 }))
    for (const { parts, isIndependent } of segmentsOf(events)) {
      expect(isIndependent).toBe(true)
      expect(parts.map((part) => part.isIndependent)).toEqual([
        true,
        false,
        false,
        false,
        false,
        true,
        false,
        false,
        false,
        false,
      ])
    }
  })

  it('cuts sound alone by time, each segment within the target', async () => {
    const options = { init: anInit({ video: null }) }
    const { events } = await cut(fragmentsOf({ seconds: 7, frameRate: 30, gop: 1, hasVideo: false }), options)
    for (const { durationSeconds, parts } of segmentsOf(events)) {
      expect(durationSeconds).toBeLessThanOrEqual(2)
      expect(parts.every(({ isIndependent }) => isIndependent)).toBe(true)
    }
    expect(segmentsOf(events)[0]?.durationSeconds).toBeGreaterThan(1.97)
  })

  it('keeps a segment within the target when no keyframe comes, and does not call it independent', async () => {
    const { events } = await cut(fragmentsOf({ seconds: 9, frameRate: 30, gop: 4 }))
    const segments = segmentsOf(events)
    for (const { durationSeconds } of segments) expect(Math.round(durationSeconds)).toBeLessThanOrEqual(2)
    expect(segments.map(({ isIndependent }) => isIndependent)).toContain(false)
    for (const { isIndependent, parts } of segments) expect(parts[0]?.isIndependent).toBe(isIndependent)
  })

  it('lets the sound make parts of its own while the camera stalls', async () => {
    const fragments = fragmentsOf({ seconds: 4, frameRate: 30, gop: 1 })
    const stalled = fragments.filter(
      ({ video: [frame] }) => !frame || frame.dts < 10.5 * 16_000 || frame.dts >= 11.5 * 16_000,
    )
    const { events } = await cut(stalled)
    const [segment] = segmentsOf(events)
    expect(segment?.parts.every(({ durationSeconds }) => durationSeconds <= TARGET + 1e-9)).toBe(true)
    const total = segment?.parts.reduce((sum, part) => sum + part.durationSeconds, 0) ?? 0
    expect(total).toBeCloseTo(segment?.durationSeconds ?? 0, 1)
  })

  it('makes decode time contiguous and leaves presentation times alone', async () => {
    // As ffmpeg does when sound flushes a picture: 33 ms claimed for frames that are 200 ms apart.
    const fragments: Fragment[] = Array.from({ length: 20 }, (_, i) => ({
      kind: 'fragment',
      video: [aFrame(i, 10 + i * 0.2, 1 / 30, i % 5 === 0)],
      audio: [],
    }))
    const { events } = await cut(fragments, { init: anInit({ audio: null }), partTargetSeconds: 0.5 })
    const frames = (await framesIn(events)).flatMap(({ video }) => video)
    expect(frames).toHaveLength(20)
    for (const [i, frame] of frames.entries()) {
      expect((frame.dts + frame.cts) / videoTrack.timescale).toBeCloseTo(10 + i * 0.2, 3)
      const next = frames[i + 1]
      if (next) expect(frame.dts + frame.duration).toBe(next.dts)
    }
  })

  it('announces the end of a segment once GOPs are regular', async () => {
    const { events } = await cut(fragmentsOf({ seconds: 6, frameRate: 30, gop: 1 }))
    const likely = events.flatMap((event) =>
      event.kind === 'part' && event.isLikelyLast ? [[event.msn, event.index]] : [],
    )
    // Of the first segment nothing is known before its second keyframe.
    expect(likely).toEqual([
      [0, 9],
      [1, 9],
      [2, 9],
    ])
  })

  it('keeps Media Sequence Numbers of renditions the same, one behind the other', async () => {
    const cutter = new SegmentCutter({ targetSeconds: 2 })
    const fragments = fragmentsOf({ seconds: 9, frameRate: 30, gop: 1 })
    const [top, low] = [await cut(fragments, { cutter }), await cut(fragments.slice(0, -90), { cutter })]
    const starts = (events: readonly CutEvent[]) =>
      segmentsOf(events).map(({ msn, programDateTimeMs }) => [msn, programDateTimeMs])
    expect(starts(top.events).slice(0, starts(low.events).length)).toEqual(starts(low.events))
  })

  it('breaks no rule and loses no frame at any frame rate and GOP', async () => {
    const random = chance(42)
    for (let round = 0; round < 60; round++) {
      const frameRate = [5, 7, 10, 12, 15, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60][random(14)] ?? 30
      const gop = (1 + random(80)) / 10
      const target = 0.15 + random(86) / 100
      const hasAudio = random(3) > 0
      const fragments = fragmentsOf({ seconds: 7, frameRate, gop, hasAudio })
      const { events } = await cut(fragments, {
        partTargetSeconds: target,
        ...(hasAudio ? {} : { init: anInit({ audio: null }) }),
      })
      const label = `${frameRate} fps, GOP ${gop}, T ${target}, ${hasAudio ? 'sound' : 'silent'}`
      for (const [i, { msn, durationSeconds, parts }] of segmentsOf(events).entries()) {
        expect(msn, label).toBe(i)
        expect(Math.round(durationSeconds), label).toBeLessThanOrEqual(2)
        for (const { durationSeconds: length, isIndependent, index } of parts) {
          expect(length, label).toBeLessThanOrEqual(target + 1e-9)
          const isFree = isIndependent || index === parts.length - 1
          if (!isFree) expect(length, label).toBeGreaterThanOrEqual(0.85 * target - 1e-5)
        }
      }
      const sent = fragments.flatMap(({ video }) => video.map(({ data }) => data.toString()))
      const kept = (await framesIn(events)).flatMap(({ video }) =>
        video.map(({ data }) => Buffer.from(data).toString()),
      )
      expect(kept, label).toEqual(sent)
    }
  })
})
