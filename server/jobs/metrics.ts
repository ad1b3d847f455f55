import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Orm } from '../db/orm.ts'
import { findQueueStates } from './overview.ts'

/** How the jobs of this process went. */
export class JobMetrics {
  readonly #duration: Histogram<'queue'>
  readonly #failures: Counter<'queue'>

  constructor(registry: Registry) {
    this.#duration = new Histogram({
      name: 'job_duration_seconds',
      help: 'From taking a job to its end, however it ended.',
      labelNames: ['queue'],
      buckets: [0.01, 0.05, 0.25, 1, 5, 30, 120, 600],
      registers: [registry],
    })
    this.#failures = new Counter({
      name: 'job_failures_total',
      help: 'Tries of a job that failed; most are tried again.',
      labelNames: ['queue'],
      registers: [registry],
    })
  }

  ended(queue: string, seconds: number, { isFailure }: { isFailure: boolean }): void {
    this.#duration.observe({ queue }, seconds)
    if (isFailure) this.#failures.inc({ queue })
  }
}

/** What waits in the queues, asked of PostgreSQL when somebody reads the metrics. */
export function measureQueues(registry: Registry, orm: Orm): void {
  const jobs = new Gauge({
    name: 'queue_jobs',
    help: 'Jobs by queue and state.',
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      // Without a database the rest of the metrics is still worth reading.
      const states = await findQueueStates(orm.em.fork()).catch(() => [])
      jobs.reset()
      oldest.reset()
      for (const { name: queue, waiting, active, failed, oldestSeconds } of states) {
        jobs.set({ queue, state: 'waiting' }, waiting)
        jobs.set({ queue, state: 'active' }, active)
        jobs.set({ queue, state: 'failed' }, failed)
        oldest.set({ queue }, oldestSeconds ?? 0)
      }
    },
  })
  const oldest = new Gauge({
    name: 'queue_oldest_seconds',
    help: 'How long the oldest waiting job of a queue is due.',
    labelNames: ['queue'],
    registers: [registry],
  })
}
