import type { HttpRequest, HttpResponse } from 'uWebSockets.js'

/** A header block that is the same for every answer of its kind. */
export type Headers = readonly (readonly [name: string, value: string])[]

/** What must be read of a request before its handler returns; uWebSockets reuses the request object after that. */
export interface Ask {
  isHead: boolean
  takesGzip: boolean
  range: string
}

/**
 * One answer to one request, through every trap of uWebSockets: nothing is written after the client has gone or after
 * the end, everything is corked, and large bodies go out as slices, as fast as the socket takes them.
 */
export class Reply {
  readonly ask: Ask
  readonly #res: HttpResponse
  #isOver = false
  #onGone: (() => void) | null = null

  constructor(res: HttpResponse, req: HttpRequest) {
    this.#res = res
    this.ask = {
      isHead: req.getMethod() === 'head',
      takesGzip: req.getHeader('accept-encoding').includes('gzip'),
      range: req.getHeader('range'),
    }
    res.onAborted(() => {
      this.#isOver = true
      this.#onGone?.()
    })
  }

  /** The client has gone, or has its answer. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Called when the client goes before it has its answer. */
  onGone(callback: () => void): void {
    this.#onGone = callback
  }

  /** A short body: copied by uWebSockets, in one system call with its headers. */
  send(status: string, headers: Headers, body: string | Uint8Array): void {
    if (this.#isOver) return
    this.#end()
    this.#res.cork(() => {
      this.#writeHead(status, headers)
      if (this.ask.isHead) this.#res.endWithoutBody(typeof body === 'string' ? Buffer.byteLength(body) : body.length)
      else this.#res.end(body)
    })
  }

  /** A body of any size, in pieces that stay where they are. Answers a single byte range when one is asked for. */
  sendPieces(headers: Headers, pieces: readonly Uint8Array[]): void {
    if (this.#isOver) return
    const size = pieces.reduce((sum, { length }) => sum + length, 0)
    const range = this.ask.range === '' ? null : parseRange(this.ask.range, size)
    if (range === 'unsatisfiable') {
      this.send('416 Range Not Satisfiable', [...headers, ['content-range', `bytes */${size}`]], '')
      return
    }
    const [start, end] = range ?? [0, size]
    const total = end - start
    const slices = range ? sliceOf(pieces, start, end) : pieces
    const res = this.#res
    res.cork(() => {
      this.#writeHead(range ? '206 Partial Content' : '200 OK', headers)
      res.writeHeader('accept-ranges', 'bytes')
      if (range) res.writeHeader('content-range', `bytes ${start}-${end - 1}/${size}`)
      if (this.ask.isHead || total === 0) {
        this.#end()
        res.endWithoutBody(total)
        return
      }
      if (!this.#pump(slices, total)) {
        // uWebSockets calls again with how much it has taken, possibly in the midst of a slice.
        res.onWritable((offset) => this.#pump(slices, total, offset))
      }
    })
  }

  /** @returns false when the socket is full */
  #pump(slices: readonly Uint8Array[], total: number, from = 0): boolean {
    let at = 0
    for (const slice of slices) {
      const skip = Math.max(0, from - at)
      at += slice.length
      if (skip >= slice.length) continue
      const [isSent, isDone] = this.#res.tryEnd(skip > 0 ? slice.subarray(skip) : slice, total)
      if (isDone) {
        this.#end()
        return true
      }
      if (!isSent) return false
    }
    return true
  }

  #writeHead(status: string, headers: Headers): void {
    this.#res.writeStatus(status)
    for (const [name, value] of headers) this.#res.writeHeader(name, value)
  }

  #end(): void {
    this.#isOver = true
    this.#onGone = null
  }
}

/** One range of bytes, end exclusive. Null: none that we serve, so the whole is sent, as RFC 9110 14.2 allows. */
export function parseRange(header: string, size: number): [number, number] | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header)
  if (!match) return null
  const [, first, last] = match
  if (!first && !last) return null
  if (!first) {
    const suffix = Number(last)
    return suffix === 0 || size === 0 ? 'unsatisfiable' : [Math.max(0, size - suffix), size]
  }
  const start = Number(first)
  if (last && Number(last) < start) return null
  return start >= size ? 'unsatisfiable' : [start, last ? Math.min(Number(last) + 1, size) : size]
}

function sliceOf(pieces: readonly Uint8Array[], start: number, end: number): Uint8Array[] {
  const slices: Uint8Array[] = []
  let at = 0
  for (const piece of pieces) {
    const from = Math.max(start - at, 0)
    const to = Math.min(end - at, piece.length)
    if (from < to) slices.push(piece.subarray(from, to))
    at += piece.length
  }
  return slices
}
