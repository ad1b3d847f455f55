import type { createClient } from 'redis'
import type { PathToken } from './signed-path.ts'

/** Any client of node-redis, whatever its modules and protocol. */
export type RedisClient = ReturnType<typeof createClient>

/** A path token lives 12 h at most, so an older revocation has nothing left to revoke. */
const KEPT_SECONDS = 12 * 3600
const KEY = 'revocations'

interface Log {
  warn(fields: object, message: string): void
}

/**
 * Who may no longer use path tokens that were issued before a moment: after a logout, a ban, a refund.
 *
 *   revoke() ──▶ own memory ──▶ Redis hash, and a message to every process ──▶ their memory
 *
 * Guarantees:
 *   1. `isRevoked` asks memory alone, so a playlist or segment never waits for Redis.
 *   2. The whole hash is read again whenever Redis comes back, so a message lost meanwhile is made up for.
 *   3. What a Redis without its data has forgotten is written back from memory, so a restart of it unrevokes nobody.
 *   4. A revocation made while Redis is away holds here at once and elsewhere when it is back.
 *
 * A subject is `u<user>`, `u<user>s<session>` or `g<guest>`; revoking a user takes all of its sessions along.
 */
export class Revocations implements AsyncDisposable {
  readonly #client: RedisClient
  readonly #subscriber: RedisClient
  readonly #log: Log
  /** Subject → seconds since 1970: tokens issued before are void. */
  readonly #issuedBefore = new Map<string, number>()
  #loading: Promise<void> | null = null

  /** @param client connected or connecting; stays the caller's to close */
  constructor(client: RedisClient, log: Log = { warn() {} }) {
    this.#client = client
    this.#log = log
    this.#subscriber = client.duplicate()
    // Without a listener an `error` event ends the process; the client reconnects by itself.
    this.#subscriber.on('error', () => {})
    this.#subscriber.on('ready', () => void this.#load())
    this.#client.on('ready', this.#reload)
  }

  /** Resolves when the hash has been read, or after `patienceMs` without Redis; never throws. */
  async start(patienceMs = 2000): Promise<void> {
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(patience.resolve, patienceMs)
    const subscribed = (async () => {
      await this.#subscriber.connect()
      await this.#subscriber.subscribe(KEY, (message) => this.#hear(message))
      if (!this.#client.isReady) await new Promise((resolve) => this.#client.once('ready', resolve))
      await this.#load()
    })().catch((error) => this.#log.warn({ error }, 'revocations are not being heard'))
    await Promise.race([subscribed, patience.promise])
    clearTimeout(timer)
  }

  isRevoked(token: Pick<PathToken, 'subject' | 'issuedAt'>): boolean {
    return token.issuedAt < this.issuedBefore(token.subject)
  }

  /** Seconds since 1970: a token for this subject must be issued then or later. 0 when nothing was revoked. */
  issuedBefore(subject: string): number {
    const whole = this.#issuedBefore.get(subject) ?? 0
    const user = /^u\d+(?=s)/.exec(subject)?.[0]
    return Math.max(whole, user ? (this.#issuedBefore.get(user) ?? 0) : 0)
  }

  /** Voids every token issued to the subject until now, here at once and everywhere else within a round trip. */
  async revoke(subject: string, now: Date = new Date()): Promise<void> {
    // Tokens issued within this very second are void too.
    const seconds = Math.floor(now.getTime() / 1000) + 1
    this.#remember(subject, seconds)
    try {
      await this.#client.multi().hSet(KEY, subject, String(seconds)).publish(KEY, `${subject} ${seconds}`).exec()
    } catch (error) {
      this.#log.warn({ error }, 'a revocation waits for Redis')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.off('ready', this.#reload)
    await this.#loading
    this.#subscriber.destroy()
  }

  readonly #reload = () => void this.#load()

  /** One reading at a time; a call during one is answered by it, since either connection's return asks for it. */
  async #load(): Promise<void> {
    // The subscriber was there first, at a start or after a restart of Redis: the client's own return reads.
    if (!this.#client.isReady) return
    this.#loading ??= this.#merge()
      .catch((error) => this.#log.warn({ error }, 'revocations could not be read'))
      .finally(() => {
        this.#loading = null
      })
    await this.#loading
  }

  async #merge(): Promise<void> {
    const oldest = Math.floor(Date.now() / 1000) - KEPT_SECONDS
    const stored = new Map(Object.entries(await this.#client.hGetAll(KEY)).map(([key, text]) => [key, Number(text)]))
    const stale = [...stored].filter(([, seconds]) => !(seconds > oldest)).map(([subject]) => subject)
    for (const [subject, seconds] of stored) if (seconds > oldest) this.#remember(subject, seconds)
    for (const [subject, seconds] of this.#issuedBefore) {
      if (seconds <= oldest) this.#issuedBefore.delete(subject)
      else if ((stored.get(subject) ?? 0) < seconds) {
        await this.#client.multi().hSet(KEY, subject, String(seconds)).publish(KEY, `${subject} ${seconds}`).exec()
      }
    }
    if (stale.length > 0) await this.#client.hDel(KEY, stale)
  }

  #hear(message: string): void {
    const [subject = '', seconds = ''] = message.split(' ')
    if (subject && Number(seconds) > 0) this.#remember(subject, Number(seconds))
  }

  /** Never backwards: messages and readings may come in any order. */
  #remember(subject: string, seconds: number): void {
    if (seconds > (this.#issuedBefore.get(subject) ?? 0)) this.#issuedBefore.set(subject, seconds)
  }
}
