import { mentions } from './mentions.ts'
import type { Entry } from './room-log.ts'

/** Makes itself heard once for what came in since the last time, when a message of another person mentions the reader. */
export class MentionSound {
  #heard: number | null = null

  /** @param entries of the room; what is there at first is history and is not heard */
  hear(entries: readonly Entry[], me: string, play: () => void): void {
    const heard = this.#heard
    const newest = entries.at(-1)?.id ?? heard ?? -1
    this.#heard = newest
    if (heard === null || newest === heard || me === '') return
    const fresh = entries.slice(entries.findLastIndex(({ id }) => id <= heard) + 1)
    if (fresh.some(({ line }) => line.k === 'msg' && line.n !== me && mentions(line.b ?? '', me))) play()
  }
}
