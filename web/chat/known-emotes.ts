import { fetchEmotes } from './room-api.ts'

/** A room's own emotes, fetched once for each number that its settings show. */
export class KnownEmotes {
  /** Name → address of the picture. */
  pictures: ReadonlyMap<string, string> = new Map()
  #room = ''
  #version = 0

  /** Another room's have nothing to do with it, whatever their number. */
  forget(room: string): void {
    this.#room = room
    this.#version = 0
    this.pictures = new Map()
  }

  /** @param onChange once they are there */
  show(version: number, onChange: () => void): void {
    const room = this.#room
    if (version === this.#version) return
    this.#version = version
    fetchEmotes(room)
      .then((pictures) => {
        if (room !== this.#room || version !== this.#version) return
        this.pictures = pictures
        onChange()
      })
      .catch(() => {
        // Their names stand where they would.
      })
  }
}
