import { DriverException } from '@mikro-orm/core'
import type { EntityManager, Orm } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { type Control, say } from './control.ts'
import { deedOf } from './deeds.ts'
import { findRules } from './find-place.ts'
import { persistRoom } from './persist-messages.ts'
import type { ChatLine, ModOperation, RoomSettings } from './protocol.ts'
import { RoomStore } from './room-store.ts'

/** How a room is, beside what PostgreSQL has of it. */
export interface RoomState {
  settings: RoomSettings
  pin: ChatLine | null
  viewers: number
}

/**
 * The api's way into the rooms: what it does there goes the same way as what a moderator does over a hub, so that every
 * page sees it at once and in the same order.
 */
export class RoomDesk {
  readonly #stores: { orm: Orm; redis: RedisClient; log: Logger }
  readonly #store: RoomStore

  constructor(stores: { orm: Orm; redis: RedisClient; log: Logger }) {
    this.#stores = stores
    this.#store = new RoomStore(stores.redis)
  }

  /**
   * Does all of it, one after the other; afterwards it is in PostgreSQL, too.
   *
   * @throws {DomainError} `mode_unknown_here`, `message_not_found` (of a pin), `chat_unavailable`
   */
  async act(
    em: EntityManager,
    room: string,
    by: { id: number; name: string },
    operations: readonly ModOperation[],
  ): Promise<void> {
    const uid = `u:${by.id}`
    const deeds = operations.map((operation) => {
      const deed = deedOf(room, operation, { uid, name: by.name })
      if (!deed) throw new DomainError('mode_unknown_here')
      return { ...deed, operation }
    })
    if (deeds.length === 0) return
    await this.#reach(async () => {
      await this.#prepare(em, room)
      for (const { line, effects, operation } of deeds) {
        const done = await this.#store.append(room, line, effects, { by: uid, operation })
        if (!done) throw new DomainError('message_not_found')
        await this.#stores.redis.sAdd('chat:dirty', room)
        if ('uid' in operation) await this.tell({ kind: 'place', room, uid: operation.uid })
      }
      await persistRoom(this.#stores, room)
    })
  }

  /** Pages that are open ask for the room's emotes again. */
  async emotesChanged(em: EntityManager, room: string, by: { id: number; name: string }, version: number) {
    await this.tell({ kind: 'rules', room })
    try {
      await this.#prepare(em, room)
      const line = { k: 'set' as const, u: `u:${by.id}`, n: by.name }
      await this.#store.append(room, line, [{ kind: 'set', field: 'emotes', value: version }])
      await this.#stores.redis.sAdd('chat:dirty', room)
    } catch (error) {
      this.#stores.log.warn({ error, room }, 'pages will learn of new emotes when they are loaded again')
    }
  }

  /** Hubs remember for half a minute what they are not told has changed; so it may fail. */
  async tell(control: Control): Promise<void> {
    await say(this.#stores.redis, control).catch((error: unknown) =>
      this.#stores.log.warn({ error }, 'the hubs of the chat were not told of a change'),
    )
  }

  /**
   * As it is now; without Redis, as it was last kept.
   *
   * @throws {DomainError} `room_not_found`
   */
  async state(em: EntityManager, room: string): Promise<RoomState> {
    const { redis } = this.#stores
    try {
      await this.#prepare(em, room)
      const [{ settings, pin }, viewers] = await Promise.all([this.#store.peek(room), redis.hLen(`{r:${room}}:pu`)])
      return { settings, pin, viewers }
    } catch (error) {
      if (error instanceof DomainError) throw error
      const rules = await findRules(em, room)
      if (!rules) throw new DomainError('room_not_found')
      return { settings: rules.settings, pin: null, viewers: 0 }
    }
  }

  /** The numbering that new lines get; null when nobody has written yet. @throws {DomainError} `chat_unavailable` */
  epoch(room: string): Promise<string | null> {
    return this.#reach(async () => (await this.#store.head(room)).epoch)
  }

  async #prepare(em: EntityManager, room: string): Promise<void> {
    if (await this.#store.isKnown(room)) return
    const rules = await findRules(em, room)
    if (!rules) throw new DomainError('room_not_found')
    await this.#store.restore(room, rules.settings, rules.bans)
  }

  async #reach<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#stores.redis.isReady) throw new DomainError('chat_unavailable')
    try {
      return await work()
    } catch (error) {
      if (error instanceof DomainError || error instanceof DriverException) throw error
      throw new DomainError('chat_unavailable', {}, { cause: error })
    }
  }
}
