import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { ProgressJson } from '../../server/progress/contract.ts'
import { ApiError, get, send, sendLast } from '../api.ts'
import { type Range, WatchedRanges } from './watched-ranges.ts'

/** As the API asks for it. */
const EVERY_MS = 10_000

interface Word {
  position_seconds?: number
  ranges?: Range[]
  status?: 'completed'
}

/**
 * Tells the API how far its learner is with one lesson: every ten seconds while there is something new, at once when the
 * lesson is left, also by closing the page. What could not be sent is sent with the next one.
 */
export class LessonProgress implements ReactiveController {
  /** As the server counts it; null until it has answered, and of who is not counted. */
  value: ProgressJson | null = null
  readonly #host: ReactiveControllerHost
  readonly #onValue: (progress: ProgressJson) => void
  readonly #watched = new WatchedRanges()
  #lesson: number | null = null
  #position: number | null = null
  #timer: ReturnType<typeof setInterval> | undefined
  /** What is on its way. */
  #sending: Promise<unknown> | null = null
  /** There is more to tell once that has come. */
  #isOwed = false

  constructor(host: ReactiveControllerHost, onValue: (progress: ProgressJson) => void) {
    this.#host = host
    this.#onValue = onValue
    host.addController(this)
  }

  hostConnected(): void {
    this.#timer = setInterval(() => void this.#beat(), EVERY_MS)
    window.addEventListener('pagehide', this.#onPageHide)
    document.addEventListener('visibilitychange', this.#onVisibility)
  }

  hostDisconnected(): void {
    clearInterval(this.#timer)
    window.removeEventListener('pagehide', this.#onPageHide)
    document.removeEventListener('visibilitychange', this.#onVisibility)
    this.follow(null)
  }

  /** Begins with a lesson, or ends with null. The one before is saved. */
  follow(lesson: number | null): void {
    if (lesson === this.#lesson) return
    this.#leave()
    this.#lesson = lesson
    this.#position = null
    this.#watched.jump()
    this.#watched.take()
    this.#watched.saved()
    this.value = null
    if (lesson !== null) void this.#begin(lesson)
  }

  /** The video plays, and is here; see `WatchedRanges`. */
  at(seconds: number, saysJumps = false): void {
    this.#position = seconds
    this.#watched.at(seconds, saysJumps)
  }

  /** Somebody moved to another place of it. */
  jump(): void {
    this.#watched.jump()
  }

  /** It stands, or is over: what was watched is told now. */
  rest(): void {
    this.#watched.jump()
    void this.#beat()
  }

  /**
   * The learner says that it is done.
   *
   * @throws {ApiError}
   */
  async mark(): Promise<ProgressJson | null> {
    const rule = this.value?.completion_rule
    const length = rule?.type === 'watched' ? rule.length_seconds : null
    return this.#send(length === null ? { status: 'completed' } : { ranges: [[0, length]] })
  }

  /** A quiz or an assignment has moved it: ask again. */
  refresh(): void {
    if (this.#lesson !== null) void this.#begin(this.#lesson)
  }

  async #begin(lesson: number): Promise<void> {
    try {
      const progress = await get<ProgressJson>(`/api/lessons/${lesson}/progress/`)
      if (lesson !== this.#lesson) return
      this.#take(progress)
      // The first sign of a reader: from here on time counts, and the course knows where they are.
      await this.#send({})
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
    }
  }

  async #beat(): Promise<void> {
    const isRead = this.value?.completion_rule.type === 'read' && this.value.status !== 'completed'
    if (document.hidden || this.value === null || (this.#watched.isEmpty && !isRead)) return
    if (this.#sending) {
      this.#isOwed = true
      return
    }
    // Not lost: it is sent with the next one.
    await this.#send(this.#body()).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error
    })
  }

  #body(): Word {
    const position = this.#position === null ? {} : { position_seconds: Math.min(1e6, this.#position) }
    const ranges = this.#watched.take()
    return { ...position, ...(ranges.length > 0 ? { ranges } : {}) }
  }

  /** One after the other; null, or what is known, when the lesson was left meanwhile. */
  async #send(body: Word): Promise<ProgressJson | null> {
    const lesson = this.#lesson
    while (this.#sending) await this.#sending.catch(() => undefined)
    if (lesson === null || lesson !== this.#lesson) return this.value
    const sending = send<ProgressJson>('POST', `/api/lessons/${lesson}/progress/`, body)
    this.#sending = sending
    try {
      const progress = await sending
      if (lesson === this.#lesson) {
        if (body.ranges) this.#watched.saved()
        this.#take(progress)
      }
      return progress
    } finally {
      this.#sending = null
      const isOwed = this.#isOwed
      this.#isOwed = false
      if (isOwed) void this.#beat()
    }
  }

  #take(progress: ProgressJson): void {
    this.value = progress
    this.#onValue(progress)
    this.#host.requestUpdate()
  }

  #leave(): void {
    if (this.#lesson === null || this.value === null || this.#watched.isEmpty) return
    sendLast(`/api/lessons/${this.#lesson}/progress/`, { ...this.#body(), event: 'leave' })
  }

  readonly #onPageHide = (): void => this.#leave()
  readonly #onVisibility = (): void => {
    // On a phone nothing else is said before the page is gone.
    if (document.hidden) this.#leave()
  }
}
