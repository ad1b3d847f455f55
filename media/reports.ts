import { setTimeout as delay } from 'node:timers/promises'
import type { RecordingSummary } from './archive/vod.ts'
import { type MediaHost, MediaHostError, type PublishGrant } from './host.ts'
import type { Logger } from './logger.ts'

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 15_000

/** Where it is kept which reports the platform has acknowledged: the archive's journal, which outlives this process. */
export interface Acknowledged {
  has(report: string): boolean
  acknowledge(report: string): void
}

/**
 * Tells the platform what became of one broadcast: in order, each until it is acknowledged, for as long as that takes.
 * Shows never wait for it. A report sent twice has the same event id.
 */
export class Reports {
  readonly #host: MediaHost
  readonly #node: string
  readonly #logger: Logger
  readonly #stopped = new AbortController()
  #acknowledged: Acknowledged | null = null
  #queue: Promise<void> = Promise.resolve()

  constructor({ host, config, logger }: { host: MediaHost; config: { nodeName: string }; logger: Logger }) {
    this.#host = host
    this.#node = config.nodeName
    this.#logger = logger
  }

  /** From now on acknowledgements outlive the process. */
  remember(acknowledged: Acknowledged): void {
    this.#acknowledged = acknowledged
  }

  started(grant: PublishGrant, startedAtMs: number): Promise<void> {
    return this.#add(grant, 'started', (head) => this.#host.broadcastStarted({ ...head, startedAtMs }))
  }

  /** @param summary null when nothing playable came */
  ended(grant: PublishGrant, endedAtMs: number, cause: string | null, summary: RecordingSummary | null): Promise<void> {
    // The recording first: whoever sees the show end can open it at once.
    void this.#add(grant, 'closed', (head) =>
      this.#host.recordingClosed({ ...head, ...recordingOf(grant, summary), isUploaded: summary === null }),
    )
    return this.#add(grant, 'ended', (head) => this.#host.broadcastEnded({ ...head, endedAtMs, cause }))
  }

  uploaded(grant: PublishGrant, summary: RecordingSummary): Promise<void> {
    return this.#add(grant, 'uploaded', (head) =>
      this.#host.recordingClosed({ ...head, ...recordingOf(grant, summary), isUploaded: true }),
    )
  }

  /** Nothing more is sent; the next process sends what is left. */
  stop(): void {
    this.#stopped.abort()
  }

  #add(
    grant: PublishGrant,
    report: string,
    deliver: (head: { eventId: string; node: string; broadcast: string }) => Promise<void>,
  ): Promise<void> {
    const head = { eventId: `${grant.broadcast}:${report}`, node: this.#node, broadcast: grant.broadcast }
    this.#queue = this.#queue.then(() => this.#deliver(report, () => deliver(head)))
    return this.#queue
  }

  async #deliver(report: string, deliver: () => Promise<void>): Promise<void> {
    let waitMs = FIRST_RETRY_MS
    while (!this.#stopped.signal.aborted && !this.#acknowledged?.has(report)) {
      try {
        await deliver()
        this.#acknowledged?.acknowledge(report)
        return
      } catch (error) {
        // The platform knows this broadcast no more (its channel was deleted): saying it again changes nothing.
        if (error instanceof MediaHostError && error.code === 'refused') {
          this.#logger.warn({ error, report }, 'the platform refused a report')
          return
        }
        this.#logger.warn({ error, report, waitMs }, 'the platform could not take a report; trying again')
        await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal: this.#stopped.signal }).catch(() => {})
        waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)
      }
    }
  }
}

function recordingOf(grant: PublishGrant, summary: RecordingSummary | null) {
  const nothing = {
    isPlayable: false,
    durationSeconds: 0,
    width: null,
    height: null,
    renditions: [],
    sizeBytes: 0,
    hasThumbnail: false,
    hasStoryboard: false,
  }
  return { recording: grant.recording, ...(summary ?? nothing) }
}
