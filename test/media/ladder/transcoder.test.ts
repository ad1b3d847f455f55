import { describe, expect, it, vi } from 'vitest'
import { OUTPUT_OFFSET_SECONDS } from '../../../media/ladder/ladder.ts'
import type { ClipOptions } from '../../support/clips.ts'
import { findMarks, type LadderRun, probePackets, runLadder } from '../../support/ladders.ts'

// Each runs ffmpeg several times, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 })

async function keyframes(run: LadderRun): Promise<number[][]> {
  return Promise.all(
    [...run.outputs.values()].map(async (file) =>
      (await probePackets(file, 'video')).filter(({ isKeyframe }) => isKeyframe).map(({ pts }) => pts),
    ),
  )
}

async function counts(run: LadderRun): Promise<number[]> {
  return Promise.all([...run.outputs.values()].map(async (file) => (await probePackets(file, 'video')).length))
}

const frames = (run: LadderRun) => run.packets.filter(({ kind, isHeader }) => kind === 'video' && !isHeader)

describe('keyframes of every rendition stand at the same times', () => {
  const sources: Record<string, ClipOptions> = {
    'at 25 fps': { video: { fps: 25, gop: 25 } },
    'at 30 fps with a GOP of 37': { seconds: 4, video: { fps: 30, gop: 37 } },
    'at 60 fps, capped to 30': { video: { fps: 60, gop: 60 } },
    'at 60 fps with a GOP of 37': { video: { fps: 60, gop: 37 } },
    'with B-frames': { video: { fps: 30, gop: 30, bFrames: 2 } },
    'with a variable frame rate': { video: { gop: 30, isVariable: true } },
  }
  it.each(Object.entries(sources))('%s', async (_name, options) => {
    const run = await runLadder(options)
    const [top = [], ...lower] = await keyframes(run)
    const sent = frames(run).filter(({ isKeyframe }) => isKeyframe)
    expect(top).toHaveLength(sent.length)
    expect(top.length).toBeGreaterThan(1)
    for (const times of lower) expect(times).toEqual(top)
    // Of the source, to the millisecond.
    expect(top.map((pts) => Math.round((pts - OUTPUT_OFFSET_SECONDS) * 1000))).toEqual(
      sent.map(({ pts }) => pts - run.firstDtsMs),
    )
  })

  it('one each second, where a GOP of eight seconds is encoded again', async () => {
    const run = await runLadder({ seconds: 4, video: { gop: 240 } }, { isCopied: false })
    const all = await keyframes(run)
    expect(all[0]).toHaveLength(4)
    for (const times of all) expect(times).toEqual(all[0])
    for (const [index, pts] of (all[0] ?? []).entries()) expect(pts - (all[0]?.[0] ?? 0)).toBeCloseTo(index, 1)
  })
})

describe('every frame comes out', () => {
  it.each<[string, ClipOptions]>([
    ['at 30 fps', {}],
    ['with B-frames and a GOP of 37', { video: { gop: 37, bFrames: 3 } }],
    ['with a variable frame rate', { video: { isVariable: true } }],
    ['without sound', { audio: null }],
    ['with mono sound of 22 kHz', { audio: { sampleRate: 22050, channels: 1 } }],
    ['with MP3', { audio: { codec: 'libmp3lame', sampleRate: 44100 } }],
  ])('%s', async (_name, options) => {
    const run = await runLadder(options)
    const sent = frames(run).length
    expect(await counts(run)).toEqual([sent, sent, sent])
  })

  it('without a picture', async () => {
    const run = await runLadder({ video: null })
    expect([...run.outputs.keys()]).toEqual(['audio'])
    const sound = await probePackets(run.outputs.get('audio') ?? Buffer.alloc(0), 'audio')
    // Three seconds, and the encoder's first frame, which stands before them.
    expect(sound.length).toBeGreaterThanOrEqual((3 * 48000) / 1024)
    expect(sound[0]?.pts).toBeCloseTo(OUTPUT_OFFSET_SECONDS - 1024 / 48000, 3)
  })

  it('of two tracks a video-only output has one', async () => {
    const run = await runLadder({ audio: null })
    expect(await probePackets(run.outputs.get('low') ?? Buffer.alloc(0), 'audio')).toEqual([])
  })
})

describe('time', () => {
  it.each<[string, ClipOptions]>([
    ['copied', {}],
    ['copied, with B-frames', { video: { bFrames: 2 } }],
    ['with mono sound of 22 kHz', { audio: { sampleRate: 22050, channels: 1 } }],
  ])('keeps sound and picture together: %s', async (_name, options) => {
    const run = await runLadder(options)
    for (const file of run.outputs.values()) {
      const { flashes, clicks } = await findMarks(file)
      expect(flashes.length).toBeGreaterThanOrEqual(2)
      for (const flash of flashes) {
        const nearest = Math.min(...clicks.map((click) => Math.abs(click - flash)))
        expect(nearest).toBeLessThan(1 / 30 + 0.005)
      }
    }
  })

  it('begins at the offset with the first packet, wherever on the timeline it stands', async () => {
    const hour = 3_600_000
    const run = await runLadder(
      {},
      {
        packets: (packets) => packets.map((packet) => ({ ...packet, dts: packet.dts + hour, pts: packet.pts + hour })),
      },
    )
    const first = frames(run)[0]
    expect(run.firstDtsMs).toBe(hour)
    for (const file of run.outputs.values()) {
      const [picture] = await probePackets(file, 'video')
      expect(picture?.pts).toBeCloseTo(OUTPUT_OFFSET_SECONDS + ((first?.pts ?? 0) - hour) / 1000, 3)
    }
  })

  it('begins at the offset with the sound, when that comes first', async () => {
    const run = await runLadder(
      { audio: { isNoise: true } },
      {
        packets: (packets) => packets.filter(({ kind, dts, isHeader }) => isHeader || kind !== 'video' || dts >= 1000),
      },
    )
    const firstPicture = frames(run)[0]
    for (const file of run.outputs.values()) {
      const [picture] = await probePackets(file, 'video')
      expect(picture?.pts).toBeCloseTo(OUTPUT_OFFSET_SECONDS + ((firstPicture?.pts ?? 0) - run.firstDtsMs) / 1000, 3)
    }
  })

  it('fills with silence until the sound starts, when the picture comes first', async () => {
    const run = await runLadder(
      {},
      {
        packets: (packets) => packets.filter(({ kind, dts, isHeader }) => isHeader || kind !== 'audio' || dts >= 1500),
      },
    )
    for (const file of run.outputs.values()) {
      const sound = await probePackets(file, 'audio')
      expect(sound[0]?.pts).toBeLessThan(OUTPUT_OFFSET_SECONDS)
      const { flashes, clicks } = await findMarks(file)
      expect(clicks).toHaveLength(1)
      expect(Math.min(...flashes.map((flash) => Math.abs(flash - (clicks[0] ?? 0))))).toBeLessThan(1 / 30 + 0.005)
    }
  })
})
