import { MAX_COMMAND_BYTES, RtmpViolation } from './rtmp-guard.ts'

/** A whole RTMP message. `payload` belongs to whoever takes it: no buffer is used twice. */
export interface RtmpMessage {
  type: number
  streamId: number
  /** Milliseconds, 32 bits: wraps after 49 days. */
  timestamp: number
  payload: Buffer
}

interface ChunkStream {
  /** The 24 bits of the last header: a time stamp (type 0) or a delta; 0xffffff says that 32 bits follow. */
  timeField: number
  extendedTime: number
  timestamp: number
  length: number
  type: number
  streamId: number
  /** Grows with what was received, never with what was announced. */
  buffer: Buffer
  received: number
  isOpen: boolean
}

export const SET_CHUNK_SIZE = 1
const ABORT = 2
const EXTENDED = 0xffffff
const HEADER_BYTES = [11, 7, 3, 0] as const
const MAX_CHUNK_STREAMS = 32
/** All unfinished messages of a connection. */
const MAX_UNFINISHED_BYTES = 16 * 1024 * 1024
const FIRST_BUFFER_BYTES = 16 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * Puts RTMP messages together from chunks (RTMP 1.0, section 5.3), in place of node-media-server's parser.
 *
 *   push(bytes) ──▶ next(), next(), … ──▶ null: more bytes are needed
 *
 * That parser allocates what a header announces, loops for ever when a header in mid-message shrinks its length,
 * stops at a chunk size of 0, mixes up chunk streams above 319 and drops everything once the clock passes 32 bits.
 * One parser, so no second one can understand the same bytes differently. Guarantees:
 *   1. Memory held is at most twice what was received, 16 MiB in all, 32 chunk streams.
 *   2. Each byte is consumed once; every call returns.
 *   3. Set Chunk Size and Abort are obeyed in order, between chunks, also in mid-message of another stream.
 *
 * @throws {RtmpViolation} from next(); the reader is then of no further use
 */
export class ChunkReader {
  /** Raised once the key is accepted: until then nobody needs more than a command. */
  maxMessageBytes = MAX_COMMAND_BYTES
  readonly #streams = new Map<number, ChunkStream>()
  #input: Buffer = NOTHING
  #at = 0
  #chunkSize = 128
  #unfinishedBytes = 0
  #stream: ChunkStream | null = null // whose chunk is being read
  #left = 0 // payload bytes of that chunk still to come

  push(data: Buffer): void {
    // What is left is at most a partial header, or what a consumer that stopped taking messages did not take.
    this.#input = this.#at < this.#input.length ? Buffer.concat([this.#input.subarray(this.#at), data]) : data
    this.#at = 0
  }

