import { connect, type Socket } from 'node:net'
import { ChunkReader, type RtmpMessage } from '../../../media/ingest/chunk-reader.ts'

/** An RTMP client written by hand, so that it can also say what no encoder would. */
export class RtmpClient implements Disposable {
  readonly socket: Socket
  readonly messages: RtmpMessage[] = []
  readonly closed: Promise<void>
  readonly #reader = new ChunkReader()
  #skip = 1 + 1536 * 2 // S0, S1, S2
  #wake: () => void = () => {}

  /** @param from which loopback address this is */
  constructor(port: number, from = '127.0.0.1') {
    this.socket = connect({ port, host: '127.0.0.1', localAddress: from })
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()))
    void this.closed.then(() => this.#wake())
    this.socket.on('data', (data) => {
      const skipped = Math.min(this.#skip, data.length)
      this.#skip -= skipped
      this.#reader.push(data.subarray(skipped))
      for (let message = this.#reader.next(); message; message = this.#reader.next()) this.messages.push(message)
      this.#wake()
    })
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  send(...parts: Buffer[]): void {
    this.socket.write(Buffer.concat(parts))
  }

  /** Ready to publish. */
  connect(app = 'live'): this {
    this.send(HANDSHAKE, connectCommand(app), command('createStream', 2, null))
    return this
  }

  publish(key: string): this {
    this.send(command('publish', 3, null, key, 'live'))
    return this
  }

  /** The next answer of that name, or what the connection closed with. */
  async answer(name: string): Promise<Record<string, unknown>> {
    while (true) {
      for (const { type, payload } of this.messages) {
        if (type !== 20) continue
        const [found, , , info] = decode(payload)
        if (found === name) return info as Record<string, unknown>
      }
      if (this.socket.destroyed) throw new Error(`closed without ${name}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  status(): Promise<Record<string, unknown>> {
    return this.answer('onStatus')
  }

  async accepted(): Promise<this> {
    const { code } = await this.status()
    if (code !== 'NetStream.Publish.Start') throw new Error(`not accepted: ${code}`)
    return this
  }
}

export const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(1536, 7), Buffer.alloc(1536, 7)])

interface MessageOptions {
  chunkStream?: number
  type: number
  timestamp?: number
  streamId?: number
  payload?: Buffer
  /** Instead of the payload's. */
  announcedLength?: number
  chunkSize?: number
}

/** A message in chunks: a whole header, then bare ones. */
export function message(options: MessageOptions): Buffer {
  const { chunkStream = 3, type, timestamp = 0, streamId = 0, payload = Buffer.alloc(0), chunkSize = 128 } = options
  const isExtended = timestamp >= 0xffffff
  const extended = Buffer.alloc(isExtended ? 4 : 0)
  if (isExtended) extended.writeUInt32BE(timestamp)
  const header = Buffer.alloc(12)
  header[0] = chunkStream
  header.writeUIntBE(Math.min(timestamp, 0xffffff), 1, 3)
  header.writeUIntBE(options.announcedLength ?? payload.length, 4, 3)
  header[7] = type
  header.writeUInt32LE(streamId, 8)
  const parts: Buffer[] = [header, extended]
  for (let at = 0; at < payload.length; at += chunkSize) {
    if (at > 0) parts.push(Buffer.from([0xc0 | chunkStream]), extended)
    parts.push(payload.subarray(at, at + chunkSize))
  }
  return Buffer.concat(parts)
}

export const command = (...values: unknown[]) => message({ type: 20, payload: encode(values) })

export const connectCommand = (app: unknown = 'live', over: Record<string, unknown> = {}) =>
  command('connect', 1, { app, flashVer: 'FMLE/3.0 (test)', tcUrl: 'rtmp://127.0.0.1/live', ...over })

export const setChunkSize = (size: number) => message({ chunkStream: 2, type: 1, payload: uint32(size) })

export const video = (timestamp: number, body: Buffer = Buffer.from([0x27, 1, 0, 0, 0, 0xab])) =>
  message({ chunkStream: 6, type: 9, streamId: 1, timestamp, payload: body })

export const audio = (timestamp: number, body: Buffer = Buffer.from([0xaf, 1, 0xab])) =>
  message({ chunkStream: 4, type: 8, streamId: 1, timestamp, payload: body })

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** AMF0. */
export function encode(values: unknown[]): Buffer {
  return Buffer.concat(values.map(encodeOne))
}

function encodeOne(value: unknown): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9)
    bytes.writeDoubleBE(value, 1)
    return bytes
  }
  if (typeof value === 'boolean') return Buffer.from([1, value ? 1 : 0])
  if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), name(value)])
  if (value === null) return Buffer.from([5])
  const fields = Object.entries(value as object).filter(([, field]) => field !== undefined)
  return Buffer.concat([
    Buffer.from([3]),
    ...fields.flatMap(([key, field]) => [name(key), encodeOne(field)]),
    Buffer.from([0, 0, 9]),
  ])
}

function name(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

/** What our server answers with: strings, numbers, null and flat objects. */
export function decode(bytes: Buffer): unknown[] {
  const values: unknown[] = []
  let at = 0
  const text = () => {
    const length = bytes.readUInt16BE(at)
    at += 2 + length
    return bytes.toString('utf8', at - length, at)
  }
  const one = (): unknown => {
    const type = bytes[at++]
    if (type === 5) return null
    if (type === 2) return text()
    if (type === 0) {
      at += 8
      return bytes.readDoubleBE(at - 8)
    }
    if (type !== 3) throw new Error(`AMF type ${type}`)
    const object: Record<string, unknown> = {}
    for (let key = text(); key !== ''; key = text()) object[key] = one()
    at++
    return object
  }
  while (at < bytes.length) values.push(one())
  return values
}
