import type { NewLine } from './room-store.ts'
import type { ChatPerson } from './ticket.ts'

interface ArrivalsOptions {
  /** Up to so many viewers, lines of a room say who comes and who goes. */
  announceUpTo: number
  append(room: string, line: NewLine): Promise<void>
  failed(error: unknown): void
}

/** Says in small rooms who comes and who goes. Guests have no names, and a crowd's coming and going nobody reads. */
export class Arrivals {
  readonly #options: ArrivalsOptions
  /** Room → names of those who came while few were there: to say who leaves when they do. */
  readonly #names = new Map<string, Map<string, string>>()

  constructor(options: ArrivalsOptions) {
    this.#options = options
  }

  /** @param count of the room's viewers, about */
  came(room: string, { uid, name }: ChatPerson, count: number): void {
    if (!uid.startsWith('u:') || count > this.#options.announceUpTo) return
    const names = this.#names.get(room) ?? new Map<string, string>()
    this.#names.set(room, names.set(uid, name))
  }

  async announce(kind: 'join' | 'leave', room: string, viewers: readonly string[], count: number): Promise<void> {
    const names = this.#names.get(room)
    for (const u of viewers) {
      const n = names?.get(u)
      if (kind === 'leave') names?.delete(u)
      if (n === undefined || count > this.#options.announceUpTo) continue
      try {
        await this.#options.append(room, { k: 'sys', u, n, b: kind })
      } catch (error) {
        this.#options.failed(error)
      }
    }
  }

  /** Nobody here looks at that room any more. */
  forget(room: string): void {
    this.#names.delete(room)
  }
}
