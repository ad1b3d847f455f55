import { within } from '../../config/within.ts'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { Arrivals } from './arrivals.ts'
import type { Section } from './audience.ts'
import type { Connection } from './connection.ts'
import { Connections } from './connections.ts'
import { CONTROL_CHANNEL, type Control, say, takeNotice, tellRoom, tellSite } from './control.ts'
import type { ChatHost } from './host.ts'
import type { LiveRoom } from './live-room.ts'
import type { HubMetrics } from './metrics.ts'
import { OpenRooms } from './open-rooms.ts'
import { PresenceBook, type PresenceTiming } from './presence.ts'
import type { ChatErrorCode, ServerFrame } from './protocol.ts'
import { RememberedHost } from './remembered-host.ts'
import { countsChannel } from './room-counts.ts'
import { RoomStore, type SendResult } from './room-store.ts'
import { Subscriptions } from './subscriptions.ts'
import { type ChatPerson, verifyChatTicket } from './ticket.ts'

const RESYNC_MS = 5000
/** Somebody who was let in to read is asked for another ticket within it. */
const RENEW_SECONDS = 60

export interface HubRoomsOptions {
  /** For commands; its subscriber is made of it. */
  redis: RedisClient
  host: ChatHost
  log: Pick<Logger, 'warn' | 'info'>
  metrics: HubMetrics
  ticketSecret: string
  /** To everybody in a section of a room's audience. */
  publish(room: string, section: number, frame: string): void
  timing?: Partial<PresenceTiming>
  /** Up to so many viewers, lines of a room say who comes and who goes. */
  announceUpTo: number
  /** This node has another name than before. */
  onRegistered(): void
}

/** The rooms of one node, and the connections in them. */
export class HubRooms implements AsyncDisposable {
  readonly store: RoomStore
  readonly presence: PresenceBook
  readonly host: RememberedHost
  readonly #options: HubRoomsOptions
  readonly #subscriptions: Subscriptions
  readonly #arrivals: Arrivals
  readonly #rooms: OpenRooms
  readonly #connections = new Connections()
  readonly #timer: NodeJS.Timeout
  #isDegraded: boolean
  #resyncing: Promise<void> | null = null
  readonly #underWay = new Set<Promise<void>>()

