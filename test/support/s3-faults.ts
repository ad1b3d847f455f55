import type { IncomingMessage, ServerResponse } from 'node:http'

/** What the S3 server does wrong with the next `times` requests that match. */
export interface Fault {
  /** Of `METHOD /path?query`, as a regular expression. */
  match: string
  times: number
  /** Answered with an error of this status and code, in full or after half of the body (`cut`), or only later. */
  how: { status: number; code: string } | { cut: true } | { delayMs: number }
}

export class Faults {
  #planned: Fault[] = []

  /** A fault of no times takes all of them back. */
  plan(fault: Fault): void {
    if (fault.times === 0) this.#planned = []
    else this.#planned.push(fault)
  }

  /** @returns whether the request has been dealt with */
  async meet(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const line = `${request.method} ${request.url}`
    const fault = this.#planned.find(({ match, times }) => times > 0 && new RegExp(match).test(line))
    if (!fault) return false
    fault.times--
    const { how } = fault
    if ('delayMs' in how) {
      await new Promise((resolve) => setTimeout(resolve, how.delayMs))
      return false
    }
    if ('cut' in how) {
      request.once('data', () => request.destroy())
      if (request.method === 'GET') request.destroy()
      return true
    }
    request.resume()
    response.writeHead(how.status, { 'content-type': 'application/xml' })
    response.end(`<Error><Code>${how.code}</Code><Message>By order of the test.</Message></Error>`)
    return true
  }
}
