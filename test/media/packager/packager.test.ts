import { parse, setOptions } from 'hls-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ParsedInit } from '../../../media/packager/fmp4-init.ts'
import { Packager } from '../../../media/packager/packager.ts'
import { checkMediaPlaylist, checkReload, checkRenditions, type ReadPlaylist } from '../../support/playlist-rules.ts'
import { type ClipOptions, inPieces, makeClip } from './clips.ts'
import { aLadder, anInitOfFfmpeg, anotherInit, FakeSink, Show } from './show.ts'

let init: ParsedInit

beforeAll(async () => {
  setOptions({ strictMode: true })
  init = await anInitOfFfmpeg()
})

const THREE = ['top', 'mid', 'low']

/** Reads both playlists of every rendition through both checkers. */
function checkAll(show: Show): ReadPlaylist[] {
  const read = show.names.map((name) => {
    for (const kind of ['index', 'dvr'] as const) {
      for (const canSkip of [false, true]) {
        const text = show.text(name, kind, canSkip)
        parse(text)
        checkMediaPlaylist(text)
      }
    }
    return checkMediaPlaylist(show.text(name))
  })
  checkRenditions(read)
  return read
}

describe('Packager, with ffmpeg', () => {
  it.each<[string, ClipOptions]>([
    ['a ladder of three', { encoded: ['mid', 'low'] }],
    ['B-frames', { bFrames: 2 }],
    ['60 frames a second', { frameRate: 60, gop: 60 }],
    ['a GOP of five seconds', { gop: 150, seconds: 9 }],
    ['an odd frame rate and GOP', { frameRate: '24000/1001', gop: 37, encoded: ['low'] }],
    ['no sound', { hasAudio: false }],
    ['no picture', { hasVideo: false }],
  ])('packages %s by the rules', async (_, options) => {
    const outputs = await makeClip(options)
    const sink = new FakeSink()
    const packager = new Packager({ partTargetMs: 210, segmentTargetMs: 2000, sink })
    const ladder = aLadder(...outputs.keys())
    const streams = new Map([...outputs].map(([name, bytes]) => [name, inPieces(bytes, 3000)]))
    await packager.run({ outputs: streams, ladder, startedAtMs: Date.now() })
    await packager.firstPlayable
    packager.end()

    const read = [...outputs.keys()].map((name) => {
      const text = packager.findWindow(name)?.playlist('dvr', false).plain.toString() ?? ''
      parse(text)
      return checkMediaPlaylist(text)
    })
    checkRenditions(read)
    expect(new Set(read.map(({ segments }) => segments.length)).size).toBe(1)
    expect(read[0]?.segments.reduce((sum, { duration }) => sum + duration, 0)).toBeCloseTo(options.seconds ?? 6, 0)
    const top = packager.multivariant('index')?.plain.toString() ?? ''
    parse(top)
    expect(top.match(/#EXT-X-STREAM-INF/g)).toHaveLength(outputs.size)
  })
})

describe('Packager', () => {
  it('keeps every rule at every part of a minute, from one reload to the next', async () => {
    const show = new Show({ names: THREE, init })
    await show.start()
    let before: ReadPlaylist[] = []
    for (let part = 1; part <= 300; part++) {
      await show.advanceTo(part * 0.2)
      if (!show.packager.multivariant('index')) continue
      const after = checkAll(show)
      for (const [i, playlist] of before.entries()) checkReload(playlist, after[i] as ReadPlaylist)
      before = after
    }
    await show.stop()
    show.packager.end()
    expect(checkAll(show).every(({ isEnded }) => isEnded)).toBe(true)
    expect(checkMediaPlaylist(show.text('low', 'dvr')).segments.length).toBeGreaterThan(28)
  })

  it('is playable with one segment and three parts of every rendition', async () => {
    const show = new Show({ names: ['top', 'low'], init })
    let isPlayable = false
    void show.packager.firstPlayable.then(() => {
      isPlayable = true
    })
    await show.start()
    await show.advanceTo(1.05)
    expect(isPlayable).toBe(true)
    expect(show.packager.multivariant('index')).not.toBeNull()
  })

  it('numbers segments of all renditions alike while one lags behind', async () => {
    const show = new Show({ names: ['top', 'low'], init })
    await show.start({ gop: 1.3 })
    await show.advanceTo(9, 'top')
    await show.advanceTo(2, 'low')
    await show.advanceTo(8, 'low')
    await show.advanceTo(12)
    await show.stop()
    const starts = (name: string) => show.sink.of(name).map(({ msn, programDateTimeMs }) => [msn, programDateTimeMs])
    expect(starts('low')).toEqual(starts('top'))
  })

  it('goes on after a reconnect: a discontinuity, the next MSN, the same init number for the same configuration', async () => {
    const show = new Show({ names: ['top', 'low'], init })
    await show.start()
    await show.advanceTo(4.5)
    await show.stop()
    const last = show.sink.of('top').at(-1)
    await show.start({}, { startedAtMs: 1_700_000_020_000 })
    await show.advanceTo(3)
    const [top] = checkAll(show)
    const again = top?.segments.find(({ msn }) => msn === (last?.msn ?? 0) + 1)
    expect(again).toMatchObject({ isDiscontinuous: true, programDateTime: 1_700_000_020_000 })
    expect(show.text('top').match(/EXT-X-MAP/g)).toHaveLength(1)
    expect(show.sink.inits.map(({ rendition, index }) => [rendition, index])).toEqual([
      ['top', 0],
      ['low', 0],
    ])
  })

  it('takes a new init number when the codec configuration changed', async () => {
    const show = new Show({ init })
    await show.start()
    await show.advanceTo(3)
    await show.stop()
    await show.start(
      { hasAudio: false },
      { init: await anInitOfFfmpeg({ hasAudio: false }), startedAtMs: 1_700_000_010_000 },
    )
    await show.advanceTo(3)
    checkAll(show)
    expect(show.text('top').match(/EXT-X-MAP:URI="init-\d+.mp4"/g)).toEqual([
      'EXT-X-MAP:URI="init-0.mp4"',
      'EXT-X-MAP:URI="init-1.mp4"',
    ])
    expect(show.packager.multivariant('index')?.plain.toString()).not.toContain('mp4a')
  })

  it('never sets PROGRAM-DATE-TIME back, though the clock was', async () => {
    const show = new Show({ init })
    await show.start()
    await show.advanceTo(5)
    await show.stop()
    await show.start({}, { startedAtMs: 1_600_000_000_000 })
    await show.advanceTo(5)
    checkAll(show)
    expect(show.sink.of('top').at(-1)?.programDateTimeMs).toBeGreaterThan(1_700_000_005_000)
  })

  it('leads the playlist of a shed rendition on with the next lower one', async () => {
    const show = new Show({ names: THREE, init })
    await show.start()
    await show.advanceTo(4.2)
    await show.stop()
    const routes = new Map([
      ['top', 'top'],
      ['mid', 'low'],
      ['low', 'low'],
    ])
    await show.start({}, { names: ['top', 'low'], routes, startedAtMs: 1_700_000_006_000 })
    await show.advanceTo(4.2)
    const [top, mid, low] = checkAll(show)
    expect(mid?.segments.map(({ msn }) => msn)).toEqual(top?.segments.map(({ msn }) => msn))
    expect(show.sink.of('mid').at(-1)?.parts[0]?.bytes).toBe(show.sink.of('low').at(-1)?.parts[0]?.bytes)
    expect(low?.segments.filter(({ isDiscontinuous }) => isDiscontinuous)).toHaveLength(1)
  })

  it('leads the playlist of an output that breaks off on with the next lower one, within the run', async () => {
    const show = new Show({ names: THREE, init })
    await show.start({}, { inits: { low: anotherInit(init) } })
    await show.advanceTo(4.5)
    await show.pipes.get('mid')?.breakOff(new Error('ffmpeg closed it'))
    await show.advanceTo(9, 'top', 'low')
    const [top, mid] = checkAll(show)
    expect(mid?.segments.map(({ msn }) => msn)).toEqual(top?.segments.map(({ msn }) => msn))
    expect(mid?.segments.filter(({ isDiscontinuous }) => isDiscontinuous)).toHaveLength(1)
    expect(mid?.segments.filter(({ isGap }) => isGap)).toHaveLength(0)
    expect(show.text('mid')).toContain('#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-1.mp4"')
    await Promise.all(['top', 'low'].map((name) => show.pipes.get(name)?.end()))
    await expect(show.running).rejects.toMatchObject({ name: 'PackagerError' })
  })

  it('does not change the picture when outputs end within some frames of each other', async () => {
    const show = new Show({ names: ['top', 'low'], init })
    await show.start({}, { inits: { low: anotherInit(init) } })
    await show.advanceTo(4.9, 'top')
    await show.pipes.get('top')?.end()
    await show.advanceTo(5.3, 'low')
    await show.pipes.get('low')?.end()
    await show.running
    expect(show.sink.inits.map(({ rendition, index }) => [rendition, index])).toEqual([
      ['top', 0],
      ['low', 0],
    ])
    expect(show.sink.of('top').some(({ isDiscontinuous }) => isDiscontinuous)).toBe(false)
  })

  it('packages the rest when one output is garbage, and reads that to its end', async () => {
    const show = new Show({ names: ['top', 'low'], init })
    await show.start()
    await show.advanceTo(3)
    await show.pipes.get('low')?.push(Buffer.from('no box of any kind, and long enough to be one'))
    await show.pipes.get('low')?.push(Buffer.alloc(100_000))
    await show.advanceTo(9, 'top')
    checkAll(show)
    await Promise.all([...show.pipes.values()].map((pipe) => pipe.end()))
    await expect(show.running).rejects.toMatchObject({ errors: [{ name: 'Fmp4Error' }] })
    expect(show.sink.of('top').length).toBeGreaterThan(4)
  })

  it('names a gap where one rendition has a segment that another lacks', async () => {
    const show = new Show({ names: ['top', 'low'], init })
    await show.start()
    await show.advanceTo(3.1, 'top')
    await show.advanceTo(2.9, 'low')
    await Promise.all(['low', 'top'].map((name) => show.pipes.get(name)?.end()))
    await show.running
    await show.start({}, { startedAtMs: 1_700_000_005_000 })
    await show.advanceTo(3)
    const [top, low] = checkAll(show)
    expect(low?.segments.map(({ msn }) => msn)).toEqual(top?.segments.map(({ msn }) => msn))
  })

  it('marks the segment behind a jump of the publisher, in every rendition', async () => {
    const show = new Show({ names: ['top', 'low'], init })
    await show.start()
    await show.advanceTo(3.5)
    show.packager.markDiscontinuity(3600)
    await show.advanceTo(8)
    for (const { segments } of checkAll(show)) {
      expect(
        segments.filter(({ isDiscontinuous }) => isDiscontinuous).map(({ programDateTime }) => programDateTime),
      ).toEqual([1_700_000_004_000])
    }
  })

  it('counts discontinuities that have left the sliding window', async () => {
    const show = new Show({ init })
    for (let run = 0; run < 4; run++) {
      await show.start({}, { startedAtMs: 1_700_000_000_000 + run * 30_000 })
      await show.advanceTo(9)
      await show.stop()
    }
    const [index] = checkAll(show)
    const dvr = checkMediaPlaylist(show.text('top', 'dvr'))
    const listed = index?.segments.filter(({ isDiscontinuous }) => isDiscontinuous).length ?? 0
    expect((index?.discontinuitySequence ?? 0) + listed).toBe(3)
    expect(dvr.segments.filter(({ isDiscontinuous }) => isDiscontinuous)).toHaveLength(3)
  })

  it('goes on after a restart of the process: no MSN is used twice, nothing seen is changed', async () => {
    const first = new Show({ names: ['top', 'low'], init })
    await first.start()
    await first.advanceTo(6.5)
    const before = checkMediaPlaylist(first.text('top'))

    const second = new Show({ names: ['top', 'low'], init, resume: first.sink.history('top', 'low') })
    await second.packager.firstPlayable
    await second.start({}, { startedAtMs: 1_700_000_015_000 })
    await second.advanceTo(4)
    const after = checkMediaPlaylist(second.text('top', 'dvr'))
    parse(second.text('top', 'dvr'))
    checkReload({ ...before, serverControl: after.serverControl, partTarget: null }, after)
    expect(after.segments.find(({ msn }) => msn === before.open?.msn)).toMatchObject({ isGap: true })
    expect(after.segments.at(-1)?.msn).toBe((before.open?.msn ?? 0) + 1)
    expect(second.sink.inits).toEqual([])
  })

  it('keeps bytes for half a minute, and a line for everything else', async () => {
    const show = new Show({ init })
    await show.start({ seconds: 90 })
    await show.advanceTo(90)
    const window = show.packager.findWindow('top')
    const kept = show.sink.of('top').filter(({ msn }) => window?.findSegment(msn)?.parts)
    expect(kept.length).toBeGreaterThanOrEqual(15)
    expect(kept.length).toBeLessThanOrEqual(17)
    expect(checkMediaPlaylist(show.text('top', 'dvr')).segments).toHaveLength(show.sink.of('top').length)
  })

  it('drops the claim of independent segments while one is listed that is not', async () => {
    const show = new Show({ init })
    await show.start({ gop: 4 })
    await show.advanceTo(9)
    const [playlist] = checkAll(show)
    expect(playlist?.isIndependent).toBe(false)
    expect(show.packager.multivariant('index')?.plain.toString()).not.toContain('INDEPENDENT')
  })
})
