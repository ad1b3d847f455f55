import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { ApiError, getTagged } from './api.ts'
import { pauseAfter } from './poll-pause.ts'

/**
 * Keeps what the API says of one path on the page, asking again with the last ETag.
 *
 * Not while the tab is hidden; at once when it comes back. Answers that fail leave the last value standing, and are
 * asked for again with growing, jittered pauses, so that a server that comes back is not met by everybody at once.
 */
export class Poll<T> implements ReactiveController {
  /** Last known; null until the first answer. */
  value: T | null = null
  /** Of the last answer; null after one that succeeded. */
  error: ApiError | null = null
  readonly #host: ReactiveControllerHost
  readonly #everyMs: (value: T | null) => number
  readonly #onValue: (value: T) => void
  #path: string | null = null
  #etag: string | null = null
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking: AbortController | null = null
  #isConnected = false

  /** @param everyMs the pause between questions, by what is known */
  constructor(
    host: ReactiveControllerHost,
    everyMs: (value: T | null) => number,
    onValue: (value: T) => void = () => undefined,
  ) {
    this.#host = host
    this.#everyMs = everyMs
    this.#onValue = onValue
    host.addController(this)
  }

  /** Starts with another path, or stops with null. The same path again changes nothing. */
  follow(path: string | null): void {
    if (path === this.#path) return
    this.#path = path
    this.value = null
    this.error = null
    this.#etag = null
    this.#failures = 0
    this.now()
  }

  /** Asks at once, whatever the pause. */
  now(): void {
    clearTimeout(this.#timer)
    this.#asking?.abort()
    this.#asking = null
    if (this.#isConnected && this.#path && !document.hidden) void this.#ask(this.#path)
  }

  hostConnected(): void {
    this.#isConnected = true
    document.addEventListener('visibilitychange', this.#onVisibility)
    this.now()
  }

  hostDisconnected(): void {
    this.#isConnected = false
    document.removeEventListener('visibilitychange', this.#onVisibility)
    clearTimeout(this.#timer)
    this.#asking?.abort()
  }

  readonly #onVisibility = (): void => this.now()

  async #ask(path: string): Promise<void> {
    const asking = new AbortController()
    this.#asking = asking
    try {
      const answer = await getTagged<T>(path, this.#etag, asking.signal)
      if (asking.signal.aborted) return
      this.#failures = 0
      const hadError = this.error !== null
      this.error = null
      if (answer) {
        this.value = answer.value
        this.#etag = answer.etag
        this.#onValue(answer.value)
      }
      if (answer || hadError) this.#host.requestUpdate()
    } catch (error) {
      if (asking.signal.aborted || !(error instanceof ApiError)) return
      this.#failures += 1
      this.error = error
      this.#host.requestUpdate()
    }
    this.#timer = setTimeout(() => this.now(), pauseAfter(this.#failures, this.#everyMs(this.value), Math.random()))
  }
}
