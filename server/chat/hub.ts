import { App, type HttpResponse, type TemplatedApp, us_listen_socket_close, us_socket_local_port } from 'uWebSockets.js'
import { rm } from 'node:fs/promises'
import type { Registry } from 'prom-client'
import { listenUws } from '../../config/listen-uws.ts'
import { within } from '../../config/within.ts'
import type { Revocations } from '../../media/storage/revocations.ts'
import { addressBehind, isProxy } from '../http/address.ts'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { Admission, type AdmissionLimits, defaultLimits } from './admission.ts'
import { Door } from './door.ts'
import type { ChatHost } from './host.ts'
import { HubRooms } from './hub-rooms.ts'
import { HubSockets, IDLE_SECONDS, LOOK_MS, type SocketData, socketData, topicOf } from './hub-sockets.ts'
import { HubMetrics } from './metrics.ts'
import { isOurOrigin } from './origin.ts'
import { type PresenceTiming, presenceTiming } from './presence.ts'
import { closeCodes, SUBPROTOCOL } from './protocol.ts'

const MAX_FRAME_BYTES = 16 * 1024
/** About a thousand messages: who is further behind is closed, and resumes. */
const MAX_BACKPRESSURE_BYTES = 256 * 1024
/** Not 240: uWebSockets counts them modulo that, and would close new connections at once, with 1000. */
const LIFETIME_MINUTES = 239
const DRAIN_BATCH = 128
/** Clients of a node that stops come back spread over this, milliseconds; few come sooner. */
const DRAIN_SPREAD_MS = 15_000
const SPREAD_PER_CLIENT_MS = 3
/** What is under way when a node stops has so long to end, and so long they have to say goodbye. */
const SETTLE_MS = 2000

export interface HubOptions {
  /** A unix socket's path, or `host:port`; port 0 takes a free one. */
  listen: string
  publicUrl: string
  allowedHosts: readonly string[]
  ticketSecret: string
  redis: RedisClient
  host: ChatHost
  revocations: Pick<Revocations, 'issuedBefore'>
  log: Pick<Logger, 'warn' | 'info'>
  metrics: Registry
  limits?: Partial<AdmissionLimits>
  timing?: Partial<PresenceTiming>
  /** Up to so many viewers, lines of a room say who comes and who goes; none do without it. */
  announceUpTo?: number
  /** A loop that lags more, milliseconds, takes nobody new. */
  maxLoopLagMs?: number
}

export interface Hub extends AsyncDisposable {
  /** `host:port` or the socket's path, as it is. */
  readonly address: string
  /** Of this start; another after it was swept. */
  readonly node: string
}

