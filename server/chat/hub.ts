import { App, type HttpResponse, us_listen_socket_close, us_socket_local_port, type WebSocket } from 'uWebSockets.js'
import { randomInt } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import { listenUws } from '../../config/listen-uws.ts'
import type { Revocations } from '../../media/storage/revocations.ts'
import { addressBehind, isProxy } from '../http/address.ts'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { Admission, type AdmissionLimits, defaultLimits } from './admission.ts'
import { Connection } from './connection.ts'
import { Door } from './door.ts'
import type { ChatHost } from './host.ts'
import { HubRooms } from './hub-rooms.ts'
import { HubMetrics } from './metrics.ts'
import { isOurOrigin } from './origin.ts'
import { type PresenceTiming, presenceTiming } from './presence.ts'
import { closeCodes, parseClientFrame, type ServerFrame, SUBPROTOCOL } from './protocol.ts'
import { type ChatTicket, signChatTicket } from './ticket.ts'

const MAX_FRAME_BYTES = 16 * 1024
/** About a thousand messages: who is further behind is closed, and resumes. */
const MAX_BACKPRESSURE_BYTES = 256 * 1024
const IDLE_SECONDS = 60
/** Not 240: uWebSockets counts them modulo that, and would close new connections at once, with 1000. */
const LIFETIME_MINUTES = 239
/** Ours are over before, each at another time: who came together need not go together. */
const SHORTEST_LIFE_MS = 180 * 60_000
const LONGEST_LIFE_MS = 230 * 60_000
const LOOK_MS = 500
/** Seconds of warning before a session ends. */
const EXPIRY_WARNING = 60
/** So long somebody may be here without saying who they are. */
const AUTH_MS = 5000
/** Frames of a client that does not wait for its welcome. */
const MOST_EARLY = 20
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

/** What a socket carries from its upgrade on. */
interface Data {
  /** Of the upgrade; null when there was no room for it in the headers, and the first frame brings it. */
  token: string | null
  address: string
  openedAtMs: number
  livesMs: number
  /** True while a token is being looked at; what comes meanwhile is answered afterwards. */
  isEntering: boolean
  early: string[]
  ticket: ChatTicket | null
  connection: Connection | null
}

