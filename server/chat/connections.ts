import type { Connection } from './connection.ts'
import type { ServerFrame } from './protocol.ts'

/** Everybody who is connected to this node, whatever room they are in. */
export class Connections {
  readonly #all = new Set<Connection>()
  /** Of each person, signed in or not. */
  readonly #people = new Map<string, Set<Connection>>()

  add(connection: Connection): void {
    this.#all.add(connection)
    const { uid } = connection.person
    this.#people.set(uid, (this.#people.get(uid) ?? new Set()).add(connection))
  }

  remove(connection: Connection): void {
    this.#all.delete(connection)
    const { uid } = connection.person
    const theirs = this.#people.get(uid)
    if (theirs?.delete(connection) && theirs.size === 0) this.#people.delete(uid)
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#all.values()
  }

  tellAll(frame: ServerFrame): void {
    for (const connection of this.#all) connection.tell(frame)
  }

  tellPeople(uids: readonly string[], frame: ServerFrame): void {
    for (const uid of uids) for (const connection of this.#people.get(uid) ?? []) connection.tell(frame)
  }
}
