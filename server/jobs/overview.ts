import type { EntityManager } from '../db/orm.ts'

/** How one queue stands. */
export interface QueueState {
  name: string
  /** Due or not yet, with those that are tried again. */
  waiting: number
  active: number
  /** Given up after every try. */
  failed: number
  completed: number
  /** Seconds since the oldest waiting job was due; null when none is. */
  oldestSeconds: number | null
}

export interface FailedJob {
  queue: string
  id: string
  error: string
  retryCount: number
  createdAt: Date
  failedAt: Date | null
}

const SHOWN_FAILURES = 20

interface StateRow {
  name: string
  waiting: string
  active: string
  failed: string
  completed: string
  oldest: number | null
}

/** Every queue there is, those without a job too. */
export async function findQueueStates(em: EntityManager): Promise<QueueState[]> {
  const rows = await em.execute<StateRow[]>(
    `select q.name,
            count(*) filter (where j.state in ('created', 'retry')) as waiting,
            count(*) filter (where j.state = 'active') as active,
            count(*) filter (where j.state = 'failed') as failed,
            count(*) filter (where j.state = 'completed') as completed,
            extract(epoch from now() - min(j.start_after)
              filter (where j.state in ('created', 'retry') and j.start_after <= now()))::int as oldest
       from pgboss.queue q left join pgboss.job j on j.name = q.name
      where q.name not like '\\_\\_%'
      group by q.name order by q.name`,
  )
  return rows.map(({ name, waiting, active, failed, completed, oldest }) => ({
    name,
    waiting: Number(waiting),
    active: Number(active),
    failed: Number(failed),
    completed: Number(completed),
    oldestSeconds: oldest,
  }))
}

interface FailureRow {
  name: string
  id: string
  error: string | null
  retry_count: number
  created_on: Date | string
  completed_on: Date | string | null
}

/** The newest of each queue; their data stays where it is, since a mail's holds its token. */
export async function findFailures(em: EntityManager): Promise<FailedJob[]> {
  const rows = await em.execute<FailureRow[]>(
    `select name, id, error, retry_count, created_on, completed_on
       from (select name, id, retry_count, created_on, completed_on,
                    coalesce(output ->> 'message', output ->> 'value', output #>> '{}') as error,
                    row_number() over (partition by name order by completed_on desc nulls last, id) as place
               from pgboss.job where state = 'failed') as failures
      where place <= ? order by completed_on desc nulls last, id`,
    [SHOWN_FAILURES],
  )
  return rows.map((row) => ({
    queue: row.name,
    id: row.id,
    error: (row.error ?? '').slice(0, 1000),
    retryCount: row.retry_count,
    createdAt: new Date(row.created_on),
    failedAt: row.completed_on === null ? null : new Date(row.completed_on),
  }))
}
