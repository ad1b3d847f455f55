import type { TicketJson } from '../../server/chat/contract.ts'
import type { ServerFrame } from '../../server/chat/protocol.ts'
import { send } from '../api.ts'

/** What the person is told of the connection; after `closed` nothing comes back by itself. */
export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'degraded' | 'closed'

/** What a room hears. */
export interface RoomListener {
  /** Said with every join: so that exactly what was missed comes. */
  since(): { e: string; s: number } | undefined
  take(frame: ServerFrame): void
  /** The connection is there, or not; `code` says why it will not come back. */
  changed(state: ConnectionState, code: number | null): void
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
const STABLE_MS = 30_000
/** Said in the close code: nothing that we could do would change it. */
const terminal = new Set([4400, 4403, 4409])
/** Silence after which the hub is asked whether it is still there, and after which it is not. */
const QUIET_MS = 20_000
const FLOOD = 4429
const TICKET_EXPIRED = 4401

/**
 * One WebSocket for all rooms of a page, and for what its person is told. It keeps coming back: with a resume token, so that a herd of clients does not ask
 * the api for tickets, and after a random while that doubles, so that they do not come all at once.
 */
export class ChatConnection {
  state: ConnectionState = 'connecting'
  #socket: WebSocket | null = null
  #resume: string | null = null
  #attempts = 0
  /** The attempt that asks for a ticket: an older one gives up. */
  #current: symbol | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  /** What a server that stops has asked us to wait, milliseconds. */
  #askedWaitMs: number | null = null
  readonly #rooms = new Map<string, RoomListener>()
  readonly #listeners = new Map<(frame: ServerFrame) => void, { holds: boolean }>()

  constructor() {
    // Nobody tells the socket for minutes that there is no network any more.
    globalThis.addEventListener?.('offline', () => this.#lost())
    globalThis.addEventListener?.('online', () => this.#timer !== undefined && void this.#connect())
  }

  /** Once; again is harmless. */
  join(room: string, listener: RoomListener): void {
    this.#rooms.set(room, listener)
    listener.changed(this.state, null)
    if (this.state === 'open' || this.state === 'degraded') this.say({ t: 'join', room, since: listener.since() })
    else if (this.#isIdle) void this.#connect()
  }

  leave(room: string): void {
    if (!this.#rooms.delete(room)) return
    this.say({ t: 'leave', room })
    this.#closeUnlessNeeded()
  }

  /**
   * Hears every frame, those of rooms as well.
   *
   * @param holds the connection is there for this one, too, without any room; else it hears what there is to hear
   * @returns what ends it
   */
  listen(take: (frame: ServerFrame) => void, { holds = false }: { holds?: boolean } = {}): () => void {
    this.#listeners.set(take, { holds })
    if (holds && this.#isIdle) void this.#connect()
    return () => {
      this.#listeners.delete(take)
      this.#closeUnlessNeeded()
    }
  }

  /** False when nobody is there to hear it. */
  say(frame: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(JSON.stringify(frame))
    return true
  }

  /** Signed in or out: as somebody else from now on. */
  reopen(): void {
    this.#resume = null
    this.#attempts = 0
    this.#drop()
    if (this.#isNeeded) void this.#connect()
  }

  close(): void {
    this.#drop()
    this.#become('connecting', null)
  }

  get #isIdle(): boolean {
    return !this.#socket && this.#timer === undefined && !this.#current
  }

  get #isNeeded(): boolean {
    return this.#rooms.size > 0 || [...this.#listeners.values()].some(({ holds }) => holds)
  }

  #closeUnlessNeeded(): void {
    if (!this.#isNeeded) this.close()
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#become(this.#attempts === 0 ? 'connecting' : 'waiting', null)
    const attempt = Symbol('attempt')
    this.#current = attempt
    try {
      const token = this.#resume ? `r.${this.#resume}` : `t.${await this.#ticket()}`
      if (this.#current !== attempt) return
      this.#open(token)
      this.#current = null
    } catch {
      if (this.#current !== attempt) return
      this.#current = null
      this.#comeBack()
    }
  }

  async #ticket(): Promise<string> {
    return (await send<TicketJson>('POST', '/api/chat/ticket/', {})).ticket
  }

  #open(token: string): void {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws`, ['chat.v1', token])
    this.#socket = socket
    let openedAt = 0
    let heardAt = performance.now()
    let askedAt = 0
    const pulse = setInterval(() => {
      const now = performance.now()
      if (now - heardAt < QUIET_MS) return
      // Timers of a page in the background are slow: silence alone says nothing before an answer was waited for.
      if (askedAt < heardAt) {
        askedAt = now
        this.say({ t: 'ping', ts: Date.now() })
      } else if (this.#socket === socket && now - askedAt > QUIET_MS / 2) this.#lost()
    }, QUIET_MS / 2)
    socket.onmessage = ({ data }) => {
      heardAt = performance.now()
      const frame = JSON.parse(String(data)) as ServerFrame
      if (frame.t === 'hello') {
        openedAt = performance.now()
        this.#resume = frame.resume
        this.#become('open', null)
        for (const [room, listener] of this.#rooms) this.say({ t: 'join', room, since: listener.since() })
      } else if (frame.t === 'bye') this.#askedWaitMs = frame.after
      else if (frame.t === 'state') this.#become(frame.degraded ? 'degraded' : 'open', null)
      if (frame.t === 'exp') void this.#renew()
      for (const listen of [...this.#listeners.keys()]) listen(frame)
      // Of a room that was left a moment ago something may still come: it is nobody else's.
      if ('room' in frame && frame.room) this.#rooms.get(frame.room)?.take(frame)
      else for (const each of this.#rooms.values()) each.take(frame)
    }
    socket.onclose = ({ code }) => {
      clearInterval(pulse)
      if (this.#socket !== socket) return
      this.#socket = null
      if (openedAt > 0 && performance.now() - openedAt > STABLE_MS) this.#attempts = 0
      // What it was opened with is no longer good: the next one comes with a new ticket. A hub that is not there, or has no
      // time, says nothing of it: whoever asked the api for a ticket then would ask with all the others.
      if (code === TICKET_EXPIRED) this.#resume = null
      if (terminal.has(code)) this.#become('closed', code)
      else this.#comeBack(code === FLOOD ? 10_000 : 0)
    }
  }

  async #renew(): Promise<void> {
    try {
      this.say({ t: 'auth', ticket: await this.#ticket() })
    } catch {
      // The session has ended: the hub closes, and we come back as a guest.
    }
  }

  /** Gone without a word. */
  #lost(): void {
    if (!this.#socket) return
    this.#drop()
    this.#comeBack()
  }

  #comeBack(leastMs = 0): void {
    const spread = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempts)
    this.#attempts += 1
    const waitMs = this.#askedWaitMs ?? Math.random() * spread
    this.#askedWaitMs = null
    this.#become('waiting', null)
    this.#timer = setTimeout(() => void this.#connect(), Math.max(leastMs, waitMs))
  }

  #drop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#current = null
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }

  #become(state: ConnectionState, code: number | null): void {
    this.state = state
    for (const listener of this.#rooms.values()) listener.changed(state, code)
  }
}

/** The page's one connection. */
export const chatConnection = new ChatConnection()
