import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Counter, Registry } from 'prom-client'
import type { Logger } from '../logger.ts'
import { orElse, type RedisClient } from '../redis.ts'

const VERSION = 'catalog:version'
const CHANNEL = 'catalog:bumped'
const TTL_SECONDS = 15 * 60
/** A message that was lost, or Redis away: this late at most something changed is noticed. */
const REMEMBERED_MS = 5000
const MAX_REMEMBERED = 2000
/** Somebody else is looking: their answer is waited for this long, then one looks oneself. */
const LOCK_MS = 3000
const LOOK_AGAIN_MS = 25
const HIT = { result: 'hit' } as const
const MISS = { result: 'miss' } as const

export interface Cached {
  text: string
  isHit: boolean
  /** Of what the catalogue was when this was looked up; for `rememberAnswer`. */
  stamp: string
}

/** A whole answer to a guest, ready to be sent. */
export interface Answer {
  body: Buffer
  etag: string
  /** As metrics name it. */
  route: string
}

interface Remembered<Value> {
  at: number
  value: Value
}

/**
 * What guests are shown of the catalogue: in Redis for 15 minutes, and for seconds in this process, both under a version that
 * each change counts up.
 *
 *   read() ──▶ own memory ──▶ Redis ──▶ lock, look ──▶ Redis, own memory
 *   bump() ──▶ version + 1, and a message to every process ──▶ what they remember is old
 *
 * Guarantees:
 *   1. What was looked up before a change is kept under the version before it, so it is never taken for new.
 *   2. Whoever asks for the same at once, in all processes, causes one look at the database.
 *   3. A look that fails is told to those who wait for it and kept nowhere.
 *   4. Without Redis every process answers from its own memory and the database; a change meanwhile counts when Redis is back.
 */
export class CatalogCache implements AsyncDisposable {
  readonly #redis: RedisClient
  readonly #subscriber: RedisClient
  readonly #log: Logger
  readonly #reads: Counter<'result'>
  readonly #remembered = new Map<string, Remembered<string>>()
  readonly #answers = new Map<string, Remembered<Answer>>()
  readonly #flights = new Map<string, Promise<Cached>>()
  #version = 0
  /** Counts changes that were made here: what was looked up before one is not kept after it, with or without Redis. */
  #changes = 0
  /** A change that Redis was not told of. */
  #isBumpOwed = false

