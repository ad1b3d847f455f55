import { expect, it } from 'vitest'
import { HealthMeter, warningsOf } from '../../media/health.ts'
import type { MediaPacket } from '../../media/ingest/publisher.ts'

const frame = (dts: number, isKeyframe = false): MediaPacket => ({
  kind: 'video',
  isHeader: false,
  isKeyframe,
  dts,
  pts: dts,
  data: Buffer.alloc(1250),
})

/** Ten seconds at 25 fps, a keyframe every `gopMs`, each frame arriving when it is due. */
function steadyShow(gopMs: number, leaveOut: (dts: number) => boolean = () => false): HealthMeter {
  const meter = new HealthMeter()
  for (let dts = 0; dts < 10_000; dts += 40) if (!leaveOut(dts)) meter.take(frame(dts, dts % gopMs === 0), dts)
  return meter
}

it('measures bit rate, frame rate and keyframe interval of the last five seconds', () => {
  const measured = steadyShow(2000).measure(10_000)
  expect(measured.bitrateBps).toBeCloseTo(250_000, -4)
  expect(measured.frameRate).toBeCloseTo(25, 0)
  expect(measured.keyframeIntervalSeconds).toBe(2)
  expect(measured.droppedFrames).toBe(0)
})

it('falls to nothing when the publisher stalls', () => {
  expect(steadyShow(1000).measure(16_000).bitrateBps).toBe(0)
})

it('counts the frames an overloaded encoder left out', () => {
  expect(steadyShow(1000, (dts) => dts === 4040 || dts === 6080 || dts === 6120).measure(10_000).droppedFrames).toBe(3)
})

it('does not call a variable frame rate a loss', () => {
  const meter = new HealthMeter()
  let dts = 0
  for (let n = 0; n < 200; n += 1) {
    dts += n % 2 === 0 ? 33 : 50
    meter.take(frame(dts, n % 30 === 0), dts)
  }
  expect(meter.measure(dts).droppedFrames).toBe(0)
})

it('warns of what the publisher can change, with the archive’s troubles last', () => {
  const calm = {
    keyframeIntervalSeconds: 1,
    hasVideo: true,
    hasAudio: true,
    isReencoded: false,
    isShed: false,
    hasJumped: false,
  }
  expect(warningsOf({ ...calm, archive: new Set() })).toEqual([])
  expect(warningsOf({ ...calm, isReencoded: true, keyframeIntervalSeconds: 8, archive: new Set() })).toEqual([
    'keyframe_interval_long',
  ])
  expect(warningsOf({ ...calm, isReencoded: true, keyframeIntervalSeconds: null, archive: new Set() })).toEqual([
    'keyframe_interval_unset',
  ])
  expect(warningsOf({ ...calm, hasAudio: false, isShed: true, archive: new Set(['disk_full' as const]) })).toEqual([
    'no_audio',
    'overloaded',
    'disk_full',
  ])
})

it('says how late a publisher’s media comes, and forgives a clock that is a little slow', () => {
  const meter = steadyShow(1000)
  expect(meter.lagMs(9960)).toBe(0)
  // Its connection carries half of it from here on.
  for (let dts = 10_000; dts < 14_000; dts += 40) meter.take(frame(dts), 10_000 + (dts - 10_000) * 2)
  expect(meter.lagMs(18_000)).toBeGreaterThan(3900)
  expect(meter.lagMs(18_000)).toBeLessThan(4100)
  // It stalls.
  expect(meter.lagMs(28_000)).toBeGreaterThan(13_900)
  // Another connection: what was missed meanwhile is not late, it never came.
  meter.restartClock()
  expect(meter.lagMs(40_000)).toBe(0)
  meter.take(frame(14_000), 40_000)
  expect(meter.lagMs(40_100)).toBe(100)

  const slow = new HealthMeter()
  const HOURS_MS = 3 * 3600_000
  for (let ms = 0; ms < HOURS_MS; ms += 1000) slow.take(frame(Math.floor(ms * 0.99995)), ms)
  expect(slow.lagMs(HOURS_MS)).toBeLessThan(1100)
})
