import { describe, expect, it } from 'vitest'
import { besides, dateAt, positionOf } from '../../web/player/program-time.ts'

const start = Date.UTC(2026, 10, 21, 10)
/** Two segments, half a minute without a publisher, one more. */
const fragments = [
  { start: 0, duration: 2, programDateTime: start },
  { start: 2, duration: 2, programDateTime: start + 2000 },
  { start: 4, duration: 2, programDateTime: start + 34_000 },
]

describe('the wall-clock time of a position', () => {
  it('is counted from its fragment', () => {
    expect(dateAt(fragments, 3.5)).toBe(start + 3500)
    expect(dateAt(fragments, 4.5)).toBe(start + 34_500)
  })

  it('goes on into the parts after the last whole segment', () => {
    expect(dateAt(fragments, 7)).toBe(start + 37_000)
  })

  it('is unknown before the first fragment and without dates', () => {
    expect(dateAt(fragments, -1)).toBeNull()
    expect(dateAt([{ start: 0, duration: 2, programDateTime: null }], 1)).toBeNull()
  })
})

describe('the position of a wall-clock time', () => {
  it('is inside the fragment of that time', () => {
    expect(positionOf(fragments, start + 3000)).toBe(3)
    expect(positionOf(fragments, start + 35_000)).toBe(5)
  })

  it('is the first frame after a gap for a moment in the gap', () => {
    expect(positionOf(fragments, start + 20_000)).toBe(4)
  })

  it('is null outside of what the playlist holds', () => {
    expect(positionOf(fragments, start - 1000)).toBeNull()
    expect(positionOf(fragments, start + 60_000)).toBeNull()
    expect(positionOf([], start)).toBeNull()
  })
})

it('names the files beside a playlist, under the same token', () => {
  expect(besides('/live/m1/tok.en/abc/index.m3u8', 'dvr.m3u8')).toBe('/live/m1/tok.en/abc/dvr.m3u8')
  expect(besides('/live/m1/tok.en/abc/index.m3u8?x=1', 'storyboard.vtt')).toBe('/live/m1/tok.en/abc/storyboard.vtt')
})
