import { Remembered } from '../remembered.ts'
import type { ChatHost, Crowd, Place, RoomRules } from './host.ts'

const REMEMBERED_MS = 30_000
/** That somebody may not even read somewhere: who enrolls now wants to come in now. */
const SHUT_OUT_MS = 2000
/** Who is in a room. */
const PRESENT_MS = 3000
/** Of people in rooms: more than one hub has. */
const MOST_PLACES = 30_000

/** What the platform says, asked once for all who want to know it within a while. */
export class RememberedHost implements ChatHost {
  readonly #rules: Remembered<RoomRules | null>
  readonly #places: Remembered<Place | null>
  readonly #present: Remembered<Crowd>

  constructor(host: ChatHost) {
    this.#rules = new Remembered((room) => host.rules(room), REMEMBERED_MS)
    this.#places = new Remembered(
      async (key) => {
        const [room = '', uid = ''] = key.split(' ')
        const place = await host.place(room, uid || null)
        if (!place) setTimeout(() => this.#places.forget(key), SHUT_OUT_MS).unref()
        return place
      },
      REMEMBERED_MS,
      MOST_PLACES,
    )
    this.#present = new Remembered((room) => host.present(room), PRESENT_MS)
  }

  rules(room: string): Promise<RoomRules | null> {
    return this.#rules.get(room)
  }

  place(room: string, account: string | null): Promise<Place | null> {
    return this.#places.get(placeKey(room, account))
  }

  /** Over all nodes. */
  present(room: string): Promise<Crowd> {
    return this.#present.get(room)
  }

  forgetAll(): void {
    this.#rules.forgetAll()
    this.#places.forgetAll()
  }

  forgetRules(room: string): void {
    this.#rules.forget(room)
  }

  forgetPlace(room: string, account: string): void {
    this.#places.forget(placeKey(room, account))
  }
}

function placeKey(room: string, account: string | null): string {
  return `${room} ${account ?? ''}`
}
