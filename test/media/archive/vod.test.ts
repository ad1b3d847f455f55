import { parse, setOptions } from 'hls-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import { Catalogue } from '../../../media/archive/catalogue.ts'
import type { InitFact, SegmentFact } from '../../../media/archive/journal.ts'
import { durationOf, vodPlaylists } from '../../../media/archive/vod.ts'
import { checkMediaPlaylist } from '../../support/playlist-rules.ts'
import { aLadder } from '../packager/show.ts'
import { aGrant } from './show.ts'

beforeAll(() => setOptions({ strictMode: true }))

function aCatalogue(...names: string[]): Catalogue {
  const catalogue = new Catalogue({
    fact: 'opened',
    version: 1,
    grant: aGrant(),
    startedAtMs: 1_700_000_000_000,
    segmentTargetMs: 2000,
    partTargetMs: 210,
    renditions: aLadder(...names).renditions,
  })
  for (const name of names) catalogue.take(anInit(name))
  return catalogue
}

function anInit(rendition: string, fields: Partial<InitFact> = {}): InitFact {
  const size = { width: 1280, height: 720, size: 900, sha256: '' }
  return { fact: 'init', rendition, index: 0, codecs: 'avc1.64001f,mp4a.40.2', ...size, ...fields }
}

function aSegment(rendition: string, msn: number, fields: Partial<SegmentFact> = {}): SegmentFact {
  const programDateTimeMs = 1_700_000_000_000 + 2000 * msn
  const entry = { msn, durationSeconds: 2, programDateTimeMs, isDiscontinuous: false, init: 0 }
  return { fact: 'segment', rendition, ...entry, size: 500_000, sha256: '', ...fields }
}

/** Both checkers read every one. */
function read(catalogue: Catalogue) {
  const playlists = vodPlaylists(catalogue)
  for (const text of playlists.values()) parse(text)
  const media = (name: string) => checkMediaPlaylist(playlists.get(`${name}/index.m3u8`) ?? '')
  return { playlists, media, top: playlists.get('index.m3u8') ?? '' }
}

describe('the playlists of a recording', () => {
  it('are none when nothing came', () => {
    expect(vodPlaylists(aCatalogue('top', 'low')).size).toBe(0)
  })

  it('have the multivariant one last, and name only renditions that have something', () => {
    const catalogue = aCatalogue('top', 'mid', 'low')
    for (const name of ['top', 'low']) catalogue.take(aSegment(name, 0))
    const { playlists, top } = read(catalogue)
    expect([...playlists.keys()]).toEqual(['top/index.m3u8', 'low/index.m3u8', 'index.m3u8'])
    expect(top).not.toContain('mid')
  })

  it('have one timeline: a gap where one lacks a segment, a discontinuity where all do', () => {
    const catalogue = aCatalogue('top', 'low')
    for (const msn of [0, 1, 2, 4, 5]) catalogue.take(aSegment('top', msn))
    for (const msn of [1, 2, 4]) catalogue.take(aSegment('low', msn))
    catalogue.take({ fact: 'lost', rendition: 'top', msn: 2 })
    const { media } = read(catalogue)
    const told = (name: string) =>
      media(name).segments.map(
        ({ uri, isGap, isDiscontinuous }) => uri + (isGap ? ' gap' : '') + (isDiscontinuous ? ' disc' : ''),
      )
    expect(told('top')).toEqual(['0.m4s', '1.m4s', '2.m4s gap', '4.m4s disc', '5.m4s'])
    expect(told('low')).toEqual(['0.m4s gap', '1.m4s', '2.m4s', '4.m4s disc', '5.m4s gap'])
    expect(durationOf(catalogue)).toBe(10)
  })

  it('have a discontinuity of one rendition in all of them', () => {
    const catalogue = aCatalogue('top', 'low')
    for (const msn of [0, 1, 2]) catalogue.take(aSegment('top', msn, { isDiscontinuous: msn === 1 }))
    for (const msn of [0, 1, 2]) catalogue.take(aSegment('low', msn))
    const { media } = read(catalogue)
    expect(media('low').segments.map(({ isDiscontinuous }) => isDiscontinuous)).toEqual([false, true, false])
  })

  it('follow the Media Sequence Numbers, in whatever order the facts came', () => {
    const catalogue = aCatalogue('top')
    for (const msn of [2, 0, 1]) catalogue.take(aSegment('top', msn))
    expect(
      read(catalogue)
        .media('top')
        .segments.map(({ uri }) => uri),
    ).toEqual(['0.m4s', '1.m4s', '2.m4s'])
  })

  it('tell the rate that was measured, without what a short last segment would make of it', () => {
    const catalogue = aCatalogue('top')
    catalogue.take(aSegment('top', 0, { size: 250_000 }))
    catalogue.take(aSegment('top', 1, { size: 750_000 }))
    catalogue.take(aSegment('top', 2, { size: 100_000, durationSeconds: 0.1 }))
    const average = Math.round((8 * 1_100_000) / 4.1)
    expect(read(catalogue).top).toContain(`BANDWIDTH=3000000,AVERAGE-BANDWIDTH=${average},`)
  })

  it('tell codecs and size of the largest picture that a rendition ever had', () => {
    const catalogue = aCatalogue('top')
    catalogue.take(anInit('top', { index: 1, width: 640, height: 360, codecs: 'avc1.64001e,mp4a.40.2' }))
    catalogue.take(aSegment('top', 0))
    catalogue.take(aSegment('top', 1, { init: 1, isDiscontinuous: true }))
    const { top, playlists } = read(catalogue)
    expect(top).toContain('CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720')
    expect(playlists.get('top/index.m3u8')).toMatch(/#EXT-X-MAP:URI="init-0\.mp4".*#EXT-X-MAP:URI="init-1\.mp4"/s)
  })
})
