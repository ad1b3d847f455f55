import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { ChatErrorCode, ChatLine, RoomSettings, ServerFrame } from '../../server/chat/protocol.ts'
import { type ChatConnection, type ConnectionState, chatConnection, type RoomListener } from './chat-connection.ts'

/** So many stay on the page; older ones are asked for. */
const KEPT = 400
const RETRY_MS = 2000
/** Refused for a moment, and not for what was said. */
const temporary: ReadonlySet<ChatErrorCode> = new Set(['unavailable', 'internal', 'room_busy'])

/** What the person wrote and the room has not said back yet. */
export interface Outgoing {
  cid: string
  body: string
  re: number | undefined
  /** Null while it is on its way. */
  refusal: ChatErrorCode | null
}

/** Guests read, members write, moderators keep order, owners as well. */
export const MODERATOR = 2

/**
 * A room as its page shows it: what was said, in order and once, and what the person has said and not heard back yet.
 * Renders its host when something changes, at most once a frame.
 */
export class ChatRoomController implements ReactiveController, RoomListener {
  lines: ChatLine[] = []
  outgoing: Outgoing[] = []
  viewers = 0
  pin: ChatLine | null = null
  settings: RoomSettings = { slow: 0, mode: 'all', frozen: false }
  rank = 0
  /** Until when the person may not write; 0 for ever, null when they may. */
  until: number | null = null
  /** When slow mode lets them write again, milliseconds of this page's clock. */
  slowUntilMs = 0
  state: ConnectionState = 'connecting'
  closedWith: number | null = null
  /** Why they may not even read. */
  refusal: ChatErrorCode | null = null
  hasJoined = false
  /** Called with each notice that is pushed to the room. */
  onNotice: (text: string, from: string) => void = () => {}
  readonly #host: ReactiveControllerHost
  readonly #connection: ChatConnection
  #room: string | null = null
  #epoch = ''
  #last = 0

  constructor(host: ReactiveControllerHost, connection = chatConnection) {
    this.#host = host
    this.#connection = connection
    host.addController(this)
  }

  hostConnected(): void {
    if (this.#room) this.#connection.join(this.#room, this)
  }

  hostDisconnected(): void {
    if (this.#room) this.#connection.leave(this.#room)
  }

  follow(room: string): void {
    if (room === this.#room) return
    if (this.#room) this.#connection.leave(this.#room)
    this.#room = room
    this.#forget()
    this.outgoing = []
    this.#connection.join(room, this)
  }

  send(body: string, re: number | undefined, at: number | undefined): void {
    const message = { cid: crypto.randomUUID(), body, re, refusal: null }
    this.outgoing = [...this.outgoing, message]
    this.#say(message, at)
    this.#host.requestUpdate()
  }

  again({ cid }: Outgoing): void {
    this.outgoing = this.outgoing.map((each) => (each.cid === cid ? { ...each, refusal: null } : each))
    this.#sayAgain(cid)
    this.#host.requestUpdate()
  }

  dismiss({ cid }: Outgoing): void {
    this.outgoing = this.outgoing.filter((each) => each.cid !== cid)
    this.#host.requestUpdate()
  }

  moderate(operation: object): void {
    this.#connection.say({ t: 'mod', room: this.#room, cid: crypto.randomUUID(), ...operation })
  }

  since(): { e: string; s: number } | undefined {
    return this.#epoch ? { e: this.#epoch, s: this.#last } : undefined
  }

  changed(state: ConnectionState, code: number | null): void {
    this.state = state
    this.closedWith = code
    this.#host.requestUpdate()
  }

  take(frame: ServerFrame): void {
    switch (frame.t) {
      case 'joined':
        this.hasJoined = true
        this.refusal = null
        if (!frame.recovered) this.#forget()
        this.#epoch = frame.e
        this.viewers = frame.n
        this.pin = frame.pin
        this.settings = frame.set
        this.rank = frame.rank
        this.until = frame.until ?? null
        for (const line of frame.m) this.#apply(line)
        this.#last = Math.max(this.#last, frame.s)
        // The hub knows each by its cid: what it has already is not said twice.
        for (const message of this.outgoing) if (message.refusal === null) this.#say(message, undefined)
        break
      case 'b':
        if (frame.e !== this.#epoch || !this.#applyAll(frame.m)) this.#ask()
        break
      case 'reset':
        this.#ask()
        break
      case 'ack':
        this.outgoing = this.outgoing.filter(({ cid }) => cid !== frame.cid)
        if (this.settings.slow > 0 && this.rank < MODERATOR) this.slowUntilMs = Date.now() + this.settings.slow * 1000
        break
      case 'err':
        this.#refused(frame)
        break
      case 'cnt':
        this.viewers = frame.n
        break
      case 'you':
        this.rank = frame.rank
        this.until = frame.until ?? null
        break
      case 'ntf':
        this.onNotice(frame.text, frame.from)
        break
    }
    this.#host.requestUpdate()
  }

  #say({ cid, body, re }: Outgoing, at: number | undefined): void {
    this.#connection.say({ t: 'send', room: this.#room, cid, body, re, at })
  }

  #sayAgain(cid: string): void {
    const message = this.outgoing.find((each) => each.cid === cid)
    if (message) this.#say(message, undefined)
  }

  /** From where we are; what comes meanwhile comes again. */
  #ask(): void {
    if (this.#room) this.#connection.say({ t: 'join', room: this.#room, since: this.since() })
  }

  #refused({ cid, code, retry }: Extract<ServerFrame, { t: 'err' }>): void {
    if (cid === undefined) {
      if (!this.hasJoined) this.refusal = code
      return
    }
    if (temporary.has(code)) {
      // Still on its way; the hub knows it by its cid, should it have gone out after all.
      setTimeout(() => this.#sayAgain(cid), retry ?? RETRY_MS)
      return
    }
    if (code === 'slow_mode' && retry) this.slowUntilMs = Date.now() + retry
    this.outgoing = this.outgoing.map((each) => (each.cid === cid ? { ...each, refusal: code } : each))
  }

  /** False when some are missing before one of them. */
  #applyAll(lines: readonly ChatLine[]): boolean {
    for (const line of lines) {
      if (line.s > this.#last + 1) return false
      if (line.s > this.#last) this.#apply(line)
    }
    return true
  }

  #apply(line: ChatLine): void {
    this.#last = Math.max(this.#last, line.s)
    if (line.k === 'msg') {
      const start = Math.max(0, this.lines.length + 1 - KEPT)
      this.lines = [...this.lines.slice(start), line]
    }
    if (line.k === 'del') this.lines = this.lines.filter(({ s }) => s !== line.of)
    if (line.k === 'purge') this.lines = this.lines.filter(({ u }) => u !== line.u)
    if (line.k === 'set' && line.set) this.settings = line.set
    if (line.k === 'pin') this.pin = line.of == null ? null : { ...line, s: line.of, k: 'msg' }
    const isPinGone = line.k === 'del' ? this.pin?.s === line.of : line.k === 'purge' && this.pin?.u === line.u
    if (isPinGone) this.pin = null
  }

  #forget(): void {
    this.lines = []
    this.pin = null
    this.#epoch = ''
    this.#last = 0
  }
}