  constructor(options: HubRoomsOptions) {
    const { redis, host, log, metrics, timing = {}, announceUpTo, onRegistered } = options
    this.#options = options
    this.store = new RoomStore(redis)
    this.host = new RememberedHost(host)
    this.#arrivals = new Arrivals({
      announceUpTo,
      append: async (room, line) => {
        await this.store.append(room, line)
        this.wasWritten(room)
      },
      failed: (error) => this.failed(error),
    })
    this.presence = new PresenceBook({
      ...{ redis, log, timing, onRegistered },
      onCount: (room, n) => this.#rooms.tell(room, { t: 'cnt', room, n }),
      onAudit: (drift) => metrics.drift.set(drift),
      onMoved: (kind, room, viewers, count) => void this.#arrivals.announce(kind, room, viewers, count),
    })
    this.#subscriptions = new Subscriptions(redis, this.#isBack)
    this.#rooms = new OpenRooms({
      ...{ redis, log, metrics, store: this.store, subscriptions: this.#subscriptions, publish: options.publish },
      prepare: (room) => this.#prepare(room),
      opened: (room) => this.presence.counts.learn(room),
      closed: (room) => {
        this.presence.counts.forget(room)
        this.#arrivals.forget(room)
      },
    })
    this.#isDegraded = !redis.isReady
    redis.on('ready', this.#isBack)
    redis.on('error', this.#isAway)
    this.#timer = setInterval(this.#resyncAll, RESYNC_MS)
  }

  /** Without Redis it starts all the same, and serves nothing but a word about it. */
  start(): void {
    this.presence.start()
    this.#subscriptions.start({
      [CONTROL_CHANNEL]: (message) => this.#hear(JSON.parse(message) as Control),
      [countsChannel]: (message) => this.presence.counts.hear(message),
    })
  }

  get rooms(): number {
    return this.#rooms.size
  }

  connected(connection: Connection): void {
    this.#connections.add(connection)
    if (this.#isDegraded) connection.tell({ t: 'state', degraded: true })
  }

  disconnected(connection: Connection): void {
    this.#connections.remove(connection)
    connection.closed()
  }

  /** Read from Redis and subscribed, once for all who come at the same time. */
  open(room: string): Promise<LiveRoom> {
    return this.#rooms.open(room)
  }

  enter(room: string, live: LiveRoom, connection: Connection): Section {
    this.#arrivals.came(room, connection.person, this.count(room))
    this.presence.enter(room, connection.person.uid)
    return this.#rooms.enter(room, live, connection)
  }

  exit(room: string, section: Section, connection: Connection): void {
    this.#rooms.exit(room, section, connection)
    this.presence.exit(room, connection.person.uid)
  }

  count(room: string): number {
    return this.presence.count(room)
  }

  /** @throws {Error} Redis or the platform is away */
  async send(...message: Parameters<RoomStore['send']>): Promise<Exclude<SendResult, { kind: 'unknown' }>> {
    const [room] = message
    const askedAt = performance.now()
    let result = await this.store.send(...message)
    this.#options.metrics.redis.observe((performance.now() - askedAt) / 1000)
    if (result.kind === 'unknown') {
      await this.#prepare(room)
      result = await this.store.send(...message)
    }
    if (result.kind === 'unknown') throw new Error('a room was lost again')
    if (result.kind === 'sent') this.wasWritten(room)
    return result
  }

  /** There is something to persist. */
  wasWritten(room: string): void {
    this.#options.metrics.received.inc()
    void this.#rooms.mark(room)
  }

  placeChanged(room: string, uid: string): Promise<void> {
    return say(this.#options.redis, { kind: 'place', room, uid })
  }

  /** To everybody in a room, on every node; null for everybody on the site. */
  broadcast(room: string | null, frame: ServerFrame): Promise<void> {
    return room === null ? tellSite(this.#options.redis, frame) : tellRoom(this.#options.redis, room, frame)
  }

  takeNotice(account: string): Promise<number> {
    return takeNotice(this.#options.redis, account)
  }

  /** A new ticket for a connection whose session goes on. */
  async renew(connection: Connection, token: string): Promise<void> {
    const ticket = verifyChatTicket(token, this.#options.ticketSecret)
    if (!ticket || ticket.uid !== connection.person.uid || !(await this.isUnused(ticket)))
      return connection.refuse('unauthorized')
    connection.person = ticket
    connection.issuedAt = ticket.issuedAt
    const mayWriteNow = connection.isReadOnly
    connection.isReadOnly = false
    if (mayWriteNow) await Promise.all([...connection.rooms.keys()].map((room) => this.#placeAgain(room, ticket.uid)))
  }

  /** A ticket opens one connection; a resume token as many as it likes while it lives. */
  async isUnused(ticket: ChatPerson & { jti: string; kind: 'ticket' | 'resume' }): Promise<boolean> {
    if (ticket.kind === 'resume') return true
    return (await this.#options.redis.set(`chat:jti:${ticket.jti}`, '1', { EX: 90, NX: true })) !== null
  }

  /**
   * Whether the platform knows them no more: a closed account, which a new sign-in would not open. Asked when what they hold
   * was revoked, so what they were in the rooms is asked anew, too.
   */
  async isShutOut(uid: string): Promise<boolean> {
    if (!uid.startsWith('u:')) return false
    for (const room of ['lobby', ...this.#rooms.ids]) this.host.forgetPlace(room, uid)
    return (await this.host.place('lobby', uid)) === null
  }

  /** What a client asked; to be over before this node ends. */
  track(work: Promise<void>): void {
    this.#underWay.add(work)
    void work.finally(() => this.#underWay.delete(work))
  }

  /** What was asked is answered, or has had its time; what is gathered goes out. */
  async settle(mostMs: number): Promise<void> {
    await within(mostMs, Promise.all(this.#underWay))
    this.#rooms.flush()
  }

  refused(code: ChatErrorCode): void {
    this.#options.metrics.refused.inc({ code })
  }

  failed(error: unknown, sid?: string): void {
    this.#options.metrics.failures.inc()
    this.#options.log.warn({ error, sid }, 'the chat could not do something')
  }

  /** @param comeBackMs so long those who were here take to come back elsewhere */
  async end(comeBackMs: number): Promise<void> {
    try {
      await this.presence.leaveBehind(comeBackMs)
    } catch (error) {
      // The lease runs out by itself.
      this.failed(error)
    }
    await this[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#options.redis.off('ready', this.#isBack)
    this.#options.redis.off('error', this.#isAway)
    await this.presence[Symbol.asyncDispose]()
    this.#rooms[Symbol.dispose]()
    this.#subscriptions[Symbol.dispose]()
  }

  async #prepare(room: string): Promise<void> {
    if (await this.store.isKnown(room)) return
    const rules = await this.#options.host.rules(room)
    if (rules) await this.store.restore(room, rules.settings, rules.bans)
  }

  #hear(control: Control): void {
    if (control.kind === 'place') {
      this.host.forgetPlace(control.room, control.uid)
      void this.#placeAgain(control.room, control.uid).catch((error: unknown) => this.failed(error))
    } else if (control.kind === 'rules') {
      this.host.forgetRules(control.room)
    } else if (control.kind === 'frame') {
      this.#rooms.tell(control.room, control.frame)
    } else if (control.kind === 'site') {
      this.#connections.tellAll(control.frame)
    } else if (control.kind === 'people') {
      this.#connections.tellPeople(control.uids, control.frame)
    }
  }

  /** Promoted, demoted, banned or shut out: they are told at once. */
  async #placeAgain(room: string, uid: string): Promise<void> {
    const theirs = this.#rooms.connectionsOf(room, uid)
    if (theirs.length === 0) return
    const [place, until] = await Promise.all([this.host.place(room, uid), this.store.bannedUntil(room, uid)])
    for (const connection of theirs) {
      if (place) connection.tell({ t: 'you', room, ...place, ...(until === null ? {} : { until }) })
      else {
        connection.refuse('forbidden', { room })
        await connection.leave(room)
      }
    }
  }

  async #resync(): Promise<void> {
    // Answered behind the subscriptions, which come back first.
    await this.#subscriptions.settled()
    await this.#rooms.resync()
  }

  readonly #isAway = () => this.#degrade(true)
  readonly #isBack = () => {
    // What changed meanwhile was not heard.
    this.host.forgetAll()
    if (this.#options.redis.isReady) this.#degrade(false)
    // Another ticket can be checked now, and they write again.
    for (const connection of this.#connections) if (connection.isReadOnly) connection.warnOfEnd(RENEW_SECONDS)
    this.#resyncAll()
  }
  readonly #resyncAll = () => {
    if (this.#isDegraded || !this.#subscriptions.isReady || this.#resyncing) return
    this.#resyncing = this.#resync()
      .catch((error: unknown) => this.failed(error))
      .finally(() => {
        this.#resyncing = null
      })
  }

  #degrade(isDegraded: boolean): void {
    if (this.#isDegraded === isDegraded) return
    this.#isDegraded = isDegraded
    this.#connections.tellAll({ t: 'state', degraded: isDegraded })
  }
}
