import { describe, expect, it } from 'vitest'
import type { MediaPacket } from '../../../media/ingest/publisher.ts'
import { type Placed, Timeline } from '../../../media/ingest/timeline.ts'

const TEN_MINUTES = 600_000

function aPacket(kind: MediaPacket['kind'], dts: number, over: Partial<MediaPacket> = {}): MediaPacket {
  return { kind, isHeader: false, isKeyframe: false, dts, pts: dts, data: Buffer.from([0]), ...over }
}

/** 30 pictures and 47 sounds a second, as an encoder interleaves them. */
function aStream({ startMs = 0, seconds = 2, audioLagMs = 0 } = {}): MediaPacket[] {
  const packets: MediaPacket[] = []
  for (let n = 0; n < seconds * 30; n++) packets.push(aPacket('video', startMs + Math.round((n * 1000) / 30)))
  for (let n = 0; n < seconds * 47; n++)
    packets.push(aPacket('audio', startMs + audioLagMs + Math.round((n * 1000) / 47)))
  return packets.sort((a, b) => a.dts - b.dts)
}

const moved = (packets: MediaPacket[], byMs: number) =>
  packets.map((packet) => ({ ...packet, dts: (packet.dts + byMs) >>> 0, pts: (packet.dts + byMs) >>> 0 }))

function placeAll(packets: MediaPacket[], resumeAtMs = 0): Placed[] {
  const timeline = new Timeline({ resumeAtMs })
  return packets.map((packet) => timeline.place(packet))
}

const times = (placed: Placed[], kind?: MediaPacket['kind']) =>
  placed.filter(({ packet }) => !kind || packet.kind === kind).map(({ packet }) => packet.dts)

describe('the start', () => {
  it('is 0, wherever the publisher begins', () => {
    expect(times(placeAll(moved(aStream(), 7_200_000)))).toEqual(times(placeAll(aStream())))
    expect(times(placeAll(aStream()))[0]).toBe(0)
  })

  it('is the resume point after a reconnect, and nothing stands before it', () => {
    const placed = times(placeAll([aPacket('audio', 90), aPacket('video', 40), aPacket('video', 123)], 5000))
    expect(placed).toEqual([5000, 5000, 5033])
  })

  it('keeps the offset between audio and video', () => {
    const placed = placeAll([aPacket('video', 500), aPacket('audio', 540)])
    expect(times(placed)).toEqual([0, 40])
  })

  it('puts tracks on unrelated clocks side by side', () => {
    const placed = placeAll([
      aPacket('video', 0),
      aPacket('video', 33),
      aPacket('audio', 9_000_000),
      aPacket('audio', 9_000_021),
    ])
    expect(times(placed)).toEqual([0, 33, 33, 54])
  })
})

describe('headers and metadata', () => {
  it('stand where their track is and never make a jump, whatever their time', () => {
    const timeline = new Timeline({ resumeAtMs: 100 })
    timeline.place(aPacket('video', 0, { isHeader: true }))
    timeline.place(aPacket('video', 50_000))
    const header = timeline.place(aPacket('video', 0, { isHeader: true }))
    const metadata = timeline.place(aPacket('metadata', 0))
    expect([header.packet.dts, header.isJump]).toEqual([100, false])
    expect([metadata.packet.dts, metadata.isJump]).toEqual([100, false])
    expect(timeline.place(aPacket('video', 50_033)).packet.dts).toBe(133)
  })
})

