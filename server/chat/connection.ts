import { orElse } from '../redis.ts'
import { Allowances } from './allowances.ts'
import type { Section } from './audience.ts'
import { hasBlockedTerm } from './blocked-terms.ts'
import { cleanText } from './clean-text.ts'
import { isEmoteOnly } from './emote-only.ts'
import type { HubRooms } from './hub-rooms.ts'
import { moderate } from './moderate.ts'
import {
  type ChatErrorCode,
  type ClientFrame,
  closeCodes,
  limits,
  parseClientFrame,
  ranks,
  type ServerFrame,
} from './protocol.ts'
import type { ChatPerson } from './ticket.ts'

const NOTICE_SECONDS = 5
/** With more than this still on its way, somebody who comes back is not told of what is said now: they would be shut out. */
const BUSY_BYTES = 96 * 1024
const MAX_LISTED = 200

/** The socket, as far as a connection needs it. */
export interface Wire {
  send(frame: ServerFrame): void
  subscribe(room: string, section: number): void
  unsubscribe(room: string, section: number): void
  /** Bytes that wait for a reader who is slower than we are. */
  buffered(): number
  close(code: number): void
}

interface ConnectionOptions {
  wire: Wire
  hub: HubRooms
  /** Names it in what is written down. */
  sid: string
  issuedAt: number
  isReadOnly: boolean
}

/** One person's connection: what they ask, and what they are answered. It knows no socket and no Redis. */
export class Connection {
  person: ChatPerson
  /** Seconds since 1970, of its ticket: what was revoked after it ends this connection. */
  issuedAt: number
  /** Redis was away when it was opened, so its ticket may have been used before: it reads until it shows another. */
  isReadOnly: boolean
  /** Where they sit in each. */
  readonly rooms = new Map<string, Section>()
  readonly #sid: string
  readonly #wire: Wire
  readonly #hub: HubRooms
  readonly #allowances = new Allowances()
  #warnedOf: ChatPerson | null = null
  /** Rooms whose snapshot is still on its way, and how far it reaches. */
  #late: Map<string, { e: string; s: number }> | null = null
  #isClosed = false

  constructor(person: ChatPerson, { wire, hub, sid, issuedAt, isReadOnly }: ConnectionOptions) {
    this.#sid = sid
    this.person = person
    this.issuedAt = issuedAt
    this.isReadOnly = isReadOnly
    this.#wire = wire
    this.#hub = hub
  }

  /** Null for a guest, of whom the platform knows nothing. */
  get account(): string | null {
    return this.person.uid.startsWith('u:') ? this.person.uid : null
  }

