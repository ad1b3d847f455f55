import {
  App,
  type HttpRequest,
  type HttpResponse,
  type us_socket_context_t,
  us_socket_local_port,
  type WebSocket,
} from 'uWebSockets.js'
import { randomInt } from 'node:crypto'
import { rm } from 'node:fs/promises'
import type { Registry } from 'prom-client'
import { listenUws } from '../../config/listen-uws.ts'
import type { Revocations } from '../../media/storage/revocations.ts'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { Admission, type AdmissionLimits, defaultLimits } from './admission.ts'
import { Connection } from './connection.ts'
import type { ChatHost } from './host.ts'
import { HubRooms } from './hub-rooms.ts'
import { HubMetrics } from './metrics.ts'
import { closeCodes, type ServerFrame, SUBPROTOCOL } from './protocol.ts'
import { type ChatTicket, signChatTicket, verifyChatTicket } from './ticket.ts'

const MAX_FRAME_BYTES = 16 * 1024
/** About a thousand messages: who is further behind is closed, and resumes. */
const MAX_BACKPRESSURE_BYTES = 256 * 1024
const IDLE_SECONDS = 60
/** Not 240: uWebSockets counts them modulo that, and would close new connections at once, with 1000. */
const LIFETIME_MINUTES = 239
const LOOK_MS = 1000
/** Seconds of warning before a session ends. */
const EXPIRY_WARNING = 60
const DRAIN_BATCH = 128
/** Clients of a node that stops come back spread over this, milliseconds. */
const DRAIN_SPREAD_MS = 15_000

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
  /** A loop that lags more, milliseconds, takes nobody new. */
  maxLoopLagMs?: number
}

export interface Hub extends AsyncDisposable {
  /** `host:port` or the socket's path, as it is. */
  readonly address: string
  /** Of this start; another after it was swept. */
  readonly node: string
}

/** What a socket carries from its upgrade on. */
interface Data {
  ticket: ChatTicket | null
  address: string
  isReadOnly: boolean
  /** Set when it may not stay: it is told why, which a refused upgrade cannot. */
  closeWith: number | null
  connection: Connection | null
}

