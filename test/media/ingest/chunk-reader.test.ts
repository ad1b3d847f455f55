import { describe, expect, it } from 'vitest'
import { ChunkReader, type RtmpMessage } from '../../../media/ingest/chunk-reader.ts'
import { message, setChunkSize, uint32 } from './rtmp-client.ts'

const MiB = 1024 * 1024

function read(...parts: Buffer[]): RtmpMessage[] {
  return readWith(new ChunkReader(), Buffer.concat(parts))
}

function readWith(reader: ChunkReader, bytes: Buffer): RtmpMessage[] {
  reader.push(bytes)
  const messages: RtmpMessage[] = []
  for (let next = reader.next(); next; next = reader.next()) messages.push(next)
  return messages
}

const bytes = (length: number, seed = 1) => Buffer.from(Array.from({ length }, (_, n) => (n * seed) & 0xff))
const bare = (chunkStream: number) => Buffer.from([0xc0 | chunkStream])

describe('messages', () => {
  it('are put together from chunks, however the bytes are cut', () => {
    const stream = Buffer.concat([
      message({ type: 9, chunkStream: 6, timestamp: 40, streamId: 1, payload: bytes(1000) }),
      message({ type: 8, chunkStream: 4, timestamp: 0x1000000, payload: bytes(300, 3) }),
    ])
    const whole = read(stream)
    expect(whole.map(({ type, timestamp, streamId }) => [type, timestamp, streamId])).toEqual([
      [9, 40, 1],
      [8, 0x1000000, 0],
    ])
    expect(whole[0]?.payload.equals(bytes(1000))).toBe(true)
    const reader = new ChunkReader()
    expect([...stream].flatMap((byte) => readWith(reader, Buffer.from([byte])))).toEqual(whole)
  })

  it('may be interleaved', () => {
    const [long, short] = [bytes(200), bytes(100, 7)]
    const parts = message({ type: 9, chunkStream: 6, payload: long })
    const messages = read(
      parts.subarray(0, 140),
      message({ type: 8, chunkStream: 4, payload: short }),
      parts.subarray(140),
    )
    expect(messages.map(({ type }) => type)).toEqual([8, 9])
    expect(messages[1]?.payload.equals(long)).toBe(true)
  })

  it('own their bytes: the next message does not change them', () => {
    const reader = new ChunkReader()
    const [first] = readWith(reader, message({ type: 9, payload: bytes(100, 1) }))
    readWith(reader, message({ type: 9, payload: bytes(100, 9) }))
    expect(first?.payload.equals(bytes(100, 1))).toBe(true)
  })

  it('of length 0 are messages', () => {
    expect(read(message({ type: 9 }), message({ type: 8 })).map(({ type }) => type)).toEqual([9, 8])
  })

  it('keep chunk streams above 319 apart', () => {
    const header = (id: number, type: number) =>
      Buffer.from([1, (id - 64) & 0xff, (id - 64) >> 8, 0, 0, 0, 0, 0, 200, type, 0, 0, 0, 0])
    const more = (id: number) => Buffer.from([0xc1, (id - 64) & 0xff, (id - 64) >> 8])
    const [one, two] = [bytes(200, 3), bytes(200, 5)]
    const messages = read(
      ...[header(320, 9), one.subarray(0, 128), header(575, 8), two.subarray(0, 128)],
      ...[more(320), one.subarray(128), more(575), two.subarray(128)],
    )
    expect(messages.map(({ type, payload }) => [type, payload])).toEqual([
      [9, one],
      [8, two],
    ])
  })

  it('that were aborted are forgotten', () => {
    const begun = message({ type: 9, chunkStream: 6, payload: bytes(300) }).subarray(0, 140)
    const abort = message({ type: 2, chunkStream: 2, payload: uint32(6) })
    const messages = read(begun, abort, message({ type: 9, chunkStream: 6, payload: bytes(50, 3) }))
    expect(messages.map(({ payload }) => payload)).toEqual([bytes(50, 3)])
  })

  it('begin with the new chunk size, also within a message of another stream', () => {
    const payload = bytes(1000)
    const begun = message({ type: 9, chunkStream: 6, payload }).subarray(0, 140)
    expect(read(begun, setChunkSize(4096), bare(6), payload.subarray(128))[0]?.payload.equals(payload)).toBe(true)
  })
})

