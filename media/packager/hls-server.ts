import { App, type HttpRequest, type HttpResponse, us_socket_local_port } from 'uWebSockets.js'
import { timingSafeEqual } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { listenUws } from '../../config/listen-uws.ts'
import type { PathToken } from '../storage/signed-path.ts'
import { answerLive, fileHeaders, immutable, type LiveBroadcast, refuse, type StoredBody } from './live-handler.ts'
import { isRecordingPath, parseLivePath, splitPath } from './live-url.ts'
import { type Headers, Reply } from './reply.ts'
import { TokenGate } from './token-gate.ts'
import { ViewerCount } from './viewer-count.ts'

export type { LiveBroadcast, StoredBody } from './live-handler.ts'

export interface HlsServerOptions {
  /** A unix socket's path, or `host:port`; port 0 takes a free one. */
  listen: string
  tokenSecret: string
  /** This process's name in its URLs; another's are 404 here. */
  nodeName: string
  /** Asked on every request: must be cheap. */
  isRevoked: (token: PathToken) => boolean
  internalSecret: string
  /** Milliseconds. */
  now?: () => number
  /** `/vod/<token>/<recording>/<path>`, while the object store does not have all of it. Null: unknown. */
  readRecording?: (recording: string, path: string) => Promise<StoredBody | null>
  /** `POST /internal/broadcasts/<id>/end`. False: no such broadcast. */
  endBroadcast?: (id: string) => Promise<boolean>
  /** Prometheus text. */
  metrics?: () => Promise<string>
}

export interface HlsServer extends AsyncDisposable {
  /** `host:port` or the socket's path, as it is. */
  readonly address: string
  /** Serves it from now on. The same id again replaces it. */
  add(broadcast: LiveBroadcast): void
  remove(id: string): void
  /** Removes it when viewers have had a minute to finish. */
  retire(id: string, keepMs?: number): Promise<void>
  /** Distinct viewers in the last ten seconds. */
  viewers(id: string): number
}

/** How often held requests are looked at; their deadlines are no finer. */
const EXPIRY_EVERY_MS = 50
const RETIRE_AFTER_MS = 60_000

const plainText: Headers = [
  ['content-type', 'text/plain; charset=utf-8'],
  ['cache-control', 'no-store'],
]
const preflight: Headers = [
  ['access-control-allow-origin', '*'],
  ['access-control-allow-methods', 'GET, HEAD, OPTIONS'],
  ['access-control-allow-headers', 'range'],
  ['access-control-max-age', '86400'],
]

/**
 * The origin of live playback: playlists, parts and segments from memory, older ones from wherever the broadcast says.
 *
 * @throws {Error} when it cannot listen there
 */
