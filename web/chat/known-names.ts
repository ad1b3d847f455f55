const MOST = 1000

/** Names of those who wrote in a room or read it, as they are written; the newest thousand. */
export class KnownNames {
  readonly #names = new Map<string, string>()

  /** @param name in lower case */
  has(name: string): boolean {
    return this.#names.has(name)
  }

  values(): Iterable<string> {
    return this.#names.values()
  }

  /** Of a line; one without a name says nothing. */
  learn({ n }: { n?: string }): void {
    if (!n || this.#names.has(n.toLowerCase())) return
    if (this.#names.size >= MOST) this.#names.delete(this.#names.keys().next().value ?? '')
    this.#names.set(n.toLowerCase(), n)
  }
}