/**
 * The chat of one process: WebSockets on /ws for whoever has a ticket, rooms over Redis for all nodes together.
 *
 * @throws {Error} when it cannot listen there
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { redis, host, log, ticketSecret, revocations, metrics: registry, maxLoopLagMs = 200 } = options
  const sockets = new Set<WebSocket<Data>>()
  const metrics = new HubMetrics(registry, () => ({ connections: sockets.size, rooms: rooms.rooms, loopLagMs }))
  const app = App()
  const rooms: HubRooms = new HubRooms({
    ...{ redis, host, log, metrics, ticketSecret },
    ...(options.timing ? { timing: options.timing } : {}),
    announceUpTo: options.announceUpTo ?? 0,
    publish: (room, section, frame) => void app.publish(topicOf(room, section), frame),
    onRegistered: () => admission.sayAgain(),
  })
  const { lease } = rooms.presence
  const admission = new Admission({ redis, lease, log, limits: { ...defaultLimits, ...options.limits } })
  const door = new Door({ ticketSecret, revocations, admission, rooms })
  const empty = Promise.withResolvers<void>()
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

    // Upgraded within this very call: later, uWebSockets would look at a response that is a WebSocket by then.
    upgrade(res, req, context) {
      if (isDraining) return tooBusy(res, 'draining')
      if (loopLagMs > maxLoopLagMs || !admission.mayUpgrade()) return tooBusy(res, 'busy')
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
      const data: Data = {
        token: protocols.find((each) => /^[tr]\./.test(each))?.slice(2) ?? null,
        address: addressBehind(peer, req.getHeader('x-forwarded-for')),
        openedAtMs: Date.now(),
        livesMs: randomInt(SHORTEST_LIFE_MS, LONGEST_LIFE_MS),
        isEntering: false,
        early: [],
        ticket: null,
        connection: null,
      }
      const [key, extensions] = [req.getHeader('sec-websocket-key'), req.getHeader('sec-websocket-extensions')]
      res.upgrade(data, key, SUBPROTOCOL, extensions, context)
    },

    open(ws) {
      sockets.add(ws)
      const { token } = ws.getUserData()
      if (token !== null) enter(ws, token)
    },

    message(ws, message, isBinary) {
      // Whoever is told to come back sends it again.
      if (isDraining) return
      if (isBinary) return void ws.end(closeCodes.protocolError)
      const { connection, isEntering, early } = ws.getUserData()
      const text = Buffer.from(message).toString()
      if (connection) return connection.take(text)
      if (isEntering) return early.length < MOST_EARLY ? void early.push(text) : void ws.end(closeCodes.flood)
      const parsed = parseClientFrame(text)
      if ('frame' in parsed && parsed.frame.t === 'auth') enter(ws, parsed.frame.ticket)
      else ws.end(closeCodes.protocolError)
    },

    drain(ws) {
      ws.getUserData().connection?.drained()
    },

    dropped() {
      metrics.dropped.inc()
    },

    close(ws, code) {
      sockets.delete(ws)
      metrics.closed.inc({ code: String(code) })
      const { connection, ticket, address } = ws.getUserData()
      if (connection) rooms.disconnected(connection)
      if (ticket) door.leave(ticket.uid, address)
      if (isDraining && sockets.size === 0) empty.resolve()
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

  function enter(ws: WebSocket<Data>, token: string): void {
    const data = ws.getUserData()
    data.isEntering = true
    void door.enter(token, data.address).then(
      (entry) => {
        if (!sockets.has(ws)) {
          if ('ticket' in entry) door.leave(entry.ticket.uid, data.address)
        } else if ('ticket' in entry) {
          data.ticket = entry.ticket
          welcome(ws, entry.ticket, entry.isReadOnly)
        } else ws.end(entry.closeWith)
      },
      (error: unknown) => {
        rooms.failed(error)
        if (sockets.has(ws)) ws.end(closeCodes.overloaded)
      },
    )
  }

  function welcome(ws: WebSocket<Data>, ticket: ChatTicket, isReadOnly: boolean): void {
    const data = ws.getUserData()
    const connection = new Connection(ticket, {
      hub: rooms,
      issuedAt: Math.floor(Date.now() / 1000),
      isReadOnly,
      wire: {
        send: (frame) => void ws.send(JSON.stringify(frame)),
        subscribe: (room, section) => void ws.subscribe(topicOf(room, section)),
        unsubscribe: (room, section) => void ws.unsubscribe(topicOf(room, section)),
        buffered: () => ws.getBufferedAmount(),
        close: (code) => endSoon(ws, code),
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
    for (const text of data.early.splice(0)) connection.take(text)
  }

  /** Not within a call of the connection's own, which may go on to say something. */
  function endSoon(ws: WebSocket<Data>, code: number): void {
    setImmediate(() => {
      if (sockets.has(ws)) ws.end(code)
    })
  }

  function sayGoodbye(ws: WebSocket<Data>, spreadMs: number): void {
    if (!sockets.has(ws)) return
    const after = randomInt(Math.max(1, spreadMs))
    ws.send(JSON.stringify({ t: 'bye', code: closeCodes.drain, after } satisfies ServerFrame))
    // A reader that is too slow for the goodbye is gone by now.
    if (sockets.has(ws)) ws.end(closeCodes.drain)
  }

  /** Who was signed out, whose session ends, who never said who they are, and who was here for long. */
  function look(): void {
    const nowMs = Date.now()
    for (const ws of sockets) {
      const { connection, openedAtMs, livesMs } = ws.getUserData()
      if (!connection) {
        if (nowMs - openedAtMs > AUTH_MS) ws.end(closeCodes.noAuth)
        continue
      }
      const { person, issuedAt } = connection
      const left = person.sessionEndsAt - nowMs / 1000
      if (left <= 0) connection.close(closeCodes.ticketExpired)
      else if (door.isRevoked(person, issuedAt)) void door.reasonOf(person).then((code) => connection.close(code))
      else if (nowMs - openedAtMs > livesMs) sayGoodbye(ws, LOOK_MS)
      else if (left <= EXPIRY_WARNING) connection.warnOfEnd(Math.floor(left))
    }
  }

  function tooBusy(res: HttpResponse, why: string): void {
    metrics.turnedAway.inc({ why })
    res.cork(() => res.writeStatus('503 Service Unavailable').writeHeader('retry-after', '2').end())
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
    look()
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
      await Promise.race([rooms.settled(), delay(SETTLE_MS)])
      rooms.flush()
      const all = [...sockets]
      const spreadMs = Math.min(DRAIN_SPREAD_MS, all.length * SPREAD_PER_CLIENT_MS)
      for (let i = 0; i < all.length; i += DRAIN_BATCH) {
        for (const ws of all.slice(i, i + DRAIN_BATCH)) sayGoodbye(ws, spreadMs)
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (sockets.size > 0) await Promise.race([empty.promise, delay(SETTLE_MS)])
      await admission[Symbol.asyncDispose]()
      // Their linger is for those who come back late.
      const { lingerMs } = { ...presenceTiming, ...options.timing }
      await rooms.end(spreadMs + lingerMs)
      app.close()
    },
  }
}

function topicOf(room: string, section: number): string {
  return `r/${room}/${section}`
}
