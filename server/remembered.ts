/** A guesser of keys must not fill the memory. */
const MAX_REMEMBERED = 2000

/**
 * One look for everybody who asks within `forMs`, however many they are. An answer may be that old; a failure is told to
 * those who wait and not remembered.
 */
export class Remembered<T> {
  readonly #look: (key: string) => Promise<T>
  readonly #forMs: number
  readonly #most: number
  readonly #answers = new Map<string, { at: number; answer: Promise<T> }>()

  constructor(look: (key: string) => Promise<T>, forMs: number, most = MAX_REMEMBERED) {
    this.#look = look
    this.#forMs = forMs
    this.#most = most
  }

  get(key: string): Promise<T> {
    const now = performance.now()
    const known = this.#answers.get(key)
    if (known && now - known.at < this.#forMs) return known.answer
    if (this.#answers.size >= this.#most) this.#answers.clear()
    const asked = { at: now, answer: this.#look(key) }
    this.#answers.set(key, asked)
    asked.answer.catch(() => {
      if (this.#answers.get(key) === asked) this.#answers.delete(key)
    })
    return asked.answer
  }

  /** For what was just changed here. */
  forget(key: string): void {
    this.#answers.delete(key)
  }

  forgetAll(): void {
    this.#answers.clear()
  }
}