  /** A text frame. Whatever it is, the connection goes on, unless it floods. */
  take(text: string): void {
    if (!this.#allowances.take('frames')) {
      if (!this.#allowances.take('refusals')) this.close(closeCodes.flood)
      else this.refuse('rate_limited', { retry: 1000 })
      return
    }
    const parsed = Buffer.byteLength(text) > limits.frame ? { code: 'too_large' as const } : parseClientFrame(text)
    if ('frame' in parsed) this.#answer(parsed.frame)
    else this.refuse(parsed.code, 'cid' in parsed && parsed.cid ? { cid: parsed.cid } : {})
  }

  #answer(frame: ClientFrame): void {
    const about = { ...('cid' in frame ? { cid: frame.cid } : {}), ...('room' in frame ? { room: frame.room } : {}) }
    this.#hub.track(
      this.#handle(frame).catch((error: unknown) => {
        this.#hub.failed(error, this.#sid)
        if (isBug(error)) this.refuse('internal', about)
        else this.refuse('unavailable', { ...about, retry: 2000 })
      }),
    )
  }

  refuse(code: ChatErrorCode, about: { cid?: string; room?: string; retry?: number } = {}): void {
    this.#hub.refused(code)
    this.tell({ t: 'err', code, ...about })
  }

  tell(frame: ServerFrame): void {
    if (!this.#isClosed) this.#wire.send(frame)
  }

  /** With that code; its rooms are left once the socket is really gone. */
  close(code: number): void {
    if (!this.#isClosed) this.#wire.close(code)
  }

  /** Once for each ticket: a new one can be had until then. */
  warnOfEnd(seconds: number): void {
    if (this.#warnedOf === this.person) return
    this.#warnedOf = this.person
    this.tell({ t: 'exp', in: seconds })
  }

  /** What was on its way has gone out: now for what was said since. */
  drained(): void {
    const late = this.#late
    if (!late || this.#wire.buffered() > BUSY_BYTES / 4) return
    this.#late = null
    for (const [room, since] of late) this.#answer({ t: 'join', room, since })
  }

  /** The socket is gone. */
  closed(): void {
    this.#isClosed = true
    for (const [room, section] of this.rooms) this.#hub.exit(room, section, this)
    this.rooms.clear()
  }

  /** They may no longer read there. */
  async leave(room: string): Promise<void> {
    const section = this.rooms.get(room)
    if (!section) return
    this.rooms.delete(room)
    this.#late?.delete(room)
    if (!this.#isClosed) this.#wire.unsubscribe(room, section.number)
    this.#hub.exit(room, section, this)
  }

  async #handle(frame: ClientFrame): Promise<void> {
    switch (frame.t) {
      case 'ping':
        return this.tell({ t: 'pong', ts: frame.ts })
      case 'join':
        return this.#join(frame)
      case 'leave':
        return this.leave(frame.room)
      case 'auth':
        return this.#hub.renew(this, frame.ticket)
      case 'notify':
        return this.#notify(frame)
    }
    if (!this.rooms.has(frame.room)) return this.refuse('not_member', { cid: frame.cid, room: frame.room })
    switch (frame.t) {
      case 'send':
        return this.#send(frame)
      case 'hist':
        return this.#tellHistory(frame)
      case 'who':
        return this.#tellWho(frame)
      case 'mod':
        if (!this.#allowances.take('operations')) return this.refuse('rate_limited', { cid: frame.cid, retry: 1000 })
        return moderate(this.#hub, this, frame)
    }
  }

  async #join({ room, since }: Extract<ClientFrame, { t: 'join' }>): Promise<void> {
    const [rules, place] = await Promise.all([this.#hub.host.rules(room), this.#hub.host.place(room, this.account)])
    if (!rules) return this.refuse('room_not_found', { room })
    if (!place) return this.refuse(this.account ? 'forbidden' : 'unauthorized', { room })
    const live = await this.#hub.open(room)
    // Both are for comfort alone: without Redis the room is shown as it is remembered here.
    const [until, older] = await Promise.all([
      orElse(this.account ? this.#hub.store.bannedUntil(room, this.account) : Promise.resolve(null), null),
      orElse(live.older(since), []),
    ])
    if (this.#isClosed) return
    // Nothing is awaited from here on: what is published after the snapshot reaches this socket, what was before does not.
    let section = this.rooms.get(room)
    if (!section && this.rooms.size >= limits.rooms) return this.refuse('too_many_rooms', { room })
    if (!section) {
      section = this.#hub.enter(room, live, this)
      this.rooms.set(room, section)
    }
    const { recovered, s, lines } = live.snapshot(section, since, older)
    const e = live.room.epoch
    this.tell({
      t: 'joined',
      room,
      e,
      s,
      recovered,
      m: lines,
      n: this.#hub.count(room),
      pin: live.pin,
      set: live.settings,
      rank: this.isReadOnly ? ranks.guest : place.rank,
      modes: this.isReadOnly ? [] : place.modes,
      ...(until === null ? {} : { until }),
    })
    if (this.#wire.buffered() > BUSY_BYTES) {
      this.#late = (this.#late ?? new Map<string, { e: string; s: number }>()).set(room, { e, s })
      this.#wire.unsubscribe(room, section.number)
    } else this.#wire.subscribe(room, section.number)
  }

  async #send({ room, cid, body, re, at }: Extract<ClientFrame, { t: 'send' }>): Promise<void> {
    const refuse = (code: ChatErrorCode, retry?: number) =>
      this.refuse(code, { cid, room, ...(retry ? { retry } : {}) })
    if (!this.account || this.isReadOnly) return refuse('read_only')
    const text = cleanText(body)
    if (text === null) return refuse('bad_field')
    const [rules, place] = await Promise.all([this.#hub.host.rules(room), this.#hub.host.place(room, this.account)])
    if (!rules || !place) return refuse('forbidden')
    if (place.rank < ranks.moderator && hasBlockedTerm(rules.blockedTerms, text)) return refuse('blocked_term')
    const isForEmoteMode = isEmoteOnly(text, rules.emotes)
    const modes = place.modes.filter((mode) => mode !== 'emote' || isForEmoteMode)
    const { avatar } = this.person
    const result = await this.#hub.send(room, { uid: this.person.uid, rank: place.rank, modes }, cid, {
      k: 'msg',
      u: this.person.uid,
      n: this.person.name,
      r: place.rank,
      b: text,
      ...(avatar ? { a: avatar } : {}),
      ...(re ? { re } : {}),
      ...(at ? { at } : {}),
    })
    if (result.kind === 'refused') return refuse(result.code, result.retryMs)
    this.tell({ t: 'ack', cid, room, e: result.epoch, s: result.s })
  }

  async #tellHistory({ room, before, limit, cid }: Extract<ClientFrame, { t: 'hist' }>): Promise<void> {
    if (!this.#allowances.take('history')) return this.refuse('rate_limited', { cid, room, retry: 2000 })
    const lines = await this.#hub.store.before(room, before, limit)
    this.tell({ t: 'hist', cid, room, m: lines, more: lines.length === limit })
  }

  async #tellWho({ room, from, cid }: Extract<ClientFrame, { t: 'who' }>): Promise<void> {
    if (!this.#allowances.take('history')) return this.refuse('rate_limited', { cid, room, retry: 2000 })
    const [place, { people, guests }] = await Promise.all([
      this.#hub.host.place(room, this.account),
      this.#hub.host.present(room),
    ])
    const told = place && place.rank >= ranks.moderator ? people.length : Math.min(people.length, MAX_LISTED)
    const to = Math.min(from + MAX_LISTED, told)
    this.tell({
      t: 'who',
      cid,
      room,
      people: people.slice(from, to),
      guests,
      total: people.length,
      next: to < told ? to : null,
    })
  }

  /** Whether they may call to the whole site, their rank in the lobby says. */
  async #notify({ room = 'lobby', site, cid, level, text }: Extract<ClientFrame, { t: 'notify' }>): Promise<void> {
    const about = { cid, ...(site ? {} : { room }) }
    if (!site && !this.rooms.has(room)) return this.refuse('not_member', about)
    const cleaned = cleanText(text)
    if (!cleaned) return this.refuse('bad_field', about)
    if (!this.account || this.isReadOnly) return this.refuse('forbidden', about)
    const [rules, place] = await Promise.all([this.#hub.host.rules(room), this.#hub.host.place(room, this.account)])
    if (!place || !rules) return this.refuse('forbidden', about)
    if (place.rank < ranks.moderator) {
      const { settings } = await this.#hub.open(room)
      if (site || place.rank < ranks.member || settings.notices !== 'everyone') return this.refuse('forbidden', about)
      const until = await this.#hub.store.bannedUntil(room, this.account)
      if (until !== null) return this.refuse(until === 0 ? 'banned' : 'timed_out', about)
      if (hasBlockedTerm(rules.blockedTerms, cleaned)) return this.refuse('blocked_term', about)
    }
    const waitMs = await this.#hub.takeNotice(this.account)
    if (waitMs > 0) return this.refuse('rate_limited', { ...about, retry: waitMs })
    const from = this.person.name
    await this.#hub.broadcast(site ? null : room, {
      t: 'ntf',
      id: cid,
      level,
      text: cleaned,
      from,
      ttl: NOTICE_SECONDS,
    })
    this.tell({ t: 'ack', ...about, e: '', s: 0 })
  }
}

/** What nobody's being away explains. */
function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
}