export async function startHlsServer(options: HlsServerOptions): Promise<HlsServer> {
  const now = options.now ?? Date.now
  const gate = new TokenGate({ secret: options.tokenSecret, isRevoked: options.isRevoked, now })
  const viewers = new ViewerCount(now)
  const broadcasts = new Map<string, LiveBroadcast>()
  const context = { now, sendStored }

  const live = (reply: Reply, req: HttpRequest) => {
    const [, node, token = '', id = '', path = ''] = splitPath(req.getUrl(), 4) ?? []
    const resource = node === options.nodeName ? parseLivePath(path) : null
    if (!resource) return refuse(reply, '404 Not Found')
    const pass = gate.check(token, 'broadcast', id)
    if (!pass) return refuse(reply, '403 Forbidden')
    const broadcast = broadcasts.get(id)
    if (!broadcast) return refuse(reply, '404 Not Found')
    viewers.saw(id, pass.subject)
    const isApple = req.getHeader('user-agent').startsWith('AppleCoreMedia')
    answerLive(broadcast, resource, { query: req.getQuery() ?? '', isApple }, reply, context)
  }

  const vod = (reply: Reply, req: HttpRequest) => {
    const [, token = '', id = '', path = ''] = splitPath(req.getUrl(), 3) ?? []
    if (!options.readRecording || !isRecordingPath(path)) return refuse(reply, '404 Not Found')
    if (!gate.check(token, 'recording', id)) return refuse(reply, '403 Forbidden')
    sendStored(reply, path.endsWith('.m4s') ? immutable : fileHeaders(path), options.readRecording(id, path))
  }

  const metrics = (reply: Reply) => {
    if (!options.metrics) return refuse(reply, '404 Not Found')
    options.metrics().then(
      (text) => reply.send('200 OK', plainText, text),
      () => refuse(reply, '500 Internal Server Error'),
    )
  }

  const end = (reply: Reply, req: HttpRequest) => {
    if (!isSecret(req.getHeader('x-internal-secret'), options.internalSecret)) return refuse(reply, '403 Forbidden')
    if (!options.endBroadcast) return refuse(reply, '404 Not Found')
    options.endBroadcast(req.getParameter(0) ?? '').then(
      (isKnown) => (isKnown ? reply.send('204 No Content', plainText, '') : refuse(reply, '404 Not Found')),
      () => refuse(reply, '500 Internal Server Error'),
    )
  }

  const app = App()
    .get('/live/*', guarded(live))
    .head('/live/*', guarded(live))
    .get('/vod/*', guarded(vod))
    .head('/vod/*', guarded(vod))
    .options(
      '/*',
      guarded((reply) => reply.send('204 No Content', preflight, '')),
    )
    .get(
      '/healthz',
      guarded((reply) => reply.send('200 OK', plainText, 'ok')),
    )
    .get('/metrics', guarded(metrics))
    .post('/internal/broadcasts/:id/end', guarded(end))
    .any(
      '/*',
      guarded((reply) => refuse(reply, '404 Not Found')),
    )

  const { address } = await listenUws(app, options.listen, us_socket_local_port)
  const clock = setInterval(() => {
    const at = now()
    for (const { packager } of broadcasts.values()) packager.expire(at)
  }, EXPIRY_EVERY_MS)
  clock.unref()
  const retiring = new Map<string, () => void>()

  const server: HlsServer = {
    address,
    add(broadcast) {
      broadcasts.set(broadcast.id, broadcast)
    },
    remove(id) {
      broadcasts.delete(id)
      viewers.forget(id)
      retiring.get(id)?.()
    },
    retire(id, keepMs = RETIRE_AFTER_MS) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => server.remove(id), keepMs)
        retiring.set(id, () => {
          clearTimeout(timer)
          retiring.delete(id)
          resolve()
        })
      })
    },
    viewers: (id) => viewers.count(id),
    async [Symbol.asyncDispose]() {
      clearInterval(clock)
      // Closes the listening socket too; closing that twice ends the process.
      app.close()
      for (const finish of [...retiring.values()]) finish()
      // uWebSockets leaves its socket's file behind.
      if (options.listen.includes('/')) await rm(options.listen, { force: true })
    },
  }
  return server
}

/** An exception in a handler of uWebSockets ends the process, and every show in it. */
function guarded(handler: (reply: Reply, req: HttpRequest) => void) {
  return (res: HttpResponse, req: HttpRequest): void => {
    const reply = new Reply(res, req)
    try {
      handler(reply, req)
    } catch {
      refuse(reply, '500 Internal Server Error')
    }
  }
}

function sendStored(reply: Reply, headers: Headers, body: Promise<StoredBody | null>): void {
  void sendWhenRead(reply, headers, body).catch(() => refuse(reply, '503 Service Unavailable'))
}

async function sendWhenRead(reply: Reply, headers: Headers, stored: Promise<StoredBody | null>) {
  const body = await stored
  if (!body) return refuse(reply, '404 Not Found')
  if ('redirect' in body) return reply.send('302 Found', [...preflight.slice(0, 1), ['location', body.redirect]], '')
  const bytes = 'file' in body ? await readFile(body.file).catch(() => null) : body.bytes
  if (!bytes) return refuse(reply, '404 Not Found')
  reply.sendPieces(headers, [bytes])
}

function isSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
