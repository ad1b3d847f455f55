import { describe, expect, it } from 'vitest'
import { encoderOf, isEnhanced, toPacket } from '../../../media/ingest/flv-tags.ts'
import { encode } from './rtmp-client.ts'

const of = (type: number, payload: Buffer) => toPacket({ type, streamId: 1, timestamp: 1000, payload })
const video = (...bytes: number[]) => of(9, Buffer.from(bytes))
const audio = (...bytes: number[]) => of(8, Buffer.from(bytes))
const fourCc = (first: number, name: string, ...rest: number[]) => [first, ...Buffer.from(name), ...rest]

describe('video', () => {
  it('knows headers, keyframes and other frames of AVC', () => {
    expect(video(0x17, 0, 0, 0, 0, 1)).toMatchObject({ kind: 'video', isHeader: true, isKeyframe: false, dts: 1000 })
    expect(video(0x17, 1, 0, 0, 0, 1)).toMatchObject({ isHeader: false, isKeyframe: true })
    expect(video(0x27, 1, 0, 0, 0, 1)).toMatchObject({ isHeader: false, isKeyframe: false })
  })

  it('adds the composition time, which may be negative', () => {
    expect(video(0x27, 1, 0, 0, 66, 1)).toMatchObject({ dts: 1000, pts: 1066 })
    expect(video(0x27, 1, 0xff, 0xff, 0xf6, 1)).toMatchObject({ dts: 1000, pts: 990 })
  })

  it('leaves out the end of a sequence, command frames, and what is cut short', () => {
    expect(video(0x17, 2, 0, 0, 0)).toBeNull()
    expect(video(0x57, 1, 0, 0, 0, 1)).toBeNull()
    expect(video(0x17, 1, 0)).toBeNull()
    expect(video()).toBeNull()
  })

  it('knows the frames of other codecs', () => {
    expect(video(0x12, 1)).toMatchObject({ isKeyframe: true, isHeader: false, pts: 1000 })
  })

  it('reads the four-letter codecs of Enhanced RTMP', () => {
    expect(video(...fourCc(0x90, 'hvc1', 1))).toMatchObject({ isHeader: true })
    expect(video(...fourCc(0x91, 'hvc1', 0, 0, 40, 1))).toMatchObject({ isKeyframe: true, pts: 1040 })
    expect(video(...fourCc(0xa3, 'av01', 1))).toMatchObject({ isKeyframe: false, pts: 1000 })
    expect(video(...fourCc(0x92, 'av01'))).toBeNull()
    expect(isEnhanced({ type: 9, streamId: 1, timestamp: 0, payload: Buffer.from([0x90]) })).toBe(true)
    expect(isEnhanced({ type: 9, streamId: 1, timestamp: 0, payload: Buffer.from([0x17]) })).toBe(false)
  })
})

describe('audio', () => {
  it('knows the header of AAC, and leaves out empty frames', () => {
    expect(audio(0xaf, 0, 0x12, 0x10)).toMatchObject({ kind: 'audio', isHeader: true })
    expect(audio(0xaf, 1, 0x21)).toMatchObject({ isHeader: false })
    expect(audio(0xaf, 1)).toBeNull()
    expect(audio(0x2f, 0xff, 0xfb)).toMatchObject({ isHeader: false })
  })
})

describe('metadata', () => {
  const fields = { encoder: 'obs-output module (libobs version 30.2.3)', width: 1280 }
  const bare = encode(['onMetaData', fields])

  it('is what an FLV file holds: without the order to keep it', () => {
    expect(of(18, encode(['@setDataFrame', 'onMetaData', fields]))?.data.equals(bare)).toBe(true)
    expect(of(18, bare)?.data.equals(bare)).toBe(true)
    expect(of(15, Buffer.concat([Buffer.from([0]), bare]))?.data.equals(bare)).toBe(true)
  })

  it('is nothing else', () => {
    expect(of(18, encode(['onTextData', fields]))).toBeNull()
    expect(of(18, Buffer.alloc(0))).toBeNull()
  })

  it('names the encoder, in printable characters', () => {
    const name = (encoder: unknown) => {
      const packet = of(18, encode(['onMetaData', { encoder }]))
      return packet && encoderOf(packet)
    }
    expect(name(fields.encoder)).toBe(fields.encoder)
    expect(name('a\0b\nc')).toBe('abc')
    expect(name('x'.repeat(500))).toHaveLength(100)
    expect(name(7)).toBeNull()
    expect(name('')).toBeNull()
  })

  it('may be nonsense behind its name', () => {
    const packet = of(18, Buffer.concat([encode(['onMetaData']), Buffer.from([3, 0, 9, 0x11, 7])]))
    expect(packet && encoderOf(packet)).toBeNull()
  })
})