describe('a jump', () => {
  it.each([
    ['ten minutes forward', TEN_MINUTES],
    ['ten minutes back', -TEN_MINUTES],
    ['to 0, as an encoder that starts anew', -3_600_000],
    ['by one and a half seconds', 1500],
  ])('%s becomes one frame of time', (_, byMs) => {
    const before = aStream({ startMs: 3_600_000 })
    const after = moved(aStream({ startMs: 3_602_000 }), byMs)
    const placed = placeAll([...before, ...after])
    expect(placed.filter(({ isJump }) => isJump)).toHaveLength(1)
    expect(placed[before.length]?.isJump).toBe(true)
    const video = times(placed, 'video')
    expect(Math.max(...video.slice(1).map((dts, n) => dts - (video[n] ?? 0)))).toBeLessThanOrEqual(34)
    expect(video.at(-1)).toBeLessThanOrEqual(4000)
  })

  it('leaves audio and video in sync', () => {
    const after = moved(aStream({ startMs: 2000, audioLagMs: 80 }), TEN_MINUTES)
    const placed = placeAll([...aStream({ audioLagMs: 80 }), ...after])
    const offset = (kind: 'audio' | 'video', last: MediaPacket | undefined) =>
      (last?.dts ?? 0) - (times(placed, kind).at(-1) ?? 0)
    expect(offset('audio', after.filter(({ kind }) => kind === 'audio').at(-1))).toBe(
      offset('video', after.filter(({ kind }) => kind === 'video').at(-1)),
    )
  })

  it('is one jump also when the tracks cross it one after the other', () => {
    const placed = placeAll([
      aPacket('video', 0),
      aPacket('audio', 0),
      aPacket('video', 33),
      aPacket('video', 600_066),
      aPacket('audio', 21), // still on the old clock
      aPacket('audio', 43),
      aPacket('video', 600_099),
      aPacket('audio', 600_064),
    ])
    expect(placed.map(({ isJump }) => isJump)).toEqual([false, false, false, true, false, false, false, false])
    expect(times(placed)).toEqual([0, 0, 33, 66, 21, 43, 99, 64])
  })

  it('is none when one track has a gap that the other shows to be real', () => {
    const sound = Array.from({ length: 300 }, (_, n) => aPacket('audio', n * 20))
    const placed = placeAll([aPacket('video', 0), ...sound, aPacket('video', 5980), aPacket('audio', 6000)])
    expect(placed.some(({ isJump }) => isJump)).toBe(false)
    expect(times(placed, 'video')).toEqual([0, 5980])
  })

  it('keeps composition times', () => {
    const timeline = new Timeline({ resumeAtMs: 0 })
    timeline.place(aPacket('video', 1000))
    expect(timeline.place(aPacket('video', 900_000, { pts: 900_066 })).packet).toMatchObject({ dts: 33, pts: 99 })
  })
})

describe('the clock of RTMP', () => {
  it('goes on where 24 bits end and extended time stamps begin', () => {
    const placed = placeAll(moved(aStream(), 0xffffff - 1000))
    expect(times(placed)).toEqual(times(placeAll(aStream())))
  })

  it('goes on where 32 bits wrap', () => {
    const placed = placeAll(moved(aStream(), 2 ** 32 - 1000))
    expect(placed.some(({ isJump }) => isJump)).toBe(false)
    expect(times(placed)).toEqual(times(placeAll(aStream())))
  })
})

describe('whatever a publisher sends', () => {
  it.each(Array.from({ length: 50 }, (_, seed) => seed + 1))(
    'rises in each track, in steps of a second at most (seed %i)',
    (seed) => {
      const random = seeded(seed)
      let clock = Math.floor(random() * 2 ** 32)
      const packets = Array.from({ length: 400 }, () => {
        const dice = random()
        if (dice < 0.02) clock += TEN_MINUTES
        else if (dice < 0.04) clock -= TEN_MINUTES
        else if (dice < 0.05) clock = Math.floor(random() * 2 ** 32)
        else clock += Math.floor(random() * 40) - 5
        clock = clock >>> 0
        return aPacket(random() < 0.4 ? 'video' : 'audio', clock, { isHeader: random() < 0.02 })
      })
      const placed = placeAll(packets, 1234)
      for (const kind of ['audio', 'video'] as const) {
        const frames = placed
          .filter(({ packet }) => packet.kind === kind && !packet.isHeader)
          .map(({ packet }) => packet.dts)
        for (const [n, dts] of frames.entries()) {
          expect(dts).toBeGreaterThanOrEqual(1234)
          if (n > 0) expect(dts).toBeGreaterThan(frames[n - 1] ?? 0)
        }
        const all = times(placed, kind)
        for (const [n, dts] of all.entries()) if (n > 0) expect(dts).toBeGreaterThanOrEqual(all[n - 1] ?? 0)
      }
      // 400 steps of at most 35 ms, and a frame's time for each of the jumps.
      expect(Math.max(...times(placed))).toBeLessThan(1234 + 400 * 40 + 400 * 33)
    },
  )
})

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
