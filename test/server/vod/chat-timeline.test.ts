import { describe, expect, it } from 'vitest'
import { ChatTimeline } from '../../../server/vod/chat-timeline.ts'
import { aPlaylist } from './chat.ts'

const start = Date.parse('2026-03-01T10:00:00Z')
const timeline = (...stretches: Parameters<typeof aPlaylist>[1]) => {
  const made = ChatTimeline.of(aPlaylist(start, stretches))
  if (!made) throw new Error('no timeline')
  return made
}
const at = (seconds: number) => start + seconds * 1000

describe('where in a recording a moment is', () => {
  it('counts from the first frame, and ends at the last', () => {
    const show = timeline({ seconds: 65 })
    expect([-5, 0, 12.34, 59.96, 65, 99].map((seconds) => show.secondsAt(at(seconds)))).toEqual([
      0, 0, 12.3, 60, 65, 65,
    ])
    expect([show.startMs, show.endMs, show.durationSeconds]).toEqual([start, at(65), 65])
  })

  it('leaves out the time that the publisher was away', () => {
    const show = timeline({ seconds: 30 }, { seconds: 20, holeBefore: 25 }, { seconds: 10, holeBefore: 600 })
    expect([29, 30, 42, 55, 60, 74, 75, 300, 675, 680].map((seconds) => show.secondsAt(at(seconds)))).toEqual([
      29, 30, 30, 30, 35, 49, 50, 50, 50, 55,
    ])
    expect(show.durationSeconds).toBe(60)
  })

  it('goes on where a segment says no time of its own', () => {
    const text = aPlaylist(start, [{ seconds: 40 }])
    const sparse = text.replace(/#EXT-X-PROGRAM-DATE-TIME:[^\n]*:10\.[^\n]*\n/, '')
    expect(sparse).not.toBe(text)
    expect(ChatTimeline.of(sparse)?.secondsAt(at(14))).toBe(14)
  })

  it('keeps its order where the clock was set back', () => {
    const [first, second] = [aPlaylist(start, [{ seconds: 10 }]), aPlaylist(start - 3_600_000, [{ seconds: 10 }])]
    const show = ChatTimeline.of(`${first}\n${second}`)
    expect(show?.durationSeconds).toBe(20)
    expect(show?.secondsAt(at(0))).toBeGreaterThanOrEqual(show?.secondsAt(start - 1000) ?? 0)
  })

  it('is nowhere in a playlist without times', () => {
    expect(ChatTimeline.of('#EXTM3U\n#EXTINF:2,\n0.m4s\n')).toBeNull()
    expect(ChatTimeline.of('')).toBeNull()
    expect(ChatTimeline.of('<html>')).toBeNull()
  })

  it('is in a piece of ten minutes, whose end is the next one’s begin', () => {
    const show = timeline({ seconds: 1200 })
    expect(show.pieces).toBe(2)
    expect([0, 599.9, 600, 1199, 1200].map((seconds) => show.pieceAt(seconds))).toEqual([0, 0, 1, 1, 1])
    expect(timeline({ seconds: 1201 }).pieces).toBe(3)
    expect(timeline({ seconds: 3 }).pieces).toBe(1)
  })
})
