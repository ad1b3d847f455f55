import { beforeAll, describe, expect, it } from 'vitest'
import { type Fragment, isKeyframe, readFragments } from '../../../media/packager/fmp4.ts'
import type { ParsedInit } from '../../../media/packager/fmp4-init.ts'
import { writeFragment } from '../../../media/packager/fmp4-write.ts'
import { inPieces, makeClip } from './clips.ts'
import { aFrame, audioTrack, chance, videoTrack } from './frames.ts'

let clip: Buffer

beforeAll(async () => {
  clip = (await makeClip({ seconds: 2, bFrames: 2 })).get('top') ?? Buffer.alloc(0)
})

async function readAll(bytes: AsyncIterable<Uint8Array>) {
  const items: (ParsedInit | Fragment)[] = []
  for await (const item of readFragments(bytes)) items.push(item)
  return items
}

describe('readFragments', () => {
  it('reads codecs, size and timescales of what ffmpeg wrote', async () => {
    const [init] = await readAll(inPieces(clip, 4096))
    expect(init).toMatchObject({ kind: 'init', width: 160, height: 90, audio: { timescale: 48_000 } })
    expect((init as ParsedInit).codecs).toMatch(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/)
    expect((init as ParsedInit).video?.timescale).toBe(16_000)
  })

  it('finds every frame, with presentation times in place under B-frames', async () => {
    const items = await readAll(inPieces(clip, 4096))
    const video = items.flatMap((item) => (item.kind === 'fragment' ? item.video : []))
    expect(video).toHaveLength(60)
    expect(video.filter(isKeyframe)).toHaveLength(2)
    const pts = video.map(({ dts, cts }) => (dts + cts) / 16_000).sort((a, b) => a - b)
    for (const [i, at] of pts.entries()) expect(at - (pts[0] ?? 0)).toBeCloseTo(i / 30, 2)
    expect(video.some(({ cts }) => cts < 0)).toBe(true)
  })

  it('reads the same whatever the pieces that the bytes come in', async () => {
    const whole = await readAll(inPieces(clip, clip.length))
    for (const size of [1, 7, 8, 9, 1000, 65_536]) expect(await readAll(inPieces(clip, size))).toEqual(whole)
  })

  it('copies no sample that lies in one piece', async () => {
    const [, first] = await readAll(inPieces(clip, clip.length))
    expect((first as Fragment).video[0]?.data.buffer).toBe(clip.buffer)
  })

  it('yields what was whole when the stream ends inside a box', async () => {
    const whole = await readAll(inPieces(clip, clip.length))
    const cutOff = await readAll(inPieces(clip.subarray(0, clip.length / 2), 4096))
    expect(cutOff.length).toBeLessThan(whole.length)
    expect(cutOff).toEqual(whole.slice(0, cutOff.length))
  })

  it.each([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a box of no size', Buffer.alloc(64)],
    ['a box of 2 GiB', Buffer.from('7fffffff6d646174', 'hex')],
    ['a fragment before its init segment', Buffer.from('000000086d6f6f66000000086d646174', 'hex')],
    ['an empty moov', Buffer.from('000000086d6f6f76', 'hex')],
  ])('refuses %s', async (_, bytes) => {
    await expect(readAll(inPieces(bytes, 5))).rejects.toMatchObject({ name: 'Fmp4Error' })
  })

  it('refuses a sample outside its mdat', async () => {
    const bytes = writeFragment(1, [{ track: videoTrack, samples: [aFrame(0, 10, 0.1, true)] }])
    const sizeAt = Buffer.from(bytes).indexOf('trun') + 4 + 4 + 4 + 4 + 4
    bytes[sizeAt] = 0x7f
    const init = (await readAll(inPieces(clip, clip.length)))[0] as ParsedInit
    await expect(readAll(inPieces(Buffer.concat([init.bytes, bytes]), 50))).rejects.toThrow('outside its mdat')
  })

  it('survives any corruption with an error of its own or a result, never another exception', async () => {
    const random = chance(7)
    for (let round = 0; round < 400; round++) {
      const bytes = Buffer.from(clip.subarray(0, 6000))
      for (let i = 0; i < 3; i++) bytes.writeUInt8(random(256), random(bytes.length))
      await readAll(inPieces(bytes, 1 + random(3000))).catch((error: Error) => expect(error.name).toBe('Fmp4Error'))
    }
  })
})

describe('writeFragment', () => {
  it('writes what readFragments reads', async () => {
    const init = (await readAll(inPieces(clip, clip.length)))[0] as ParsedInit
    const video = [aFrame(0, 10, 0.033, true), aFrame(1, 10.033, 0.034, false, -0.01)]
    const audio = [{ dts: 480_000, cts: 0, duration: 1024, flags: 0x2000000, data: Buffer.from('sound') }]
    const bytes = writeFragment(9, [
      { track: videoTrack, samples: video },
      { track: audioTrack, samples: audio },
    ])
    const [, fragment] = await readAll(inPieces(Buffer.concat([init.bytes, bytes]), 11))
    expect(fragment).toEqual({ kind: 'fragment', video, audio })
  })
})
