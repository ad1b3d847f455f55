import { parse, setOptions } from 'hls-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import { vodMediaPlaylist } from '../../../media/packager/media-playlist.ts'
import { multivariantPlaylist } from '../../../media/packager/multivariant-playlist.ts'
import type { SegmentEntry } from '../../../media/packager/packaged.ts'
import { checkMediaPlaylist } from '../../support/playlist-rules.ts'

beforeAll(() => setOptions({ strictMode: true }))

function entries(count: number, change: (entry: SegmentEntry) => Partial<SegmentEntry> = () => ({})): SegmentEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const entry = {
      msn: 5 + i,
      durationSeconds: 2,
      programDateTimeMs: 1e12 + i * 2000,
      isDiscontinuous: false,
      init: 0,
    }
    return { ...entry, ...change(entry) }
  })
}

describe('vodMediaPlaylist', () => {
  it('is a whole recording: VOD, ENDLIST, segments beside it', () => {
    const text = vodMediaPlaylist(entries(3), 2)
    parse(text)
    const read = checkMediaPlaylist(text)
    expect(read).toMatchObject({ type: 'VOD', isEnded: true, isIndependent: true, targetDuration: 2 })
    expect(read.segments.map(({ uri }) => uri)).toEqual(['5.m4s', '6.m4s', '7.m4s'])
  })

  it('tells a reconnect as a discontinuity, with a new map where the configuration changed', () => {
    const text = vodMediaPlaylist(
      entries(4, ({ msn }) => ({ isDiscontinuous: msn === 7, init: msn >= 7 ? 1 : 0 })),
      2,
    )
    parse(text)
    expect(text).toContain('6.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-1.mp4"\n')
  })

  it('raises TARGETDURATION for a segment that asks for it', () => {
    const text = vodMediaPlaylist(
      entries(1, () => ({ durationSeconds: 3.6 })),
      2,
    )
    expect(checkMediaPlaylist(text).targetDuration).toBe(4)
  })

  it('claims independent segments only where all are', () => {
    expect(
      vodMediaPlaylist(
        entries(2, ({ msn }) => ({ isIndependent: msn !== 6 })),
        2,
      ),
    ).not.toContain('INDEPENDENT')
  })
})

describe('multivariantPlaylist', () => {
  it('says of each variant what a player chooses by', () => {
    const text = multivariantPlaylist([
      {
        uri: '720p/index.m3u8',
        bandwidthBps: 2.5e6,
        codecs: 'avc1.64001f,mp4a.40.2',
        width: 1280,
        height: 720,
        frameRate: 30,
      },
      { uri: 'audio/index.m3u8', bandwidthBps: 128e3, codecs: 'mp4a.40.2', width: null, height: null, frameRate: null },
    ])
    expect(parse(text)).toMatchObject({
      isMasterPlaylist: true,
      variants: [
        { bandwidth: 2_500_000, resolution: { width: 1280, height: 720 }, frameRate: 30 },
        { bandwidth: 128_000 },
      ],
    })
  })
})
