import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A WebSocket whose every byte a test chooses (RFC 6455, section 5.2). */
export class RawSocket {
  readonly socket: Socket
  /** What the server answered to the upgrade, and with which status. */
  readonly answer: string
  readonly status: number
  #read: Buffer
  isClosed = false

  private constructor(socket: Socket, answer: string, rest: Buffer) {
    this.socket = socket
    this.answer = answer
    this.status = Number(answer.split(' ')[1])
    this.#read = rest
    socket.on('data', (data) => {
      this.#read = Buffer.concat([this.#read, data])
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  /** @param at a port of this machine, or a unix socket's path */
  static async open(at: number | string, protocols: string, headers: Record<string, string> = {}): Promise<RawSocket> {
    const socket = typeof at === 'number' ? connect(at, '127.0.0.1') : connect(at)
    await once(socket, 'connect')
    const all = {
      ...{ Host: 'ustat.test', Origin: 'http://ustat.test', Connection: 'Upgrade', Upgrade: 'websocket' },
      ...{ 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': randomBytes(16).toString('base64') },
      ...(protocols ? { 'Sec-WebSocket-Protocol': protocols } : {}),
      ...headers,
    }
    const lines = Object.entries(all).flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []))
    socket.write(`GET /ws HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    let answer = Buffer.alloc(0)
    while (!answer.includes('\r\n\r\n')) {
      const [data] = (await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [null])])) as [
        Buffer | null,
      ]
      if (!data) break
      answer = Buffer.concat([answer, data])
    }
    const end = answer.indexOf('\r\n\r\n') + 4
    return new RawSocket(socket, answer.subarray(0, end).toString(), answer.subarray(end))
  }

  /** @param opcode 0 goes on, 1 is text, 2 binary, 8 a close, 9 a ping */
  frame(opcode: number, payload: Buffer | string, { isLast = true } = {}): void {
    const data = Buffer.from(payload)
    const mask = randomBytes(4)
    const length =
      data.length < 126
        ? Buffer.from([0x80 | data.length])
        : Buffer.from([0x80 | 126, data.length >> 8, data.length & 255])
    const masked = data.map((byte, i) => byte ^ (mask[i % 4] ?? 0))
    this.socket.write(Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode]), length, mask, masked]))
  }

  say(frame: object): void {
    this.frame(1, JSON.stringify(frame))
  }

  /** Whole text frames that came so far, and the close code when there was one. */
  received(): { frames: Record<string, unknown>[]; closeCode: number | null } {
    const frames: Record<string, unknown>[] = []
    let closeCode: number | null = null
    for (let at = 0; at + 2 <= this.#read.length; ) {
      const opcode = (this.#read[at] ?? 0) & 15
      let length = (this.#read[at + 1] ?? 0) & 127
      let from = at + 2
      if (length === 126 && from + 2 <= this.#read.length) {
        length = this.#read.readUInt16BE(from)
        from += 2
      } else if (length === 127 && from + 8 <= this.#read.length) {
        length = Number(this.#read.readBigUInt64BE(from))
        from += 8
      }
      if (from + length > this.#read.length) break
      const payload = this.#read.subarray(from, from + length)
      if (opcode === 1) frames.push(JSON.parse(payload.toString()))
      if (opcode === 8) closeCode = length >= 2 ? payload.readUInt16BE(0) : 1005
      at = from + length
    }
    return { frames, closeCode }
  }

  close(): void {
    this.socket.destroy()
  }
}
