import { describe, expect, it } from 'vitest'
import { SegmentCutter } from '../../../media/packager/segment-cutter.ts'

/** Cuts that one rendition makes, as seconds. */
function cutsOf(cutter: SegmentCutter, keyframes: readonly number[], until: number, frame = 1 / 30): number[] {
  const cuts: number[] = []
  for (let i = 0; i * frame < until; i++) {
    const pts = i * frame
    const candidate = { pts, duration: frame, isKeyframe: keyframes.some((at) => Math.abs(at - pts) < frame / 2) }
    if (i === 0) cutter.begin(candidate)
    else {
      const cut = cutter.cutBefore(cuts.length, candidate, true)
      if (cut) cuts.push(Math.round(cut.at * 1000) / 1000)
    }
  }
  return cuts
}

describe('SegmentCutter', () => {
  it.each([
    ['a second', [0, 1, 2, 3, 4, 5, 6], [1, 3, 5]],
    ['half a second', [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5], [0.5, 2.5, 4.5]],
    ['two seconds', [0, 2, 4, 6], [2, 4, 6]],
    ['a second and a half', [0, 1.5, 3, 4.5, 6], [1.5, 3, 4.5, 6]],
  ])('cuts at the last keyframe that keeps a segment within two seconds: one each %s', (_, keyframes, expected) => {
    const cutter = new SegmentCutter({ targetSeconds: 2, isFirstSegmentShort: true })
    expect(cutsOf(cutter, keyframes, 6.2)).toEqual(expected)
  })

  it('gives the first segment its full length when the broadcast has begun before', () => {
    expect(cutsOf(new SegmentCutter({ targetSeconds: 2 }), [0, 1, 2, 3, 4], 4.2)).toEqual([2, 4])
  })

  it('gives a late keyframe half a second of grace', () => {
    expect(cutsOf(new SegmentCutter({ targetSeconds: 2 }), [0, 2.4, 4.8], 5)).toEqual([2.4, 4.8])
  })

  it('cuts where it stands when no keyframe comes, and at the keyframe as soon as it does', () => {
    const cuts = cutsOf(new SegmentCutter({ targetSeconds: 2 }), [0, 4, 8], 8.5)
    for (const [i, at] of [0, ...cuts].entries()) expect((cuts[i] ?? at) - at).toBeLessThan(2.5)
    expect(cuts).toContain(4)
    expect(cuts).toContain(8)
  })

  it('gives every rendition the same cuts, whoever comes first, and within half a frame', () => {
    const cutter = new SegmentCutter({ targetSeconds: 2 })
    const keyframes = [0, 1, 2, 3, 4, 5, 6]
    const first = cutsOf(cutter, keyframes, 6.2)
    const shifted = keyframes.map((at) => at + 0.01)
    expect(cutsOf(cutter, keyframes, 6.2)).toEqual(first)
    expect(cutsOf(cutter, shifted, 6.2)).toEqual(first)
  })

  it('agrees with itself when two renditions overtake each other', () => {
    const cutter = new SegmentCutter({ targetSeconds: 2 })
    const frame = (pts: number) => ({ pts, duration: 0.5, isKeyframe: Number.isInteger(pts) })
    cutter.begin(frame(0))
    cutter.begin(frame(0))
    expect(cutter.cutBefore(0, frame(1), true)).toBeNull()
    expect(cutter.cutBefore(0, frame(1.5), true)).toBeNull()
    expect(cutter.cutBefore(0, frame(2), true)).toMatchObject({ at: 2 })
    // The other one is behind, then ahead.
    expect(cutter.cutBefore(0, frame(1.5), true)).toBeNull()
    expect(cutter.cutBefore(0, frame(2), true)).toMatchObject({ at: 2 })
    expect(cutter.cutBefore(1, frame(4), true)).toMatchObject({ at: 4 })
    expect(cutter.cutBefore(1, frame(3.5), true)).toBeNull()
    expect(cutter.cutBefore(1, frame(4), true)).toMatchObject({ at: 4 })
  })

  it('still cuts a rendition that lacks the keyframe', () => {
    const cutter = new SegmentCutter({ targetSeconds: 2 })
    expect(cutsOf(cutter, [0, 1, 2, 3, 4], 4.2)).toEqual([2, 4])
    expect(cutsOf(cutter, [0], 4.2)).toEqual([2, 4])
  })

  it('cuts at the first keyframe behind a jump of the publisher, once', () => {
    const cutter = new SegmentCutter({ targetSeconds: 2 })
    cutter.markDiscontinuity(2.5)
    const candidates = [0, 1, 2, 3, 4, 5].map((pts) => ({ pts, duration: 1 / 30, isKeyframe: true }))
    cutter.begin(candidates[0] as (typeof candidates)[0])
    let ordinal = 0
    const cuts = candidates.slice(1).flatMap((candidate) => {
      const cut = cutter.cutBefore(ordinal, candidate, true)
      if (cut) ordinal += 1
      return cut ?? []
    })
    expect(cuts).toEqual([
      { at: 2, isDiscontinuous: false },
      { at: 3, isDiscontinuous: true },
      { at: 5, isDiscontinuous: false },
    ])
  })

  it('lets sound beside video follow, and not lead', () => {
    const cutter = new SegmentCutter({ targetSeconds: 2 })
    const sound = (pts: number) => ({ pts, duration: 0.021, isKeyframe: true })
    cutter.begin(sound(0))
    expect(cutter.cutBefore(0, sound(2), false)).toBeNull()
    cutter.cutBefore(0, { pts: 2, duration: 1 / 30, isKeyframe: true }, true)
    expect(cutter.cutBefore(0, sound(2.02), false)).toMatchObject({ at: 2 })
  })
})
