import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import type { Section } from './audience.ts'
import type { Connection } from './connection.ts'
import { LiveRoom } from './live-room.ts'
import type { HubMetrics } from './metrics.ts'
import type { ServerFrame } from './protocol.ts'
import { channelOf, type RoomStore } from './room-store.ts'
import type { Subscriptions } from './subscriptions.ts'

/** A room without anybody is kept so long: a class reloads its page together. */
const IDLE_MS = 60_000
const LOOK_MS = 10_000

interface OpenRoom {
  live: LiveRoom
  opening: Promise<LiveRoom>
  connections: Set<Connection>
  hear: (message: string) => void
  idleSinceMs: number
  /** Up to which line the books were told that there is something to write. */
  markedUpTo: number
}

interface OpenRoomsOptions {
  redis: RedisClient
  store: RoomStore
  subscriptions: Subscriptions
  metrics: HubMetrics
  log: Pick<Logger, 'warn'>
  /** To everybody in a section of a room's audience. */
  publish(room: string, section: number, frame: string): void
  /** Makes sure that Redis has the room's settings and bans. */
  prepare(room: string): Promise<void>
  /** It is being read, or is no longer. */
  opened(room: string): Promise<void>
  closed(room: string): void
}

/** The rooms that this node reads: from the first who joins until a minute after the last. */
export class OpenRooms implements Disposable {
  readonly #options: OpenRoomsOptions
  readonly #rooms = new Map<string, OpenRoom>()
  readonly #timer: NodeJS.Timeout

  constructor(options: OpenRoomsOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#closeIdle(), LOOK_MS)
  }

  get size(): number {
    return this.#rooms.size
  }

  get ids(): Iterable<string> {
    return this.#rooms.keys()
  }

  connectionsOf(room: string, uid: string): Connection[] {
    return [...(this.#rooms.get(room)?.connections ?? [])].filter(({ person }) => person.uid === uid)
  }

  /** Read from Redis and subscribed, once for all who come at the same time. */
  open(id: string): Promise<LiveRoom> {
    const known = this.#rooms.get(id)
    if (known) {
      known.idleSinceMs = Date.now()
      return known.opening
    }
    const { store, log, metrics, subscriptions, prepare, publish, opened } = this.#options
    const live = new LiveRoom(id, {
      ...{ store, log },
      prepare: () => prepare(id),
      publish: (section, frame) => {
        metrics.frames.inc()
        publish(id, section, frame)
      },
      onSent: (lagMs, lines, connections) => metrics.sent(lagMs, lines, connections),
    })
    const hear = (message: string) => live.receive(message)
    const opening = (async () => {
      await subscriptions.add(channelOf(id), hear)
      await Promise.all([live.open(), opened(id)])
      return live
    })()
    const room = { live, opening, connections: new Set<Connection>(), hear, idleSinceMs: Date.now(), markedUpTo: 0 }
    this.#rooms.set(id, room)
    opening.catch(() => this.#close(id, room))
    return opening
  }

  enter(room: string, live: LiveRoom, connection: Connection): Section {
    this.#rooms.get(room)?.connections.add(connection)
    return live.audience.enter(live.room.last)
  }

  exit(room: string, section: Section, connection: Connection): void {
    const entry = this.#rooms.get(room)
    entry?.live.audience.leave(section)
    if (entry?.connections.delete(connection) && entry.connections.size === 0) entry.idleSinceMs = Date.now()
  }

  /** To everybody of a room on this node. */
  tell(room: string, frame: ServerFrame): void {
    this.#rooms.get(room)?.live.tell(JSON.stringify(frame))
  }

  /** What is gathered goes out. */
  flush(): void {
    for (const { live } of this.#rooms.values()) live.flush()
  }

  /** Also now and then without a reason: the last line of a burst may be the one that was lost. */
  async resync(): Promise<void> {
    for (const [id, room] of this.#rooms) {
      const live = await room.opening.catch(() => null)
      await live?.resync()
      // Whoever wrote may have died before saying so.
      if (live && live.room.last > room.markedUpTo) {
        room.markedUpTo = live.room.last
        await this.mark(id)
      }
    }
  }

  /** There is something in it to persist. */
  async mark(room: string): Promise<void> {
    await this.#options.redis.sAdd('chat:dirty', room).catch(() => {})
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    for (const { live } of this.#rooms.values()) live[Symbol.dispose]()
  }

  #closeIdle(): void {
    const before = Date.now() - IDLE_MS
    for (const [id, room] of this.#rooms) {
      if (room.connections.size > 0 || room.idleSinceMs > before) continue
      this.#close(id, room)
    }
  }

  #close(id: string, room: OpenRoom): void {
    if (this.#rooms.get(id) === room) this.#rooms.delete(id)
    room.live[Symbol.dispose]()
    this.#options.closed(id)
    void this.#options.subscriptions.remove(channelOf(id), room.hear)
  }
}
