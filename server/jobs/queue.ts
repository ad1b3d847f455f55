import { fromKysely, PgBoss, type SendOptions } from 'pg-boss'
import type { LinkPurpose } from '../accounts/mailed-link.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Mail } from '../mail/queue-mail.ts'
import type { Push } from '../notices/send-pushes.job.ts'
import type { ThumbnailOf } from '../pictures/size-thumbnail.job.ts'
import type { JobMetrics } from './metrics.ts'

/** Every job and what it needs to know; the handler stands in its feature as `<verb>.job.ts`. */
export interface Jobs {
  'delete-recording-files': { recording: string }
  'delete-objects': { keys: string[] }
  'write-chats': Record<string, never>
  'size-thumbnail': ThumbnailOf
  'end-lost-broadcasts': Record<string, never>
  'purge-stale-rows': Record<string, never>
  'reconcile-counters': Record<string, never>
  'send-mail': Mail
  'mail-link': { purpose: LinkPurpose; email: string }
  'flush-progress': Record<string, never>
  'recompute-course-progress': { course: number }
  'complete-attended': { recording: string }
  'flush-views': Record<string, never>
  'mirror-facts': Record<string, never>
  'count-activity': Record<string, never>
  'write-report': { report: string }
  'forget-statistics': Record<string, never>
  'verify-reviews': Record<string, never>
  'expire-pending-payments': Record<string, never>
  'auto-refund-duplicate': { payment: string }
  'deliver-sandbox-webhook': { session: string }
  'notify-followers': { broadcast: string }
  'notify-learners': { lesson: number; at: string }
  'process-video': { video: string }
  'make-export': { export: string }
  'purge-exports': Record<string, never>
  'delete-video-files': { video: string }
  'purge-uploads': Record<string, never>
  'deliver-notices': { notices: number[] }
  'send-pushes': { pushes: Push[]; attempt: number }
  'run-library': { run: string }
  'back-up': Record<string, never>
}
export type JobName = keyof Jobs

interface QueueSettings {
  retryLimit: number
  policy: 'standard' | 'exclusive'
  /** Of a job that may take hours: its worker says so often that it lives, or it is another's. */
  heartbeatSeconds?: number
}

const queues: Record<JobName, QueueSettings> = {
  // A store that is away comes back within a day.
  'delete-recording-files': { retryLimit: 20, policy: 'standard' },
  'size-thumbnail': { retryLimit: 20, policy: 'standard' },
  'process-video': { retryLimit: 20, policy: 'standard', heartbeatSeconds: 30 },
  'make-export': { retryLimit: 5, policy: 'standard', heartbeatSeconds: 30 },
  // The next run is the retry.
  'purge-exports': { retryLimit: 0, policy: 'exclusive' },
  'delete-video-files': { retryLimit: 20, policy: 'standard' },
  // The next run is the retry.
  'purge-uploads': { retryLimit: 0, policy: 'exclusive' },
  'delete-objects': { retryLimit: 20, policy: 'standard' },
  // The next run is the retry.
  'write-chats': { retryLimit: 0, policy: 'exclusive' },
  'end-lost-broadcasts': { retryLimit: 0, policy: 'exclusive' },
  'purge-stale-rows': { retryLimit: 3, policy: 'exclusive' },
  'reconcile-counters': { retryLimit: 3, policy: 'exclusive' },
  // The next run, a few seconds later, is the retry.
  'flush-progress': { retryLimit: 0, policy: 'exclusive' },
  'recompute-course-progress': { retryLimit: 5, policy: 'standard' },
  'complete-attended': { retryLimit: 5, policy: 'standard' },
  // Money that is not ours: until the provider is back.
  'auto-refund-duplicate': { retryLimit: 50, policy: 'standard' },
  // The next run is the retry.
  'expire-pending-payments': { retryLimit: 0, policy: 'exclusive' },
  'deliver-sandbox-webhook': { retryLimit: 10, policy: 'standard' },
  'mail-link': { retryLimit: 10, policy: 'standard' },
  // A mail server that is away comes back within a day.
  'send-mail': { retryLimit: 20, policy: 'standard' },
  'flush-views': { retryLimit: 0, policy: 'exclusive' },
  'mirror-facts': { retryLimit: 0, policy: 'exclusive' },
  'count-activity': { retryLimit: 3, policy: 'exclusive' },
  // Statistics that are away come back within a day.
  'write-report': { retryLimit: 20, policy: 'standard' },
  'forget-statistics': { retryLimit: 3, policy: 'exclusive' },
  'verify-reviews': { retryLimit: 3, policy: 'exclusive' },
  'notify-followers': { retryLimit: 5, policy: 'standard' },
  'notify-learners': { retryLimit: 5, policy: 'standard' },
  'deliver-notices': { retryLimit: 3, policy: 'standard' },
  // Each push has its own attempts; this is for a database that is away.
  'send-pushes': { retryLimit: 3, policy: 'standard' },
  'run-library': { retryLimit: 5, policy: 'standard', heartbeatSeconds: 30 },
  // A store that is away comes back within a day.
  'back-up': { retryLimit: 20, policy: 'exclusive', heartbeatSeconds: 30 },
}