describe('time', () => {
  const delta = (chunkStream: number, step: number, length: number) =>
    Buffer.from([0x40 | chunkStream, step >> 16, (step >> 8) & 0xff, step & 0xff, 0, 0, length, 9])

  it('goes on by deltas, and by the same delta without a header', () => {
    const messages = read(
      ...[message({ type: 9, chunkStream: 6, timestamp: 1000, payload: bytes(3) }), delta(6, 40, 3), bytes(3)],
      ...[bare(6), bytes(3)],
    )
    expect(messages.map(({ timestamp }) => timestamp)).toEqual([1000, 1040, 1080])
  })

  it('is extended at 0xffffff, in every chunk of the message', () => {
    for (const timestamp of [0xfffffe, 0xffffff, 0x1000000, 0xfffffffe]) {
      const payload = bytes(500, 3)
      const [read9, read8] = read(
        message({ type: 9, chunkStream: 6, timestamp, payload }),
        message({ type: 8, chunkStream: 4, timestamp: 1, payload: bytes(3) }),
      )
      expect(read9?.timestamp).toBe(timestamp)
      expect(read9?.payload.equals(payload)).toBe(true)
      expect(read8?.type).toBe(8)
    }
  })

  it('is also read from encoders that extend it in the first chunk only', () => {
    const payload = bytes(300, 3)
    const first = message({ type: 9, chunkStream: 6, timestamp: 0x1000000, payload }).subarray(0, 16 + 128)
    const [got] = read(first, bare(6), payload.subarray(128, 256), bare(6), payload.subarray(256))
    expect(got?.payload.equals(payload)).toBe(true)
  })

  it('wraps at 32 bits and goes on', () => {
    const messages = read(
      message({ type: 9, chunkStream: 6, timestamp: 2 ** 32 - 20, payload: bytes(3) }),
      delta(6, 40, 3),
      bytes(3),
    )
    expect(messages.map(({ timestamp }) => timestamp)).toEqual([2 ** 32 - 20, 20])
  })
})

describe('limits', () => {
  const accepting = () => {
    const reader = new ChunkReader()
    reader.maxMessageBytes = 8 * MiB
    return reader
  }
  const announce = (chunkStream: number, announcedLength: number) =>
    message({ type: 9, chunkStream, announcedLength, payload: Buffer.alloc(100) })

  it('refuse a message above 8 MiB, and above 64 KiB before the key is accepted', () => {
    expect(() => readWith(accepting(), announce(6, 8 * MiB))).not.toThrow()
    expect(() => readWith(accepting(), announce(6, 8 * MiB + 1))).toThrow('above the limit')
    expect(() => read(announce(6, 64 * 1024 + 1))).toThrow('above the limit')
  })

  it('refuse the 33rd chunk stream', () => {
    const streams = Array.from({ length: 33 }, (_, n) => message({ type: 9, chunkStream: n + 2, payload: bytes(1) }))
    expect(() => read(...streams.slice(0, 32))).not.toThrow()
    expect(() => read(...streams)).toThrow('too many chunk streams')
  })

  it('allocate what was received, not what is announced', () => {
    const before = process.memoryUsage().arrayBuffers
    const readers = Array.from({ length: 20 }, () => {
      const reader = accepting()
      for (let n = 0; n < 16; n++) readWith(reader, announce(n + 2, 8 * MiB).subarray(0, 100))
      return reader
    })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MiB)
    expect(readers).toHaveLength(20)
  })

  it('refuse more than 16 MiB of unfinished messages', () => {
    const reader = accepting()
    readWith(reader, setChunkSize(MiB))
    const begin = (chunkStream: number) =>
      message({ type: 9, chunkStream, announcedLength: 8 * MiB, payload: Buffer.alloc(7 * MiB), chunkSize: MiB })
    expect(() => readWith(reader, Buffer.concat([begin(4), begin(5)]))).not.toThrow()
    expect(() => readWith(reader, begin(6))).toThrow('too many unfinished messages')
  })

  it.each([
    [
      'a new header within a message',
      [message({ type: 9, payload: bytes(300) }).subarray(0, 140), message({ type: 9, payload: bytes(10) })],
    ],
    ['an impossible chunk size', [setChunkSize(0)]],
    ['an impossible chunk size', [setChunkSize(0x80000000)]],
    ['a chunk size without a number', [message({ type: 1, chunkStream: 2 })]],
    ['an abort without a chunk stream', [message({ type: 2, chunkStream: 2 })]],
    ['a chunk stream that begins without a header', [Buffer.from([0xc5, 1, 2, 3])]],
  ])('refuse %s', (sentence, parts) => {
    expect(() => read(...parts)).toThrow(expect.objectContaining({ name: 'RtmpViolation', message: sentence }))
  })
})
