import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { LiveEdge } from './live-edge.ts'

/** What a crowd is asked to do; sent over IPC to a process of its own. */
export interface CrowdOrder {
  /** Where to connect, and the rendition's folder there. */
  target: { path: string } | { host: string; port: number }
  folder: string
  viewers: number
  /** Only playlists: to see when a part is announced. */
  isProbe: boolean
  /** Connections are made over this time. */
  rampMs: number
}

/** What it saw, on the system's monotonic clock in milliseconds, which all processes share. */
export interface CrowdReport {
  /** Parts by number in `names`, and when one was received whole. */
  parts: Uint32Array
  receivedAt: Float64Array
  names: string[]
  /** First byte of the first answer that announced each part of `names`. */
  announcedAt: Float64Array
  /** When the last frame of each was due, by PROGRAM-DATE-TIME, on the same clock. */
  dueAt: Float64Array
  bytes: number
  /** Connections lost, and answers other than 200, by what they were. */
  failures: Record<string, number>
  cpuSeconds: number
  /** How late this process was to its own timers, milliseconds: it must not be what is measured. */
  ownDelayP99: number
  /** When counting began and ended. */
  from: number
  to: number
}

const CAPACITY = 4_000_000

/** One buffer for every socket: what is in it is used before the next read. */
const shared = Buffer.allocUnsafe(1 << 18)
const HEAD_END = Buffer.from('\r\n\r\n')

/** Viewers in the pattern of a low-latency player: blocked playlist, its new parts, blocked playlist, … */
class Crowd {
  readonly edge = new LiveEdge()
  readonly order: CrowdOrder
  readonly parts = new Uint32Array(CAPACITY)
  readonly receivedAt = new Float64Array(CAPACITY)
  count = 0
  bytes = 0
  isOver = false
  readonly failures: Record<string, number> = {}
  readonly #viewers = new Set<Viewer>()

  constructor(order: CrowdOrder) {
    this.order = order
  }

  join(): void {
    this.#viewers.add(new Viewer(this))
  }

  received(part: number): void {
    if (this.count >= CAPACITY) return
    this.parts[this.count] = part
    this.receivedAt[this.count++] = now()
  }

  fail(why: string): void {
    if (!this.isOver) this.failures[why] = (this.failures[why] ?? 0) + 1
  }

  end(): void {
    this.isOver = true
    for (const { socket } of this.#viewers) socket.destroy()
  }
}

class Viewer {
  readonly socket: Socket
  readonly #crowd: Crowd
  /** Of `edge.names`, the newest it has; -1 before its first playlist. */
  #position = -1
  /** Null: a playlist is on its way. */
  #part: number | null = null
  #left = 0
  #isInBody = false
  #head: Buffer | null = null // a head that came in two pieces
  #body: Buffer[] = []
  #isGzipped = false
  #answeredAt = 0

  constructor(crowd: Crowd) {
    this.#crowd = crowd
    const { target } = crowd.order
    const onread = {
      buffer: shared,
      callback: (length: number, buffer: Uint8Array) => this.#read(buffer as Buffer, length),
    }
    // A path needs no port, which the types do not know of `onread`.
    this.socket = connect({ ...target, onread } as NetConnectOpts)
    this.socket.setNoDelay(true)
    this.socket.on('connect', () => this.#ask('index.m3u8'))
    this.socket.on('error', (error: NodeJS.ErrnoException) => crowd.fail(error.code ?? error.message))
    this.socket.on('close', () => crowd.fail('closed'))
  }

  #ask(name: string): void {
    const { folder } = this.#crowd.order
    this.socket.write(`GET ${folder}${name} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n`)
  }

  #read(buffer: Buffer, length: number): boolean {
    this.#crowd.bytes += length
    let at = 0
    while (at < length) at = this.#isInBody ? this.#readBody(buffer, at, length) : this.#readHead(buffer, at, length)
    return true
  }