/** Jobs in PostgreSQL: kept when a process dies, tried again when one fails. */
export class Queue implements AsyncDisposable {
  readonly #boss: PgBoss
  readonly #log: Logger
  readonly #metrics: JobMetrics | null

  /** @param role a worker also looks after the queues; others only add to them */
  constructor(url: string, log: Logger, role: 'adds' | 'works', metrics: JobMetrics | null = null) {
    this.#log = log
    this.#metrics = metrics
    this.#boss = new PgBoss({
      connectionString: url,
      max: role === 'works' ? 5 : 2,
      supervise: role === 'works',
      schedule: role === 'works',
      migrate: false,
      createSchema: false,
    })
    this.#boss.on('error', (error) => log.warn({ error }, 'the job queue has trouble'))
  }

  async start(): Promise<void> {
    await this.#boss.start()
  }

  /** In the transaction of `em` when there is one: the job is there if, and only if, what causes it is. */
  async add<Name extends JobName>(
    name: Name,
    data: Jobs[Name],
    { em, ...options }: SendOptions & { em?: EntityManager } = {},
  ): Promise<void> {
    const transaction = em?.getTransactionContext<Parameters<typeof fromKysely>[0]>()
    await this.#boss.send(name, data, { ...options, ...(transaction ? { db: fromKysely(transaction) } : {}) })
  }

  /** @param everySeconds how long a job may wait for a worker that has nothing to do; 0.5 at least */
  async work<Name extends JobName>(
    name: Name,
    handle: (data: Jobs[Name], signal: AbortSignal) => Promise<void>,
    { everySeconds = 2 }: { everySeconds?: number } = {},
  ): Promise<void> {
    await this.#boss.work<Jobs[Name]>(name, { pollingIntervalSeconds: everySeconds }, async (jobs) => {
      for (const job of jobs) await this.#run(name, job.id, () => handle(job.data, job.signal))
    })
  }

  /** Whether jobs can be added and taken: its own connections reach its own tables. */
  async isReady(): Promise<boolean> {
    return this.#boss.isInstalled()
  }

  /**
   * Tries a job once more that was given up.
   *
   * @throws {DomainError} `job_not_found` when there is none of that id that failed
   */
  async retry(name: string, id: string): Promise<void> {
    if (!Object.hasOwn(queues, name)) throw new DomainError('job_not_found')
    const [job] = await this.#boss.findJobs(name, { id })
    if (job?.state !== 'failed') throw new DomainError('job_not_found')
    await this.#boss.retry(name, id)
  }

  /** pg-boss keeps why a job failed with the job, and tells nobody. */
  async #run(name: JobName, id: string, handle: () => Promise<void>): Promise<void> {
    const startedAt = performance.now()
    let isFailure = false
    try {
      await handle()
    } catch (error) {
      isFailure = true
      this.#log.warn({ error, queue: name, job: id }, 'a job failed')
      throw error
    } finally {
      this.#metrics?.ended(name, (performance.now() - startedAt) / 1000, { isFailure })
    }
  }

  /** @param cron in UTC */
  async schedule(name: JobName, cron: string): Promise<void> {
    await this.#boss.schedule(name, cron)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#boss.stop({ graceful: true, timeout: 8000 })
  }
}

/** Makes pg-boss's tables and our queues; part of `migrate`. */
export async function prepareQueues(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false, max: 2 })
  await boss.start()
  try {
    for (const [name, { retryLimit, policy, heartbeatSeconds }] of Object.entries(queues)) {
      const options = { retryLimit, retryDelay: 10, retryBackoff: true, retryDelayMax: 3600, ...life(heartbeatSeconds) }
      if (await boss.getQueue(name)) await boss.updateQueue(name, options)
      else await boss.createQueue(name, { policy, ...options })
    }
  } finally {
    await boss.stop({ graceful: false })
  }
}

function life(heartbeatSeconds: number | undefined): { expireInSeconds: number; heartbeatSeconds?: number } {
  return heartbeatSeconds === undefined ? { expireInSeconds: 600 } : { expireInSeconds: 86_000, heartbeatSeconds }
}
