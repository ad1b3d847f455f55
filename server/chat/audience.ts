/** So many sockets are written to at a time: some five milliseconds, after which whatever came meanwhile is read. */
const MOST_SEATS = 1000

/** A part of a room's audience on one node; all of it is sent the same frames at the same time. */
export interface Section {
  readonly number: number
  /** Connections. */
  size: number
  /** Number of the newest line that they have been sent. */
  sent: number
}

/**
 * Everybody of a room on one node, in sections that are served in turns.
 *
 * A frame for ten thousand takes as long as ten for a thousand each; but between those ten the node hears what is said,
 * so nobody waits until all the others have been served. A section may be behind another one: what it is told never is.
 */
export class Audience {
  readonly sections: Section[] = [{ number: 0, size: 0, sent: 0 }]
  #next = 0

  /** Connections. */
  get size(): number {
    return this.sections.reduce((sum, { size }) => sum + size, 0)
  }

  /** @param last number of the room's newest line: a section without anybody has nothing to catch up with */
  enter(last: number): Section {
    let section = this.sections.find(({ size }) => size < MOST_SEATS)
    if (!section) {
      section = { number: this.sections.length, size: 0, sent: last }
      this.sections.push(section)
    }
    if (section.size === 0) section.sent = last
    section.size += 1
    return section
  }

  leave(section: Section): void {
    section.size -= 1
  }

  /** All of them have been sent everything up to it, or need not be. */
  hasAll(last: number): void {
    for (const section of this.sections) section.sent = last
  }

  /** Whose turn it is among those that have not been sent everything; null when there is none. */
  next(last: number): Section | null {
    const { sections } = this
    for (let i = 0; i < sections.length; i += 1) {
      const section = sections[(this.#next + i) % sections.length]
      if (!section || section.sent === last) continue
      this.#next = section.number + 1
      return section
    }
    return null
  }
}