/**
 * The chat of one process: WebSockets on /ws for whoever has a ticket, rooms over Redis for all nodes together.
 *
 * @throws {Error} when it cannot listen there
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { redis, host, log, ticketSecret, revocations, metrics: registry, maxLoopLagMs = 200 } = options
  const metrics = new HubMetrics(registry, () => ({
    ...{ connections: sockets.all.size, waiting: sockets.entrance.size, rooms: rooms.rooms, loopLagMs },
  }))
  const app = App()
  const rooms: HubRooms = new HubRooms({
    ...{ redis, host, log, metrics, ticketSecret },
    ...(options.timing ? { timing: options.timing } : {}),
    announceUpTo: options.announceUpTo ?? 0,
    publish: (room, section, frame) => void app.publish(topicOf(room, section), frame),
    onRegistered: () => admission.sayAgain(),
  })
  const { lease } = rooms.presence
  const limits = { ...defaultLimits, ...options.limits }
  const admission = new Admission({ redis, lease, log, limits })
  const door = new Door({ ticketSecret, revocations, admission, rooms })
  const { upgradesPerSecond } = limits
  const sockets = new HubSockets({ door, rooms, metrics, ticketSecret, upgradesPerSecond })
  const empty = Promise.withResolvers<void>()
  let isDraining = false
  let loopLagMs = 0

  app.ws<SocketData>('/ws', {
    maxPayloadLength: MAX_FRAME_BYTES,
    maxBackpressure: MAX_BACKPRESSURE_BYTES,
    // A skipped message could not be counted; a closed connection resumes and misses nothing.
    closeOnBackpressureLimit: true,
    idleTimeout: IDLE_SECONDS,
    sendPingsAutomatically: true,
    maxLifetime: LIFETIME_MINUTES,

    // Upgraded within this very call: later, uWebSockets would look at a response that is a WebSocket by then.
    upgrade(res, req, context) {
      if (isDraining) return tooBusy(res, 'draining', 2)
      if (loopLagMs > maxLoopLagMs || sockets.entrance.isFull) {
        return tooBusy(res, 'busy', 2 + sockets.entrance.waitSeconds)
      }
      const protocols = req
        .getHeader('sec-websocket-protocol')
        .split(',')
        .map((each) => each.trim())
      if (!protocols.includes(SUBPROTOCOL)) return refuse(res, '400 Bad Request', 'protocol')
      const peer = Buffer.from(res.getRemoteAddressAsText()).toString()
      const isSecure = isProxy(peer) && req.getHeader('x-forwarded-proto') === 'https'
      // A page of another site would come with this browser's cookies, but it can have no ticket; and it is told so here.
      if (!isOurOrigin(req.getHeader('origin'), options, { host: req.getHeader('host'), isSecure })) {
        return refuse(res, '403 Forbidden', 'origin')
      }
      const token = protocols.find((each) => /^[tr]\./.test(each))?.slice(2) ?? null
      const data = socketData(token, addressBehind(peer, req.getHeader('x-forwarded-for')))
      const [key, extensions] = [req.getHeader('sec-websocket-key'), req.getHeader('sec-websocket-extensions')]
      res.upgrade(data, key, SUBPROTOCOL, extensions, context)
    },

    open: (ws) => sockets.opened(ws),

    message(ws, message, isBinary) {
      // Whoever is told to come back sends it again.
      if (isDraining) return
      if (isBinary) ws.end(closeCodes.protocolError)
      else sockets.heard(ws, Buffer.from(message).toString())
    },

    drain(ws) {
      ws.getUserData().connection?.drained()
    },

    dropped() {
      metrics.dropped.inc()
    },

    close(ws, code) {
      metrics.closed.inc({ code: String(code) })
      sockets.closed(ws)
      if (isDraining && sockets.all.size === 0) empty.resolve()
    },
  })
  serveHealth(app, registry, () => !isDraining && redis.isReady)

  function tooBusy(res: HttpResponse, why: string, afterSeconds: number): void {
    metrics.turnedAway.inc({ why })
    const after = String(Math.ceil(afterSeconds))
    res.cork(() => res.writeStatus('503 Service Unavailable').writeHeader('retry-after', after).end())
  }

  function refuse(res: HttpResponse, status: string, why: string): void {
    metrics.turnedAway.inc({ why })
    res.cork(() => res.writeStatus(status).end())
  }

  const { address, socket: listening } = await listenUws(app, options.listen, us_socket_local_port)
  rooms.start()
  let lookedAt = performance.now()
  const timer = setInterval(() => {
    const at = performance.now()
    loopLagMs = Math.max(0, at - lookedAt - LOOK_MS)
    lookedAt = at
    sockets.look()
  }, LOOK_MS)

  return {
    address,
    get node() {
      return rooms.presence.node
    },
    /** Nobody new; what was sent is answered; everybody is told when to come back, a batch a turn. */
    async [Symbol.asyncDispose]() {
      isDraining = true
      clearInterval(timer)
      us_listen_socket_close(listening)
      if (options.listen.includes('/')) await rm(options.listen, { force: true })
      await rooms.settle(SETTLE_MS)
      sockets[Symbol.dispose]()
      const all = [...sockets.all]
      const spreadMs = Math.min(DRAIN_SPREAD_MS, all.length * SPREAD_PER_CLIENT_MS)
      for (let i = 0; i < all.length; i += DRAIN_BATCH) {
        for (const ws of all.slice(i, i + DRAIN_BATCH)) sockets.sayGoodbye(ws, spreadMs)
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (sockets.all.size > 0) await within(SETTLE_MS, empty.promise)
      await admission[Symbol.asyncDispose]()
      // Their linger is for those who come back late.
      const { lingerMs } = { ...presenceTiming, ...options.timing }
      await rooms.end(spreadMs + lingerMs)
      app.close()
    },
  }
}

function serveHealth(app: TemplatedApp, metrics: Registry, isReady: () => boolean): void {
  app.get('/healthz', (res) => void res.end('ok'))
  app.get('/readyz', (res) => {
    const isUp = isReady()
    res.writeStatus(isUp ? '200 OK' : '503 Service Unavailable').end(isUp ? 'ok' : 'not ready')
  })
  app.get('/metrics', (res) => {
    let isAborted = false
    res.onAborted(() => {
      isAborted = true
    })
    void metrics.metrics().then((text) => {
      if (!isAborted) res.cork(() => res.writeHeader('content-type', metrics.contentType).end(text))
    })
  })
  app.any('/*', (res) => void res.writeStatus('404 Not Found').end())
}
