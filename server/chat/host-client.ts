import { callInternal } from '../http/internal-call.ts'
import type { ChatHost, Crowd, Place, Places, RoomRules } from './host.ts'

/** A class that comes back wants thousands of places in a second: those of a room who come within it are asked for together. */
const GATHER_MS = 5
const MOST_TOGETHER = 200
/** And requests take turns, or all would be too late. */
const AT_ONCE = 8

interface Gathered {
  uids: Set<string>
  places: Promise<Places['places']>
}

/** The platform as the hub reaches it: over the api's internal HTTP. */
export class HttpChatHost implements ChatHost {
  readonly #apiUrl: string
  readonly #secret: string
  readonly #turns: (() => void)[] = []
  /** Room → those who are about to be asked for. */
  readonly #gathered = new Map<string, Gathered>()
  #asking = 0

  constructor(apiUrl: string, secret: string) {
    this.#apiUrl = apiUrl
    this.#secret = secret
  }

  async rules(room: string): Promise<RoomRules | null> {
    return (await this.#ask<{ rules: RoomRules | null }>(`/internal/rooms/${room}`)).rules
  }

  async place(room: string, uid: string | null): Promise<Place | null> {
    const known = this.#gathered.get(room)
    const gathered = known && known.uids.size < MOST_TOGETHER ? known : this.#gather(room)
    gathered.uids.add(uid ?? 'guest')
    return (await gathered.places)[uid ?? 'guest'] ?? null
  }

  async present(room: string): Promise<Crowd> {
    return this.#ask<Crowd>(`/internal/rooms/${room}/people`)
  }

  #gather(room: string): Gathered {
    const uids = new Set<string>()
    const { promise: places, resolve } = Promise.withResolvers<Places['places']>()
    const gathered = { uids, places }
    this.#gathered.set(room, gathered)
    setTimeout(() => {
      if (this.#gathered.get(room) === gathered) this.#gathered.delete(room)
      const answer = this.#ask<Places>(`/internal/rooms/${room}/places?of=${[...uids].join(',')}`)
      resolve(answer.then((found) => found.places))
    }, GATHER_MS)
    return gathered
  }

  async #ask<T>(path: string): Promise<T> {
    if (this.#asking >= AT_ONCE) await new Promise<void>((resolve) => this.#turns.push(resolve))
    this.#asking += 1
    try {
      const { status, body } = await callInternal(this.#apiUrl, { method: 'GET', path, secret: this.#secret })
      if (status !== 200) throw new Error(`the api answered ${status}`)
      return JSON.parse(body) as T
    } finally {
      this.#asking -= 1
      this.#turns.shift()?.()
    }
  }
}
