import { parse, setOptions } from 'hls-parser'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { ParsedInit } from '../../../media/packager/fmp4-init.ts'
import { checkMediaPlaylist, checkReload, checkRenditions, type ReadPlaylist } from '../../support/playlist-rules.ts'
import { cut, fragmentsOf } from './frames.ts'
import { type Answer, Origin } from './origin.ts'
import { anInitOfFfmpeg, Show } from './show.ts'

let init: ParsedInit

beforeAll(async () => {
  setOptions({ strictMode: true })
  init = await anInitOfFfmpeg()
})

/** A show of two renditions, as far as the test wants, reloaded at each part. */
async function reloads(seconds: number, change: { gop?: number; frameRate?: number } = {}): Promise<ReadPlaylist[][]> {
  const show = new Show({ names: ['top', 'low'], init })
  await show.start(change)
  const seen: ReadPlaylist[][] = []
  for (let at = 0.2; at <= seconds; at += 0.2) {
    await show.advanceTo(at)
    if (!show.packager.multivariant('index')) continue
    for (const name of show.names) parse(show.text(name))
    seen.push(show.names.map((name) => checkMediaPlaylist(show.text(name))))
  }
  return seen
}

async function anOrigin(seconds: number): Promise<Origin> {
  const origin = await Origin.start({ init, names: ['top', 'low'] })
  await origin.show.start()
  await origin.show.advanceTo(seconds)
  return origin
}

function read(answer: Answer): ReadPlaylist {
  expect(answer.status).toBe(200)
  return checkMediaPlaylist(answer.body.toString())
}