  /** @param redis connected or connecting; stays the caller's to close */
  constructor(redis: RedisClient, log: Logger, metrics = new Registry()) {
    this.#redis = redis
    this.#log = log
    this.#reads = new Counter({
      name: 'catalog_reads_total',
      help: 'What guests asked of the catalogue: hits were kept, misses asked of the database.',
      labelNames: ['result'],
      registers: [metrics],
    })
    for (const result of ['hit', 'miss']) this.#reads.inc({ result }, 0)
    this.#subscriber = redis.duplicate()
    // Without a listener an `error` event ends the process; the client reconnects by itself.
    this.#subscriber.on('error', () => {})
    this.#subscriber.on('ready', this.#catchUp)
    this.#redis.on('ready', this.#catchUp)
  }

  /** Listens for changes made elsewhere, in the background. */
  start(): void {
    this.#subscriber
      .connect()
      .then(() =>
        this.#subscriber.subscribe(CHANNEL, (message) => {
          // Two changes may be told of in the wrong order.
          if (Number(message) > this.#version) this.#become(Number(message))
        }),
      )
      .catch((error) => this.#log.warn({ error }, 'changes of the catalogue are not being heard of'))
  }

  /** After the commit of whatever changes what the catalogue shows: before it, an old answer could be kept as a new one. */
  async bump(): Promise<void> {
    this.#changes += 1
    this.#forget()
    try {
      const version = await this.#redis.incr(VERSION)
      this.#isBumpOwed = false
      this.#become(version)
      await this.#redis.publish(CHANNEL, String(version))
    } catch (error) {
      this.#isBumpOwed = true
      this.#log.warn({ error }, 'the catalogue may be old elsewhere for a while')
    }
  }

  /**
   * @param key whatever tells this answer from others; the same for everybody who is shown it
   * @param look at the database
   */
  read(key: string, look: () => Promise<string>): Promise<Cached> {
    const text = recent(this.#remembered.get(key))
    if (text !== undefined) {
      this.#reads.inc(HIT)
      return Promise.resolve({ text, isHit: true, stamp: this.#stamp() })
    }
    const name = `${this.#stamp()}:${key}`
    const flying = this.#flights.get(name)
    if (flying) {
      this.#reads.inc(HIT)
      return flying
    }
    const flight = this.#fetch(key, look).finally(() => this.#flights.delete(name))
    this.#flights.set(name, flight)
    return flight
  }

  /** What was answered to this very visit within seconds, as long as nothing has changed since. */
  answerFor(visit: string): Answer | undefined {
    const answer = recent(this.#answers.get(visit))
    if (answer) this.#reads.inc(HIT)
    return answer
  }

  /** @param stamp of the `read` that it was made of */
  rememberAnswer(visit: string, stamp: string, answer: Answer): void {
    if (stamp !== this.#stamp()) return
    if (this.#answers.size >= MAX_REMEMBERED) this.#answers.clear()
    this.#answers.set(visit, { at: performance.now(), value: answer })
  }

  /** What was kept beside the answers, and the version that goes back to `keep` with what is looked up now. */
  async peek(keys: readonly string[]): Promise<{ version: number; texts: (string | null)[] }> {
    return this.#stored(keys.map(nameOf))
  }

  async keep(version: number, texts: readonly (readonly [key: string, text: string])[]): Promise<void> {
    if (this.#isBumpOwed) return
    await Promise.all(texts.map(([key, text]) => this.#store(entry(version, nameOf(key)), text)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.off('ready', this.#catchUp)
    await Promise.allSettled(this.#flights.values())
    this.#subscriber.destroy()
  }

  async #fetch(key: string, look: () => Promise<string>): Promise<Cached> {
    const name = nameOf(key)
    const changes = this.#changes
    const keep = (version: number, text: string, isHit: boolean): Cached => {
      const stamp = `${version}.${changes}`
      this.#reads.inc(isHit ? HIT : MISS)
      if (stamp === this.#stamp()) this.#remember(key, text)
      return { text, isHit, stamp }
    }
    const {
      version,
      texts: [stored],
    } = await this.#stored([name])
    if (stored) return keep(version, stored, true)
    const lock = await this.#lock(name, version)
    if (lock === 'elsewhere') {
      const text = await this.#waitFor(name, version)
      if (text !== null) return keep(version, text, true)
    }
    try {
      const text = await look()
      if (!this.#isBumpOwed) await this.#store(entry(version, name), text)
      return keep(version, text, false)
    } catch (error) {
      // After a success it stays for its time: whoever comes for it now finds the answer.
      if (lock !== 'elsewhere' && lock !== null) await this.#unlock(name, version, lock)
      throw error
    }
  }

  /** The version is asked for along with the entries: the message of a change may still be on its way. */
  async #stored(names: readonly string[]): Promise<{ version: number; texts: (string | null)[] }> {
    const asked = this.#version
    const nothing = { version: asked, texts: names.map(() => null) }
    if (this.#isBumpOwed) return nothing
    try {
      const [current, ...texts] = await this.#redis.mGet([VERSION, ...names.map((name) => entry(asked, name))])
      const version = Number(current ?? 0)
      if (version === asked) return { version, texts }
      this.#become(version)
      return { version, texts: await this.#redis.mGet(names.map((name) => entry(version, name))) }
    } catch {
      return nothing
    }
  }

  /** The secret that opens it again; null when Redis has no locks to give. */
  async #lock(name: string, version: number): Promise<string | 'elsewhere' | null> {
    const secret = randomBytes(12).toString('hex')
    try {
      const options = { condition: 'NX', expiration: { type: 'PX', value: LOCK_MS } } as const
      return (await this.#redis.set(`${entry(version, name)}:lock`, secret, options)) ? secret : 'elsewhere'
    } catch {
      return null
    }
  }

  /** Only one's own: after its time it may be somebody else's. */
  async #unlock(name: string, version: number, secret: string): Promise<void> {
    const script = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`
    await orElse(this.#redis.eval(script, { keys: [`${entry(version, name)}:lock`], arguments: [secret] }), null)
  }

  async #waitFor(name: string, version: number): Promise<string | null> {
    for (const until = performance.now() + LOCK_MS; performance.now() < until; ) {
      const [text, lock] = await orElse(this.#redis.mGet([entry(version, name), `${entry(version, name)}:lock`]), [
        null,
        null,
      ])
      if (text) return text
      if (!lock) return null
      await pause(LOOK_AGAIN_MS)
    }
    return null
  }

  async #store(name: string, text: string): Promise<void> {
    await orElse(this.#redis.set(name, text, { expiration: { type: 'EX', value: TTL_SECONDS } }), null)
  }

  #remember(key: string, text: string): void {
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(key, { at: performance.now(), value: text })
  }

  #become(version: number): void {
    if (version === this.#version || !Number.isFinite(version)) return
    this.#version = version
    this.#forget()
  }

  #forget(): void {
    this.#remembered.clear()
    this.#answers.clear()
  }

  #stamp(): string {
    return `${this.#version}.${this.#changes}`
  }

  /** Redis is (back) there: what it was not told is made up for before anything in it is believed. */
  readonly #catchUp = (): void => {
    if (this.#isBumpOwed) void this.bump()
    else orElse(this.#redis.get(VERSION), null).then((version) => this.#become(Number(version ?? 0)))
  }
}

function recent<Value>(remembered: Remembered<Value> | undefined): Value | undefined {
  return remembered && performance.now() - remembered.at < REMEMBERED_MS ? remembered.value : undefined
}

function entry(version: number, name: string): string {
  return `catalog:${version}:${name}`
}

/** Short, whatever was searched for. */
function nameOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
