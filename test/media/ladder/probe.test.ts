import { describe, expect, it, vi } from 'vitest'
import type { Source } from '../../../media/ladder/ladder.ts'
import { probe } from '../../../media/ladder/probe.ts'
import { type ClipOptions, clip, packetsOf } from '../../support/clips.ts'

// Each runs ffmpeg several times, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 })

const aac = { codec: 'aac', sampleRate: 48000, channels: 2 }

describe('a source is known from its first packets', () => {
  it.each<[string, ClipOptions, { video: Partial<NonNullable<Source['video']>> | null; audio: Source['audio'] }]>([
    [
      '720p',
      { video: { width: 1280, height: 720 } },
      { video: { width: 1280, height: 720, frameRate: 30 }, audio: aac },
    ],
    ['60 fps', { video: { fps: 60 } }, { video: { frameRate: 60, keyframeIntervalSeconds: 1 }, audio: aac }],
    ['an upright phone', { video: { width: 180, height: 320 } }, { video: { width: 180, height: 320 }, audio: aac }],
    ['a long GOP', { video: { gop: 250 } }, { video: { keyframeIntervalSeconds: null }, audio: aac }],
    ['full colour', { video: { pixelFormat: 'yuv444p' } }, { video: { pixelFormat: 'yuv444p' }, audio: aac }],
    [
      'mono sound',
      { audio: { sampleRate: 22050, channels: 1 } },
      { video: {}, audio: { codec: 'aac', sampleRate: 22050, channels: 1 } },
    ],
    [
      'MP3',
      { audio: { codec: 'libmp3lame', sampleRate: 44100 } },
      { video: {}, audio: { codec: 'mp3', sampleRate: 44100, channels: 2 } },
    ],
    ['no sound', { audio: null }, { video: { codec: 'h264' }, audio: null }],
    ['no picture', { video: null }, { video: null, audio: aac }],
  ])('%s', async (_name, options, expected) => {
    const packets = await packetsOf(await clip(options))
    const source = await probe(packets.filter(({ dts }) => dts <= 2000))
    expect(source.audio).toEqual(expected.audio)
    if (expected.video) expect(source.video).toMatchObject(expected.video)
    else expect(source.video).toBeNull()
  })

  it('the bitrate is that of the picture', async () => {
    const { video } = await probe(await packetsOf(await clip({ video: { bitrate: '400k' } })))
    expect(video?.bitrateBps).toBeGreaterThan(200_000)
    expect(video?.bitrateBps).toBeLessThan(600_000)
  })

  it('a track that was announced and brought nothing is not there', async () => {
    const packets = await packetsOf(await clip())
    const { video, audio } = await probe(packets.filter(({ kind, isHeader }) => kind !== 'audio' || isHeader))
    expect(video).not.toBeNull()
    expect(audio).toBeNull()
  })
})

describe('a probe fails', () => {
  it('without media', async () => {
    await expect(probe([])).rejects.toMatchObject({ code: 'nothing_playable' })
  })

  it('on garbage', async () => {
    const data = Buffer.alloc(2000, 0x27)
    const packets = [0, 40, 80].map((dts) => ({
      kind: 'video' as const,
      isHeader: false,
      isKeyframe: true,
      dts,
      pts: dts,
      data,
    }))
    await expect(probe(packets)).rejects.toMatchObject({ name: 'ProbeError' })
  })

  it('when it is told to stop', async () => {
    const stop = new AbortController()
    const probing = probe(await packetsOf(await clip()), stop.signal)
    stop.abort()
    await expect(probing).rejects.toMatchObject({ name: 'AbortError' })
  })
})
