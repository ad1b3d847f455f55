import type { WebSocket } from 'uWebSockets.js'
import { randomInt } from 'node:crypto'
import { Connection } from './connection.ts'
import type { Door } from './door.ts'
import { Entrance } from './entrance.ts'
import type { HubRooms } from './hub-rooms.ts'
import type { HubMetrics } from './metrics.ts'
import { closeCodes, limits, parseClientFrame, type ServerFrame } from './protocol.ts'
import { type ChatTicket, signChatTicket } from './ticket.ts'

export const IDLE_SECONDS = 60
/** A socket is over before uWebSockets ends it, each at another time: who came together need not go together. */
const SHORTEST_LIFE_MS = 180 * 60_000
const LONGEST_LIFE_MS = 230 * 60_000
/** How often everybody is looked at; one whose life is over comes back within as much. */
export const LOOK_MS = 500
/** Seconds of warning before a session ends. */
const EXPIRY_WARNING = 60
/** So long somebody may be here without saying who they are. */
const AUTH_MS = 5000
/** Frames of a client that does not wait for its welcome. */
const MOST_EARLY = 20

/** What a socket carries from its upgrade on. */
export interface SocketData {
  /** Not looked at yet; null when there was no room for it in the headers, and the first frame brings it. */
  token: string | null
  address: string
  openedAtMs: number
  livesMs: number
  /** True while a token is being looked at, or waits for it; what comes meanwhile is answered afterwards. */
  isEntering: boolean
  early: string[] | null
  ticket: ChatTicket | null
  connection: Connection | null
}

export type Socket = WebSocket<SocketData>

export function socketData(token: string | null, address: string): SocketData {
  return {
    token,
    address,
    openedAtMs: Date.now(),
    livesMs: randomInt(SHORTEST_LIFE_MS, LONGEST_LIFE_MS),
    isEntering: false,
    early: null,
    ticket: null,
    connection: null,
  }
}

interface HubSocketsOptions {
  door: Door
  rooms: HubRooms
  metrics: HubMetrics
  ticketSecret: string
  upgradesPerSecond: number
}

/** The sockets of a hub, from their upgrade to their end: who enters, is welcomed, has been here for too long. */
export class HubSockets implements Disposable {
  readonly all = new Set<Socket>()
  readonly entrance: Entrance<Socket>
  readonly #options: HubSocketsOptions
  #opened = 0

  constructor(options: HubSocketsOptions) {
    this.#options = options
    this.entrance = new Entrance(options.upgradesPerSecond, (ws) => this.#enter(ws))
  }

  opened(ws: Socket): void {
    this.all.add(ws)
    const { token } = ws.getUserData()
    if (token !== null) this.#come(ws, token)
  }

  /** A text frame. */
  heard(ws: Socket, text: string): void {
    const data = ws.getUserData()
    if (data.connection) data.connection.take(text)
    else if (data.isEntering) {
      data.early ??= []
      if (data.early.length < MOST_EARLY) data.early.push(text)
      else ws.end(closeCodes.flood)
    } else {
      const parsed = parseClientFrame(text)
      if ('frame' in parsed && parsed.frame.t === 'auth') this.#come(ws, parsed.frame.ticket)
      else ws.end(closeCodes.protocolError)
    }
  }

  closed(ws: Socket): void {
    this.all.delete(ws)
    this.entrance.gone(ws)
    const { connection, ticket, address } = ws.getUserData()
    if (connection) this.#options.rooms.disconnected(connection)
    if (ticket) this.#options.door.leave(ticket.uid, address)
  }

  /** @param spreadMs they come back within it */
  sayGoodbye(ws: Socket, spreadMs: number): void {
    if (!this.all.has(ws)) return
    const after = randomInt(Math.max(1, spreadMs))
    ws.send(JSON.stringify({ t: 'bye', code: closeCodes.drain, after } satisfies ServerFrame))
    // A reader that is too slow for the goodbye is gone by now.
    if (this.all.has(ws)) ws.end(closeCodes.drain)
  }

  /** Who was signed out, whose session ends, who never said who they are, and who was here for long. */
  look(): void {
    const { door } = this.#options
    const nowMs = Date.now()
    for (const ws of this.all) {
      const { connection, isEntering, openedAtMs, livesMs } = ws.getUserData()
      if (!connection) {
        if (!isEntering && nowMs - openedAtMs > AUTH_MS) ws.end(closeCodes.noAuth)
        continue
      }
      const { person, issuedAt } = connection
      const left = person.sessionEndsAt - nowMs / 1000
      if (left <= 0) connection.close(closeCodes.ticketExpired)
      else if (door.isRevoked(person, issuedAt)) void door.reasonOf(person).then((code) => connection.close(code))
      else if (nowMs - openedAtMs > livesMs) this.sayGoodbye(ws, LOOK_MS)
      else if (left <= EXPIRY_WARNING) connection.warnOfEnd(Math.floor(left))
    }
  }

  [Symbol.dispose](): void {
    this.entrance[Symbol.dispose]()
  }

  #come(ws: Socket, token: string): void {
    const data = ws.getUserData()
    data.token = token
    data.isEntering = true
    this.entrance.come(ws)
  }

