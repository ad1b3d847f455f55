import { describe, expect, it } from 'vitest'
import type { MediaPacket } from '../../../media/ingest/publisher.ts'
import { configurationChanged } from '../../../media/ladder/configuration.ts'
import { bitrateOf, frameRateOf, keyframeIntervalOf, probeIsEnough } from '../../../media/ladder/packet-facts.ts'

function packet(kind: MediaPacket['kind'], dts: number, change: Partial<MediaPacket> = {}): MediaPacket {
  return { kind, isHeader: false, isKeyframe: false, dts, pts: dts, data: Buffer.alloc(100), ...change }
}

const header = (kind: MediaPacket['kind'], text = 'a') => packet(kind, 0, { isHeader: true, data: Buffer.from(text) })

function video(frames: number, { fps = 30, gop = 30 } = {}): MediaPacket[] {
  return Array.from({ length: frames }, (_, n) =>
    packet('video', Math.round((n * 1000) / fps), { isKeyframe: n % gop === 0 }),
  )
}

function audio(frames: number): MediaPacket[] {
  return Array.from({ length: frames }, (_, n) => packet('audio', Math.round((n * 1024) / 48)))
}

/** Milliseconds of media after which the probe is enough. */
function decidedAt(packets: MediaPacket[]): number | null {
  const ordered = packets.sort((a, b) => a.dts - b.dts)
  const index = ordered.findIndex((_, n) => probeIsEnough(ordered.slice(0, n + 1)))
  return ordered[index]?.dts ?? null
}

describe('the probe is enough', () => {
  const headers = [header('video'), header('audio')]

  it('at one second for a GOP of one second', () => {
    expect(decidedAt([...headers, ...video(90), ...audio(150)])).toBe(1000)
  })

  it('at two seconds for the 250 frames that are the default of OBS', () => {
    const at = decidedAt([...headers, ...video(120, { gop: 250 }), ...audio(150)])
    expect(at).toBeGreaterThanOrEqual(2000)
    expect(at).toBeLessThan(2040)
  })

  it('not before there is a rhythm, however short the GOP', () => {
    expect(decidedAt([...headers, ...video(90, { gop: 3 }), ...audio(150)])).toBeGreaterThanOrEqual(450)
  })

  it('at one second of video when nothing speaks of sound', () => {
    expect(decidedAt([header('video'), ...video(90)])).toBe(1000)
  })

  it('at two seconds of video when sound was announced and does not come', () => {
    expect(decidedAt([...headers, ...video(90)])).toBe(2000)
  })

  it('at 0.9 seconds of sound when nothing speaks of video', () => {
    const at = decidedAt([header('audio'), ...audio(150)])
    expect(at).toBeGreaterThanOrEqual(900)
    expect(at).toBeLessThan(930)
  })

  it('at two seconds of sound when video was announced', () => {
    expect(decidedAt([...headers, ...audio(150)])).toBeGreaterThanOrEqual(2000)
  })

  it('never of headers alone', () => {
    expect(probeIsEnough(headers)).toBe(false)
    expect(probeIsEnough([])).toBe(false)
  })
})

describe('facts from packets', () => {
  it.each([24, 25, 30, 50, 60])('%i frames a second, from whole milliseconds', (fps) => {
    expect(frameRateOf(video(fps * 2, { fps }))).toBe(fps)
  })

  it('the rate that a variable one can rise to', () => {
    const kept = video(60).filter((_, n) => n % 3 !== 1)
    expect(frameRateOf(kept)).toBe(30)
  })

  it('the longest distance between keyframes', () => {
    expect(keyframeIntervalOf(video(90))).toBe(1)
    expect(keyframeIntervalOf(video(90, { gop: 37 }))).toBeCloseTo(1.234, 2)
    expect(keyframeIntervalOf(video(60, { gop: 250 }))).toBeNull()
  })

  it('the bitrate', () => {
    expect(bitrateOf(video(31))).toBe(31 * 100 * 8)
    expect(bitrateOf(video(1))).toBeGreaterThan(0)
  })
})

describe('a configuration', () => {
  it('has changed when its bytes are others', () => {
    expect(configurationChanged(header('video', 'a'), header('video', 'b'))).toBe(true)
  })

  it('has not when it is repeated, when it is of the other track, or when it is a frame', () => {
    expect(configurationChanged(header('video', 'a'), header('video', 'a'))).toBe(false)
    expect(configurationChanged(header('video', 'a'), header('audio', 'b'))).toBe(false)
    expect(configurationChanged(header('video', 'a'), packet('video', 0))).toBe(false)
  })
})
