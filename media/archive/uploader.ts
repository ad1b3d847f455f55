import { setTimeout as delay } from 'node:timers/promises'
import { type ObjectStore, ObjectStoreError, type ObjectStoreErrorCode } from '../storage/object-store.ts'

export interface UploaderOptions {
  store: ObjectStore
  /** Before every file's name in its key: `recordings/<id>/`. */
  prefix: string
  /** Asked at each attempt. Null: it is nowhere any more. */
  bodyOf(file: string): Promise<Uint8Array | { file: string } | null>
  onStored(file: string): void
  onMissing(file: string): void
  /** Whether the store took the last file it was given; null: it did. */
  onState(trouble: ObjectStoreErrorCode | null, error?: unknown): void
}

const AT_ONCE = 4
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 15_000
/** What is on its way when the process stops; the next one sends it again. */
const LEAVE_AFTER_MS = 2000

/**
 * Brings files to the object store, four at a time, in the order they come; for as long as it takes. While the store is
 * away one of them tries it, with growing and jittered pauses; when it is back, all go on.
 */
export class Uploader implements AsyncDisposable {
  readonly #options: UploaderOptions
  readonly #stopped = new AbortController()
  readonly #queue: string[] = []
  /** Waiting or on its way. */
  readonly #known = new Set<string>()
  #active = 0
  #failures = 0
  #isPausing = false
  #idlers: (() => void)[] = []

  constructor(options: UploaderOptions) {
    this.#options = options
  }

  /** What waits already is not sent twice. */
  add(file: string): void {
    if (this.#stopped.signal.aborted || this.#known.has(file)) return
    this.#known.add(file)
    this.#queue.push(file)
    this.#pump()
  }

  /** Files that the store does not have yet. */
  get backlog(): number {
    return this.#queue.length + this.#active
  }

  /** Resolves when nothing is left to send: the store has everything that was added, or this was disposed of. */
  idle(): Promise<void> {
    if (this.backlog === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idlers.push(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort()
    this.#queue.length = 0
    if (this.#active > 0) await Promise.race([this.idle(), delay(LEAVE_AFTER_MS, undefined, { ref: false })])
  }

  #pump(): void {
    const limit = this.#failures > 0 ? 1 : AT_ONCE
    while (!this.#isPausing && this.#active < limit) {
      const file = this.#queue.shift()
      if (file === undefined) break
      this.#active += 1
      void this.#send(file).finally(() => {
        this.#active -= 1
        this.#pump()
      })
    }
    if (this.backlog > 0) return
    const idlers = this.#idlers
    this.#idlers = []
    for (const resolve of idlers) resolve()
  }

  async #send(file: string): Promise<void> {
    const { store, prefix, bodyOf, onStored, onMissing, onState } = this.#options
    try {
      const body = await bodyOf(file)
      if (body) await store.put(prefix + file, body)
      this.#known.delete(file)
      if (!body) onMissing(file)
      else {
        this.#failures = 0
        onState(null)
        onStored(file)
      }
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      this.#queue.unshift(file)
      onState(error instanceof ObjectStoreError ? error.code : 'unavailable', error)
      await this.#pause()
    }
  }

  /** Those that fail together are one failure, and wait together. */
  async #pause(): Promise<void> {
    if (this.#isPausing) return
    this.#isPausing = true
    this.#failures += 1
    const longest = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10))
    const { signal } = this.#stopped
    await delay(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    this.#isPausing = false
  }
}