describe('LL-HLS', () => {
  it('rule 1: T, TD and SERVER-CONTROL never change and are the same in every rendition', async () => {
    const seen = await reloads(20)
    for (const [i, renditions] of seen.entries()) {
      checkRenditions(renditions)
      const before = seen[i - 1]
      if (before) for (const [k, playlist] of renditions.entries()) checkReload(before[k] as ReadPlaylist, playlist)
    }
    expect(seen[0]?.[0]).toMatchObject({ partTarget: 0.21, targetDuration: 2 })
  })

  it.each([24, 25, 30, 12, 60])(
    'rule 2: parts are at most T and at least 0.85 T, at %i frames a second',
    async (frameRate) => {
      // checkMediaPlaylist throws for a part that is not.
      expect((await reloads(7, { frameRate, gop: 1.7 })).length).toBeGreaterThan(10)
    },
  )

  it('rule 2: a part is published with the frame that fills it', async () => {
    const { events, readAt } = await cut(fragmentsOf({ seconds: 3, frameRate: 30, gop: 1, hasAudio: true }))
    const pictures = fragmentsOf({ seconds: 3, frameRate: 30, gop: 1, hasAudio: true }).map(({ video }) => video.length)
    const seenAt = events.flatMap((event, i) => {
      if (event.kind !== 'part' || event.msn > 0) return []
      return [pictures.slice(0, readAt[i]).reduce((sum, count) => sum + count, 0)]
    })
    expect(seenAt).toEqual([6, 12, 18, 24, 30, 36, 42, 48, 54, 60])
  })

  it('rule 3: each part of the media brings a new part, and a new segment comes within 1.5 TD', async () => {
    const seen = await reloads(20, { gop: 5 })
    const last = seen.map(([top]) => [top?.segments.length, top?.open?.parts.length, top?.mediaSequence].join())
    expect(new Set(last).size).toBe(last.length)
    let since = 0
    for (const [i, [top]] of seen.entries()) {
      const before = seen[i - 1]?.[0]?.segments.at(-1)?.msn
      since = top?.segments.at(-1)?.msn === before ? since + 0.2 : 0
      expect(since).toBeLessThanOrEqual(3)
    }
  })

  it('rule 4: PART-HOLD-BACK is 3 T, HOLD-BACK 3 TD, CAN-SKIP-UNTIL 6 TD, and EXT-X-SKIP comes with version 9', async () => {
    await using origin = await anOrigin(40)
    const playlist = read(await origin.get('top/index.m3u8'))
    expect(playlist.serverControl).toBe('CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,PART-HOLD-BACK=0.63,HOLD-BACK=6')
    const whole = read(await origin.get('top/dvr.m3u8'))
    const delta = read(await origin.get('top/dvr.m3u8?_HLS_skip=YES'))
    expect(delta).toMatchObject({ version: 9, mediaSequence: whole.mediaSequence })
    expect(delta.skipped + delta.segments.length).toBe(whole.segments.length)
    const listed = delta.segments.reduce((sum, { duration }) => sum + duration, 0)
    expect(listed).toBeGreaterThanOrEqual(12)
    expect(delta.segments).toEqual(whole.segments.slice(delta.skipped))
  })

  it('rule 5: EXTINF rounds to at most TD, three TD are always left, sequences never go down', async () => {
    // Checked by checkMediaPlaylist and checkReload; a GOP of 2.3 s is the one that tempts.
    const seen = await reloads(40, { gop: 2.3 })
    for (const [i, [top]] of seen.entries()) {
      const before = seen[i - 1]?.[0]
      if (before && top) checkReload(before, top)
    }
    expect(seen.at(-1)?.[0]?.mediaSequence).toBeGreaterThan(5)
  })

  it('rule 6: parts are listed for three TD and fetchable for three more; a removed segment stays', async () => {
    await using origin = await anOrigin(40.5)
    const { segments, mediaSequence } = read(await origin.get('top/index.m3u8'))
    const unlisted = segments.findLast(({ parts }) => parts.length === 0)
    expect((await origin.get(`top/${unlisted?.msn}.0.m4s`)).status).toBe(200)
    for (const { uri } of segments) expect((await origin.get(`top/${uri}`)).status).toBe(200)
    // Seven segments were listed, so each removed one is there for eight more.
    for (let msn = mediaSequence - 7; msn < mediaSequence; msn++) {
      expect((await origin.get(`top/${msn}.m4s`)).status).toBe(200)
    }
  })

  it('rule 7: PROGRAM-DATE-TIME on every segment with one mapping for all, INDEPENDENT-SEGMENTS, MAP', async () => {
    const [top, low] = (await reloads(8)).at(-1) ?? []
    expect(top?.segments.map(({ programDateTime }) => programDateTime)).toEqual(
      low?.segments.map(({ programDateTime }) => programDateTime),
    )
    expect(top?.segments[0]?.programDateTime).toBe(1_700_000_000_000)
    expect(top?.isIndependent).toBe(true)
  })

  it('rule 8: RENDITION-REPORT for every other rendition, with LAST-MSN and LAST-PART', async () => {
    await using origin = await anOrigin(5.5)
    const low = read(await origin.get('low/index.m3u8'))
    const last = { lastMsn: low.open?.msn, lastPart: (low.open?.parts.length ?? 0) - 1 }
    expect(read(await origin.get('top/index.m3u8')).reports).toEqual([{ uri: '../low/index.m3u8', ...last }])
  })

  it('rule 9: the hinted part is awaited and answered whole', async () => {
    await using origin = await anOrigin(5.5)
    const { hint } = read(await origin.get('top/index.m3u8'))
    const part = origin.get(`top/${hint}`)
    await vi.waitFor(() => expect(origin.held()).toBe(1))
    await origin.show.advanceTo(6)
    const answer = await part
    expect(answer.status).toBe(200)
    const { msn, index } = { msn: Number(hint?.split('.')[0]), index: Number(hint?.split('.')[1]) }
    const segment = () => origin.show.sink.of('top').find((candidate) => candidate.msn === msn)
    await origin.show.advanceTo(8)
    expect(answer.body).toEqual(segment()?.parts[index]?.bytes)
  })

  it('rule 9: the hint names the next segment when this one is about to end', async () => {
    const hints = (await reloads(9)).map(([top]) => top)
    const atEnd = hints.filter((top) => top?.open?.parts.length === 10)
    expect(atEnd.length).toBeGreaterThan(0)
    for (const top of atEnd) expect(top?.hint).toBe(`${(top?.open?.msn ?? 0) + 1}.0.m4s`)
  })

  it('rule 10: _HLS_msn and _HLS_part wait for it, then answer the whole playlist', async () => {
    await using origin = await anOrigin(5.5)
    const { open } = read(await origin.get('top/index.m3u8'))
    const [msn, next] = [open?.msn ?? 0, open?.parts.length ?? 0]
    const part = origin.get(`top/index.m3u8?_HLS_msn=${msn}&_HLS_part=${next}`)
    const segment = origin.get(`top/index.m3u8?_HLS_msn=${msn}`)
    const past = origin.get(`top/index.m3u8?_HLS_msn=${msn}&_HLS_part=99`)
    await vi.waitFor(() => expect(origin.held()).toBe(3))
    await origin.show.advanceTo(5.7)
    expect(read(await part).open?.parts.length).toBeGreaterThan(next)
    expect(origin.held()).toBe(2)
    await origin.show.advanceTo(7.05)
    expect(read(await segment).segments.at(-1)?.msn).toBe(msn)
    // "N past the segment's last part means part 0 of M+1."
    expect(origin.held()).toBe(1)
    await origin.show.advanceTo(7.3)
    expect(read(await past).open).toMatchObject({ msn: msn + 1 })
  })

  it('rule 10: what is there is answered at once', async () => {
    await using origin = await anOrigin(5.5)
    for (const query of ['_HLS_msn=0', '_HLS_msn=1&_HLS_part=3', '_HLS_msn=0&_HLS_part=99', '_HLS_msn=3&_HLS_part=0']) {
      expect(read(await origin.get(`top/index.m3u8?${query}`)).open?.msn).toBe(3)
    }
  })

  it.each([
    ['_HLS_part without _HLS_msn', '_HLS_part=1', 400],
    ['an MSN more than two ahead', '_HLS_msn=6', 400],
    ['no number', '_HLS_msn=abc', 400],
    ['a negative number', '_HLS_msn=-1', 400],
    ['a directive twice', '_HLS_msn=1&_HLS_msn=2', 400],
    ['an unknown way to skip', '_HLS_skip=maybe', 400],
    ['parameters of somebody else', 'utm_source=x&session=1', 200],
  ])('rule 10: %s', async (_, query, status) => {
    await using origin = await anOrigin(5.5)
    expect((await origin.get(`top/index.m3u8?${query}`)).status).toBe(status)
  })

  it('rule 10: directives are ignored after ENDLIST', async () => {
    await using origin = await anOrigin(5.5)
    await origin.show.stop()
    origin.show.packager.end()
    for (const query of ['_HLS_msn=99', '_HLS_msn=3&_HLS_part=99', '_HLS_skip=YES']) {
      expect(read(await origin.get(`top/index.m3u8?${query}`))).toMatchObject({ isEnded: true, skipped: 0 })
    }
  })

  it('rule 10: an unknown resource is 404', async () => {
    await using origin = await anOrigin(5.5)
    for (const path of [
      'none/index.m3u8',
      'top/99.m4s',
      'top/99.0.m4s',
      'top/3.40.m4s',
      'top/init-7.mp4',
      'top/x',
      'x',
    ]) {
      expect((await origin.get(path)).status, path).toBe(404)
    }
  })

  it('rule 11: at the end every waiter gets 200 with EXT-X-ENDLIST', async () => {
    await using origin = await anOrigin(5.5)
    const waiting = ['top', 'low'].flatMap((name) => [
      origin.get(`${name}/index.m3u8?_HLS_msn=4`),
      origin.get(`${name}/dvr.m3u8?_HLS_msn=4`),
    ])
    await vi.waitFor(() => expect(origin.held('top') + origin.held('low')).toBe(4))
    await origin.show.stop()
    origin.show.packager.end()
    for (const answer of await Promise.all(waiting)) expect(read(answer).isEnded).toBe(true)
  })

  it('rule 12: Cache-Control and gzip', async () => {
    await using origin = await anOrigin(5.5)
    const cacheOf = async (path: string) => (await origin.get(path)).headers['cache-control']
    expect(await cacheOf('top/index.m3u8')).toBe('no-cache')
    expect(await cacheOf('index.m3u8')).toBe('no-cache')
    expect(await cacheOf('top/index.m3u8?_HLS_msn=1&_HLS_part=0')).toBe('max-age=60')
    for (const path of ['top/1.m4s', 'top/3.0.m4s', 'top/init-0.mp4'])
      expect(await cacheOf(path)).toContain('immutable')
    const zipped = await origin.get('top/index.m3u8', { 'accept-encoding': 'gzip, br' })
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
    const { gunzipSync } = await import('node:zlib')
    expect(gunzipSync(zipped.body).toString()).toBe(await origin.text('top/index.m3u8'))
  })
})