/**
 * The chat of one process: WebSockets on /ws for whoever has a ticket, rooms over Redis for all nodes together.
 *
 * @throws {Error} when it cannot listen there
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { redis, host, log, ticketSecret, revocations, metrics: registry, maxLoopLagMs = 200 } = options
  const admission = new Admission({ ...defaultLimits, ...options.limits })
  const sockets = new Set<WebSocket<Data>>()
  const metrics = new HubMetrics(registry, () => ({ connections: sockets.size, rooms: rooms.rooms }))
  const app = App()
  const rooms = new HubRooms({
    redis,
    host,
    log,
    metrics,
    ticketSecret,
    publish: (room, frame) => void app.publish(`r/${room}`, frame),
  })
  const ourHosts = new Set([new URL(options.publicUrl).host, ...options.allowedHosts])
  let isDraining = false
  let loopLagMs = 0

  app.ws<Data>('/ws', {
    maxPayloadLength: MAX_FRAME_BYTES,
    maxBackpressure: MAX_BACKPRESSURE_BYTES,
    // A skipped message could not be counted; a closed connection resumes and misses nothing.
    closeOnBackpressureLimit: true,
    idleTimeout: IDLE_SECONDS,
    sendPingsAutomatically: true,
    maxLifetime: LIFETIME_MINUTES,

    upgrade(res, req, context) {
      if (isDraining || loopLagMs > maxLoopLagMs || !admission.mayUpgrade()) return tooBusy(res)
      void admit(res, req, context).catch((error: unknown) => rooms.failed(error))
    },

    open(ws) {
      const data = ws.getUserData()
      sockets.add(ws)
      const { ticket, closeWith } = data
      if (closeWith !== null || !ticket) return endSoon(ws, closeWith ?? closeCodes.ticketExpired)
      if (!admission.enter(ticket.uid, data.address)) return endSoon(ws, closeCodes.tooManySockets)
      const connection = new Connection(ticket, {
        hub: rooms,
        issuedAt: Math.floor(Date.now() / 1000),
        isReadOnly: data.isReadOnly,
        wire: {
          send: (frame) => void ws.send(JSON.stringify(frame)),
          subscribe: (room) => void ws.subscribe(`r/${room}`),
          unsubscribe: (room) => void ws.unsubscribe(`r/${room}`),
          close: (code) => ws.end(code),
        },
      })
      data.connection = connection
      connection.tell({
        t: 'hello',
        v: 1,
        node: rooms.presence.node,
        now: Date.now(),
        uid: ticket.uid,
        name: ticket.name,
        resume: signChatTicket(ticket, 'resume', ticketSecret),
        hb: IDLE_SECONDS,
      })
      rooms.connected(connection)
    },

    message(ws, message, isBinary) {
      if (isBinary) return void ws.end(closeCodes.protocolError)
      ws.getUserData().connection?.take(Buffer.from(message).toString())
    },

    dropped() {
      metrics.dropped.inc()
    },

    close(ws) {
      sockets.delete(ws)
      const { connection, ticket, address } = ws.getUserData()
      if (!connection || !ticket) return
      rooms.disconnected(connection)
      admission.exit(ticket.uid, address)
    },
  })

  app.get('/healthz', (res) => void res.end('ok'))
  app.get('/readyz', (res) => {
    const isReady = !isDraining && redis.isReady
    res.writeStatus(isReady ? '200 OK' : '503 Service Unavailable').end(isReady ? 'ok' : 'not ready')
  })
  app.get('/metrics', (res) => {
    let isAborted = false
    res.onAborted(() => {
      isAborted = true
    })
    void registry.metrics().then((text) => {
      if (!isAborted) res.cork(() => res.writeHeader('content-type', registry.contentType).end(text))
    })
  })
  app.any('/*', (res) => void res.writeStatus('404 Not Found').end())

  /** Not within `open`: there the close frame of an upgrade that had to wait is never sent. */
  function endSoon(ws: WebSocket<Data>, code: number): void {
    setImmediate(() => {
      if (sockets.has(ws)) ws.end(code)
    })
  }

  async function admit(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): Promise<void> {
    // The request is gone after the first await.
    const key = req.getHeader('sec-websocket-key')
    const extensions = req.getHeader('sec-websocket-extensions')
    const protocols = req
      .getHeader('sec-websocket-protocol')
      .split(',')
      .map((each) => each.trim())
    const origin = req.getHeader('origin')
    const requestHost = req.getHeader('host')
    const address = req.getHeader('x-forwarded-for').split(',').at(-1)?.trim() || 'local'
    if (!protocols.includes(SUBPROTOCOL)) return refuse(res, '400 Bad Request')
    const from = URL.parse(origin)?.host
    // A page of another site would come with this browser's cookies, but it can have no ticket; and it is told so here.
    if (!from || !(ourHosts.has(from) || from === requestHost)) return refuse(res, '403 Forbidden')
    const token = protocols.find((each) => /^[tr]\./.test(each))?.slice(2) ?? ''
    let isAborted = false
    res.onAborted(() => {
      isAborted = true
    })
    const ticket = verifyChatTicket(token, ticketSecret)
    let isReadOnly = false
    let isUsed = false
    try {
      isUsed = ticket !== null && !(await rooms.isUnused(ticket))
    } catch {
      isReadOnly = true
    }
    if (isAborted) return
    const isGood = ticket !== null && !isUsed && !isRevoked(ticket, ticket.issuedAt)
    const data: Data = {
      ticket,
      address,
      isReadOnly,
      closeWith: isGood ? null : closeCodes.ticketExpired,
      connection: null,
    }
    // Not corked: cork() looks at the response afterwards, which is a WebSocket then, and may close it for what it reads.
    res.upgrade(data, key, SUBPROTOCOL, extensions, context)
  }

  function isRevoked({ uid, family }: { uid: string; family: string | null }, issuedAt: number): boolean {
    const id = uid.slice(2)
    return issuedAt < revocations.issuedBefore(family === null ? `g${id}` : `u${id}s${family}`)
  }

  /** Who was signed out, or whose session ends. */
  function look(): void {
    const now = Math.floor(Date.now() / 1000)
    for (const connection of rooms.connections) {
      const left = connection.person.sessionEndsAt - now
      if (left <= 0 || isRevoked(connection.person, connection.issuedAt)) connection.close(closeCodes.ticketExpired)
      else if (left === EXPIRY_WARNING) connection.tell({ t: 'exp', in: left })
    }
  }

  const address = await listenUws(app, options.listen, us_socket_local_port)
  await rooms.start()
  let lookedAt = performance.now()
  const timer = setInterval(() => {
    const at = performance.now()
    loopLagMs = Math.max(0, at - lookedAt - LOOK_MS)
    lookedAt = at
    look()
  }, LOOK_MS)

  return {
    address,
    get node() {
      return rooms.presence.node
    },
    /** Everybody is told when to come back, a batch a turn; what they sent is still answered. */
    async [Symbol.asyncDispose]() {
      isDraining = true
      clearInterval(timer)
      const all = [...sockets]
      for (let i = 0; i < all.length; i += DRAIN_BATCH) {
        for (const ws of all.slice(i, i + DRAIN_BATCH)) {
          if (!sockets.has(ws)) continue
          const after = randomInt(DRAIN_SPREAD_MS)
          ws.send(JSON.stringify({ t: 'bye', code: closeCodes.drain, after } satisfies ServerFrame))
          ws.end(closeCodes.drain)
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
      await rooms[Symbol.asyncDispose]()
      app.close()
      if (options.listen.includes('/')) await rm(options.listen, { force: true })
    },
  }
}

function tooBusy(res: HttpResponse): void {
  res.cork(() => res.writeStatus('503 Service Unavailable').writeHeader('retry-after', '2').end())
}

function refuse(res: HttpResponse, status: string): void {
  res.cork(() => res.writeStatus(status).end())
}
