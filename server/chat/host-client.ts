import { callInternal } from '../http/internal-call.ts'
import type { ChatHost, Crowd, Place, RoomRules } from './host.ts'

/** The platform as the hub reaches it: over the api's internal HTTP. */
export class HttpChatHost implements ChatHost {
  readonly #apiUrl: string
  readonly #secret: string

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
    const { status, body } = await callInternal(this.#apiUrl, { method: 'GET', path, secret: this.#secret })
    if (status !== 200) throw new Error(`the api answered ${status}`)
    return JSON.parse(body) as T
  }
}
