import { callInternal } from '../http/internal-call.ts'
import type { ChatHost, Crowd, Place, RoomRules } from './host.ts'

/** A class that comes back asks for thousands of places in a second: they take turns, or all would be too late. */
const AT_ONCE = 32

/** The platform as the hub reaches it: over the api's internal HTTP. */
export class HttpChatHost implements ChatHost {
  readonly #apiUrl: string
  readonly #secret: string
  readonly #turns: (() => void)[] = []
  #asking = 0

  constructor(apiUrl: string, secret: string) {
    this.#apiUrl = apiUrl
    this.#secret = secret
  }

  async rules(room: string): Promise<RoomRules | null> {
    return (await this.#ask<{ rules: RoomRules | null }>(`/internal/rooms/${room}`)).rules
  }

  async place(room: string, uid: string | null): Promise<Place | null> {
    return (await this.#ask<{ place: Place | null }>(`/internal/rooms/${room}/people/${uid ?? 'guest'}`)).place
  }

  async present(room: string): Promise<Crowd> {
    return this.#ask<Crowd>(`/internal/rooms/${room}/people`)
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
