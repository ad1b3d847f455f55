import { argon2id, hash, verify } from 'argon2'
import { DomainError } from '../errors.ts'

/** What OWASP asks of argon2id: 19 MiB, 2 passes. About 20 ms of one core. */
const options = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/**
 * Hashes and checks passwords, a few at a time. Each takes 19 MiB and a thread of libuv's four; without a bound a burst of
 * logins would starve every file and every DNS lookup of the process.
 */
export class Passwords {
  readonly #concurrency: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0
  #decoy: Promise<string> | null = null

  constructor({ concurrency = 2, maxWaiting = 64 } = {}) {
    this.#concurrency = concurrency
    this.#maxWaiting = maxWaiting
  }

  /** @throws {DomainError} `busy` when too many wait already */
  async hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, options))
  }

  /**
   * @param stored null when there is no such account: the same work is done, so the time tells nothing
   * @throws {DomainError} `busy`
   */
  async isRight(stored: string | null, password: string): Promise<boolean> {
    this.#decoy ??= hash('nobody has this password', options)
    const against = stored ?? (await this.#decoy)
    const isEqual = await this.#inTurn(() => verify(against, password))
    return stored !== null && isEqual
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#concurrency) {
      if (this.#waiting.length >= this.#maxWaiting) throw new DomainError('busy')
      const turn = Promise.withResolvers<void>()
      this.#waiting.push(turn.resolve)
      await turn.promise
    } else this.#running += 1
    try {
      return await work()
    } finally {
      // A waiting one takes this place over, so the count stays.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
