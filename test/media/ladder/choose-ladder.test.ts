import { describe, expect, it } from 'vitest'
import { chooseLadder, encodedFrameRate } from '../../../media/ladder/choose-ladder.ts'
import type { Source } from '../../../media/ladder/ladder.ts'

function aSource(video: Partial<NonNullable<Source['video']>> | null = {}, hasAudio = true): Source {
  return {
    video: video && {
      codec: 'h264',
      width: 1280,
      height: 720,
      frameRate: 30,
      keyframeIntervalSeconds: 1,
      bitrateBps: 2_500_000,
      ...video,
    },
    audio: hasAudio ? { codec: 'aac', sampleRate: 48000, channels: 2 } : null,
  }
}

const processors = 8
const names = (source: Source, options = {}) =>
  chooseLadder(source, { processors, ...options }).renditions.map(
    ({ name, isCopied }) => name + (isCopied ? ' copied' : ''),
  )

describe('the ladder of a source', () => {
  it('of 720p30 is three renditions, the top copied', () => {
    const { renditions, keyframes } = chooseLadder(aSource(), { processors: 2 })
    expect(renditions.map(({ name, width, height, isCopied }) => [name, width, height, isCopied])).toEqual([
      ['720p', 1280, 720, true],
      ['480p', 854, 480, false],
      ['360p', 640, 360, false],
    ])
    expect(keyframes).toBe('source')
  })

  it('never goes above the source', () => {
    expect(names(aSource({ width: 1920, height: 1080 }))).toEqual(['1080p copied', '720p', '480p', '360p'])
    expect(names(aSource({ width: 640, height: 360 }))).toEqual(['360p copied'])
    expect(names(aSource({ width: 320, height: 240 }))).toEqual(['240p copied'])
    expect(names(aSource({ width: 2560, height: 1440 }))).toEqual(['1440p copied', '1080p', '720p', '480p', '360p'])
  })

  it('leaves out a size that is nearly the own one', () => {
    expect(names(aSource({ width: 1024, height: 576 }))).toEqual(['576p copied', '480p', '360p'])
    expect(names(aSource({ width: 904, height: 508 }))).toEqual(['508p copied', '360p'])
  })

  it('of an upright phone goes by the shorter side', () => {
    const { renditions } = chooseLadder(aSource({ width: 720, height: 1280 }), { processors })
    expect(renditions.map(({ name, width, height }) => [name, width, height])).toEqual([
      ['720p', 720, 1280],
      ['480p', 480, 854],
      ['360p', 360, 640],
    ])
  })

  it('makes odd sizes even where it encodes them', () => {
    const { renditions } = chooseLadder(aSource({ width: 1281, height: 721, keyframeIntervalSeconds: null }), {
      processors,
    })
    for (const { width, height } of renditions) expect([Number(width) % 2, Number(height) % 2]).toEqual([0, 0])
    expect(renditions[0]).toMatchObject({ name: '720p', height: 720 })
  })

  it('of sound alone is one rendition', () => {
    const { renditions } = chooseLadder(aSource(null), { processors })
    expect(renditions).toMatchObject([{ name: 'audio', width: null, height: null, videoBitrateBps: null }])
  })

  it('of a picture alone has no sound', () => {
    for (const { audioBitrateBps } of chooseLadder(aSource({}, false), { processors }).renditions) {
      expect(audioBitrateBps).toBeNull()
    }
  })

  it('of nothing is refused', () => {
    expect(() => chooseLadder(aSource(null, false))).toThrow(RangeError)
  })

  it('announces less bandwidth with every rendition, even when the probe saw a still slide', () => {
    for (const bitrateBps of [20_000, 2_500_000, 9_000_000]) {
      const bandwidths = chooseLadder(aSource({ bitrateBps }), { processors }).renditions.map(
        ({ bandwidthBps }) => bandwidthBps,
      )
      expect(bandwidths).toEqual([...bandwidths].sort((a, b) => b - a))
      expect(new Set(bandwidths).size).toBe(bandwidths.length)
    }
  })
})

describe('the top is encoded again', () => {
  it.each<[string, Partial<NonNullable<Source['video']>>]>([
    ['when keyframes are more than two seconds apart', { keyframeIntervalSeconds: 4 }],
    ['when no second keyframe came', { keyframeIntervalSeconds: null }],
    ['when it is not H.264', { codec: 'flv1' }],
    ['when browsers cannot show its colours', { pixelFormat: 'yuv444p' }],
    ['when it has ten bits', { pixelFormat: 'yuv420p10le' }],
  ])('%s', (_name, video) => {
    const ladder = chooseLadder(aSource(video), { processors })
    expect(ladder.renditions[0]).toMatchObject({ name: '720p', isCopied: false, height: 720 })
    expect(ladder.keyframes).toBe('each-second')
  })

  it('when asked', () => {
    expect(names(aSource(), { reencodeTop: true })).toEqual(['720p', '480p', '360p'])
  })

  it('but not for an interval of two seconds', () => {
    expect(names(aSource({ keyframeIntervalSeconds: 2.002 }))[0]).toBe('720p copied')
  })
})

describe('frame rates', () => {
  it('keep sixty where the top is copied and halve it below', () => {
    const { renditions } = chooseLadder(aSource({ frameRate: 60 }), { processors })
    expect(renditions.map(({ frameRate }) => frameRate)).toEqual([60, 30, 30])
  })

  it('are every nth of the source', () => {
    expect([24, 25, 30, 50, 60, 120].map(encodedFrameRate)).toEqual([24, 25, 30, 25, 30, 30])
    expect(encodedFrameRate(59.94)).toBeCloseTo(29.97)
  })
})

describe('a small machine', () => {
  it('of two processors encodes 720p again and the two below', () => {
    expect(names(aSource({ keyframeIntervalSeconds: null }), { processors: 2 })).toEqual(['720p', '480p', '360p'])
  })

  it('gets a faster preset, then fewer renditions, but top and lowest stay', () => {
    const source = aSource({ width: 1920, height: 1080, keyframeIntervalSeconds: null })
    const ladder = chooseLadder(source, { processors: 2 })
    expect(ladder.preset).toBe('superfast')
    expect(ladder.renditions.map(({ name }) => name)).toEqual(['1080p', '480p', '360p'])
    expect(names(source, { processors: 1 })).toEqual(['1080p', '360p'])
    expect(chooseLadder(source, { processors: 8 })).toMatchObject({ preset: 'veryfast' })
  })
})

describe('shedding', () => {
  it('leaves out what was shed', () => {
    expect(names(aSource(), { without: ['480p'] })).toEqual(['720p copied', '360p'])
    expect(names(aSource(), { reencodeTop: true, without: ['720p'] })).toEqual(['480p', '360p'])
  })

  it('never leaves nothing', () => {
    expect(names(aSource(), { without: ['720p', '480p', '360p'] })).toEqual(['360p'])
  })

  it('keeps keyframes of the source only while something is copied', () => {
    expect(chooseLadder(aSource(), { processors, without: ['720p'] }).keyframes).toBe('each-second')
  })

  it('obeys a limit', () => {
    expect(names(aSource({ width: 1920, height: 1080 }), { maxRenditions: 2 })).toEqual(['1080p copied', '360p'])
    expect(names(aSource(), { maxRenditions: 1 })).toEqual(['720p copied'])
  })
})
