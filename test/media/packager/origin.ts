import { type IncomingHttpHeaders, request } from 'node:http'
import type { ParsedInit } from '../../../media/packager/fmp4-init.ts'
import { type HlsServer, type HlsServerOptions, startHlsServer } from '../../../media/packager/hls-server.ts'
import type { StoredBody } from '../../../media/packager/live-handler.ts'
import type { PackagerHistory } from '../../../media/packager/packaged.ts'
import { type PathToken, signPathToken } from '../../../media/storage/signed-path.ts'
import { Show } from './show.ts'

export const SECRET = 'a secret of at least thirty-two characters'
export const BROADCAST = 'b'.repeat(24)

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export function aToken(change: Partial<PathToken> = {}, secret = SECRET): string {
  const now = Math.floor(Date.now() / 1000)
  return signPathToken(
    {
      kind: 'broadcast',
      id: BROADCAST,
      subject: 'u1',
      enrollment: null,
      issuedAt: now,
      expiresAt: now + 3600,
      ...change,
    },
    secret,
  )
}

/** A show and a server that serves it, over real HTTP. */
export class Origin implements AsyncDisposable {
  readonly show: Show
  readonly server: HlsServer
  readonly stored: Map<string, StoredBody>
  /** Added to the server's clock. */
  readonly clock: { aheadMs: number }

  private constructor(show: Show, server: HlsServer, stored: Map<string, StoredBody>, clock: { aheadMs: number }) {
    this.show = show
    this.server = server
    this.stored = stored
    this.clock = clock
  }

  static async start(
    options: { init: ParsedInit; names?: readonly string[]; resume?: PackagerHistory } & Partial<HlsServerOptions>,
  ): Promise<Origin> {
    const { init, names, resume, ...serverOptions } = options
    const show = new Show({ init, ...(names ? { names } : {}), ...(resume ? { resume } : {}) })
    const clock = { aheadMs: 0 }
    const server = await startHlsServer({
      listen: '127.0.0.1:0',
      tokenSecret: SECRET,
      internalSecret: SECRET,
      nodeName: 'm1',
      isRevoked: () => false,
      now: () => Date.now() + clock.aheadMs,
      ...serverOptions,
    })
    const stored = new Map<string, StoredBody>()
    server.add({
      id: BROADCAST,
      packager: show.packager,
      read: async (rendition, file) => stored.get(rendition === null ? file : `${rendition}/${file}`) ?? null,
    })
    return new Origin(show, server, stored, clock)
  }

  /** Of the broadcast: `top/index.m3u8?_HLS_msn=3`. */
  get(path: string, headers: Record<string, string> = {}, token = aToken()): Promise<Answer> {
    return this.ask('GET', `/live/m1/${token}/${BROADCAST}/${path}`, headers)
  }

  /** Whatever path, as it is: no client in between tidies it. */
  ask(method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { address } = this.server
      const [host, port] = address.split(':')
      const target = address.includes('/') ? { socketPath: address } : { host, port: Number(port) }
      const sent = request({ ...target, method, path, headers, agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
        })
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  async text(path: string): Promise<string> {
    return (await this.get(path)).body.toString()
  }

  /** Requests held for a rendition. */
  held(name = 'top'): number {
    return this.show.packager.findWindow(name)?.held.size ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}