  next(): RtmpMessage | null {
    while (this.#stream || this.#readHeader()) {
      const stream = this.#stream
      if (!stream) return null
      if (!this.#readPayload(stream)) return null
      this.#stream = null
      if (stream.received < stream.length) continue
      const message = this.#finish(stream)
      if (message.type === SET_CHUNK_SIZE) this.#setChunkSize(message.payload)
      else if (message.type === ABORT) this.#abort(message.payload)
      else return message
    }
    return null
  }

  /** @returns false when the header is not whole yet; nothing is consumed then */
  #readHeader(): boolean {
    const input = this.#input
    const first = input[this.#at]
    if (first === undefined) return false
    const format = first >> 6
    const low = first & 0x3f
    const basicBytes = low === 0 ? 2 : low === 1 ? 3 : 1
    let at = this.#at + basicBytes
    let end = at + (HEADER_BYTES[format] ?? 0)
    if (end > input.length) return false
    const id = low > 1 ? low : 64 + (input[this.#at + 1] ?? 0) + (low === 1 ? (input[this.#at + 2] ?? 0) * 256 : 0)
    const stream = this.#streams.get(id) ?? this.#openStream(id, format)

    if (format < 3 && stream.isOpen) throw new RtmpViolation('a new header within a message')
    const timeField = format < 3 ? input.readUIntBE(at, 3) : stream.timeField
    let { extendedTime } = stream
    if (timeField === EXTENDED) {
      if (end + 4 > input.length) return false
      const time = input.readUInt32BE(end)
      // "This field is present in Type 3 chunks when the most recent Type 0, 1, or 2 chunk for the same chunk stream ID
      // indicated the presence of an extended timestamp field." Old encoders leave it out within a message.
      if (!stream.isOpen || time === extendedTime) {
        extendedTime = time
        end += 4
      }
    }

    if (format < 2) {
      stream.length = input.readUIntBE(at + 3, 3)
      stream.type = input[at + 6] ?? 0
      if (stream.length > this.maxMessageBytes) throw new RtmpViolation('a message above the limit')
    }
    if (format === 0) stream.streamId = input.readUInt32LE(at + 7)
    if (!stream.isOpen) {
      const time = timeField === EXTENDED ? extendedTime : timeField
      stream.timestamp = format === 0 ? time : (stream.timestamp + time) >>> 0
      stream.isOpen = true
    }
    stream.timeField = timeField
    stream.extendedTime = extendedTime
    at = end
    this.#at = at
    this.#stream = stream
    this.#left = Math.min(this.#chunkSize, stream.length - stream.received)
    return true
  }

  #openStream(id: number, format: number): ChunkStream {
    // librtmp begins a chunk stream with type 1 for pings.
    if (format > 1) throw new RtmpViolation('a chunk stream that begins without a header')
    if (this.#streams.size >= MAX_CHUNK_STREAMS) throw new RtmpViolation('too many chunk streams')
    const stream: ChunkStream = {
      timeField: 0,
      extendedTime: 0,
      timestamp: 0,
      length: 0,
      type: 0,
      streamId: 0,
      buffer: NOTHING,
      received: 0,
      isOpen: false,
    }
    this.#streams.set(id, stream)
    return stream
  }

  /** @returns whether the chunk is whole */
  #readPayload(stream: ChunkStream): boolean {
    const bytes = Math.min(this.#left, this.#input.length - this.#at)
    this.#reserve(stream, stream.received + bytes)
    this.#input.copy(stream.buffer, stream.received, this.#at, this.#at + bytes)
    stream.received += bytes
    this.#at += bytes
    this.#left -= bytes
    return this.#left === 0
  }

  #reserve(stream: ChunkStream, bytes: number): void {
    if (bytes <= stream.buffer.length) return
    const size = Math.min(stream.length, Math.max(bytes, stream.buffer.length * 2, FIRST_BUFFER_BYTES))
    this.#unfinishedBytes += size - stream.buffer.length
    if (this.#unfinishedBytes > MAX_UNFINISHED_BYTES) throw new RtmpViolation('too many unfinished messages')
    // Not from Node's pool: a few bytes that wait somewhere would keep 64 KiB of it.
    const buffer = Buffer.allocUnsafeSlow(size)
    stream.buffer.copy(buffer, 0, 0, stream.received)
    stream.buffer = buffer
  }

  #finish(stream: ChunkStream): RtmpMessage {
    const payload = stream.buffer.subarray(0, stream.length)
    this.#drop(stream)
    return { type: stream.type, streamId: stream.streamId, timestamp: stream.timestamp, payload }
  }

  #drop(stream: ChunkStream): void {
    this.#unfinishedBytes -= stream.buffer.length
    stream.buffer = NOTHING
    stream.received = 0
    stream.isOpen = false
  }

  #setChunkSize(payload: Buffer): void {
    if (payload.length < 4) throw new RtmpViolation('a chunk size without a number')
    const size = payload.readUInt32BE()
    // "The maximum chunk size […] MUST be at least 1 byte"; the first bit MUST be zero.
    if (size === 0 || size > 0x7fffffff) throw new RtmpViolation('an impossible chunk size')
    this.#chunkSize = size
  }

  #abort(payload: Buffer): void {
    if (payload.length < 4) throw new RtmpViolation('an abort without a chunk stream')
    const stream = this.#streams.get(payload.readUInt32BE())
    if (stream) this.#drop(stream)
  }
}