  #enter(ws: Socket): void {
    const { door, rooms } = this.#options
    const data = ws.getUserData()
    const { token, address } = data
    data.token = null
    void door.enter(token ?? '', address).then(
      (entry) => {
        if (!this.all.has(ws)) {
          if ('ticket' in entry) door.leave(entry.ticket.uid, address)
        } else if ('ticket' in entry) {
          data.ticket = entry.ticket
          this.#welcome(ws, entry.ticket, entry.isReadOnly)
        } else ws.end(entry.closeWith)
      },
      (error: unknown) => {
        rooms.failed(error)
        if (this.all.has(ws)) ws.end(closeCodes.overloaded)
      },
    )
  }

  #welcome(ws: Socket, ticket: ChatTicket, isReadOnly: boolean): void {
    const { rooms, ticketSecret } = this.#options
    const data = ws.getUserData()
    this.#opened += 1
    const sid = `${rooms.presence.node.slice(0, 8)}-${this.#opened}`
    const connection = new Connection(ticket, {
      ...{ hub: rooms, sid },
      issuedAt: ticket.issuedAt,
      isReadOnly,
      wire: new SocketWire(ws, this.all),
    })
    data.connection = connection
    connection.tell({
      t: 'hello',
      v: 1,
      sid,
      node: rooms.presence.node,
      now: Date.now(),
      uid: ticket.uid,
      name: ticket.name,
      // Its ticket may have been used before: it opens nothing more.
      resume: isReadOnly ? '' : signChatTicket(ticket, 'resume', ticketSecret),
      limits,
      hb: IDLE_SECONDS,
    })
    rooms.connected(connection)
    const { early } = data
    data.early = null
    for (const text of early ?? []) connection.take(text)
  }
}

/** The topic of everybody in a section of a room's audience. */
export function topicOf(room: string, section: number): string {
  return `r/${room}/${section}`
}

class SocketWire {
  readonly #ws: Socket
  readonly #open: ReadonlySet<Socket>

  constructor(ws: Socket, open: ReadonlySet<Socket>) {
    this.#ws = ws
    this.#open = open
  }

  send(frame: ServerFrame): void {
    this.#ws.send(JSON.stringify(frame))
  }

  subscribe(room: string, section: number): void {
    this.#ws.subscribe(topicOf(room, section))
  }

  unsubscribe(room: string, section: number): void {
    this.#ws.unsubscribe(topicOf(room, section))
  }

  buffered(): number {
    return this.#ws.getBufferedAmount()
  }

  /** Not within a call of the connection's own, which may go on to say something. */
  close(code: number): void {
    setImmediate(() => {
      if (this.#open.has(this.#ws)) this.#ws.end(code)
    })
  }
}