  #readHead(buffer: Buffer, at: number, length: number): number {
    if (!this.#head) this.#answeredAt = now()
    const before = this.#head?.length ?? 0
    const text = this.#head ? Buffer.concat([this.#head, buffer.subarray(at, length)]) : buffer.subarray(at, length)
    const end = text.indexOf(HEAD_END)
    if (end < 0) {
      this.#head = Buffer.from(text)
      return length
    }
    this.#head = null
    const head = text.toString('latin1', 0, end).toLowerCase()
    const size = /\r\ncontent-length: (\d+)/.exec(head)?.[1]
    if (!head.startsWith('http/1.1 200') || size === undefined) {
      this.#crowd.fail(`answer ${head.slice(9, 12)}${size === undefined ? ' without a length' : ''}`)
      this.socket.destroy()
      return length
    }
    this.#isGzipped = head.includes('\r\ncontent-encoding: gzip')
    this.#left = Number(size)
    this.#isInBody = true
    return at + end + HEAD_END.length - before
  }

  #readBody(buffer: Buffer, at: number, length: number): number {
    const end = Math.min(length, at + this.#left)
    if (this.#part === null) this.#body.push(Buffer.from(buffer.subarray(at, end)))
    this.#left -= end - at
    if (this.#left === 0) {
      this.#isInBody = false
      this.#next()
    }
    return end
  }

  /** An answer is whole. */
  #next(): void {
    const { edge, order } = this.#crowd
    if (this.#part === null) {
      // What another has read already need not be read again: it is the same text.
      if (this.#position === edge.names.length - 1 || this.#position < 0) {
        const body = Buffer.concat(this.#body)
        edge.read((this.#isGzipped ? gunzipSync(body) : body).toString('latin1'), this.#answeredAt)
      }
      this.#body = []
      if (this.#position < 0 || order.isProbe) this.#position = edge.names.length - 1
    } else {
      this.#position = this.#part
      this.#crowd.received(this.#part)
    }
    if (this.#position < edge.names.length - 1) {
      this.#part = this.#position + 1
      this.#ask(`${edge.names[this.#part]}.m4s`)
    } else {
      this.#part = null
      this.#ask(`index.m3u8?${edge.directives}`)
    }
  }
}

/** Monotonic, the same in every process of the machine. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

process.once('message', (order: CrowdOrder) => {
  const crowd = new Crowd(order)
  for (let viewer = 0; viewer < order.viewers; viewer++) {
    setTimeout(() => crowd.join(), (viewer * order.rampMs) / order.viewers)
  }
  // What is counted begins when all are there.
  let startedAt = now()
  let cpu = process.cpuUsage()
  const lateness: number[] = []
  let due = now() + 10
  const watch = setInterval(() => {
    lateness.push(Math.max(0, now() - due))
    due = now() + 10
  }, 10)
  process.on('message', (word: string) => {
    if (word === 'count') {
      crowd.count = 0
      crowd.bytes = 0
      startedAt = now()
      cpu = process.cpuUsage()
      lateness.length = 0
    }
    if (word !== 'stop') return
    clearInterval(watch)
    const stoppedAt = now()
    const { user, system } = process.cpuUsage(cpu)
    crowd.end()
    lateness.sort((a, b) => a - b)
    const report: CrowdReport = {
      parts: crowd.parts.slice(0, crowd.count),
      receivedAt: crowd.receivedAt.slice(0, crowd.count),
      names: crowd.edge.names,
      announcedAt: Float64Array.from(crowd.edge.announcedAt),
      dueAt: Float64Array.from(crowd.edge.endsAtMs, (at) => at - Date.now() + now()),
      bytes: crowd.bytes,
      failures: crowd.failures,
      cpuSeconds: (user + system) / 1e6,
      ownDelayP99: lateness[Math.floor(lateness.length * 0.99)] ?? 0,
      from: startedAt,
      to: stoppedAt,
    }
    process.send?.(report, () => process.exit(0))
  })
  process.send?.('joined')
})
// The bench has gone: so do we.
process.on('disconnect', () => process.exit(0))
