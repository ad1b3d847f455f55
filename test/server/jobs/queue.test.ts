import { PgBoss } from 'pg-boss'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findQueueStates } from '../../../server/jobs/overview.ts'
import { Queue } from '../../../server/jobs/queue.ts'
import { startJobs } from '../../../server/jobs/schedule.ts'
import { createLogger } from '../../../server/logger.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const fork = () => server.context.orm.em.fork()
const waiting = async (name: string) =>
  (await findQueueStates(fork())).find((queue) => queue.name === name)?.waiting ?? 'no such queue'
const mail = { to: 'a@example.org', template: 'enrolled', language: 'en', data: {} } as const

describe('a job', () => {
  it('is there if, and only if, the transaction that causes it is', async () => {
    const { queue } = server.context
    await expect(
      fork().transactional(async (tx) => {
        await queue.add('send-mail', mail, { em: tx })
        throw new Error('taken back')
      }),
    ).rejects.toThrow('taken back')
    expect(await waiting('send-mail')).toBe(0)
    await fork().transactional(async (tx) => {
      await queue.add('send-mail', mail, { em: tx })
      // Not before the commit.
      expect(await waiting('send-mail')).toBe(0)
    })
    expect(await waiting('send-mail')).toBe(1)
  })

  it('of the house-keeping waits once, however many ask for it', async () => {
    for (const name of ['reconcile-counters', 'purge-stale-rows', 'end-lost-broadcasts'] as const) {
      await Promise.all(Array.from({ length: 20 }, () => server.context.queue.add(name, {})))
      expect(await waiting(name), name).toBe(1)
    }
  })
})

describe('a worker', () => {
  it('that says no more that it lives loses its video to another', async () => {
    const video = 'e'.repeat(24)
    const options = { supervise: false, schedule: false, migrate: false, max: 2 }
    const killed = new PgBoss({ connectionString: server.config.database.url, ...options })
    await killed.start()
    try {
      await server.context.queue.add('process-video', { video })
      const [job] = await killed.fetch<{ video: string }>('process-video')
      expect(job?.data).toEqual({ video })
      const after = async (silent: string) => {
        await fork().execute('update pgboss.job set heartbeat_on = now() - ?::interval where id = ?', [silent, job?.id])
        await fork().execute(
          `update pgboss.queue set monitor_claim_on = null, monitor_on = null where name = 'process-video'`,
        )
        await killed.supervise('process-video')
        return (await killed.findJobs('process-video', { id: job?.id ?? '' }))[0]?.state
      }
      expect(await after('25 s')).toBe('active')
      expect(await after('35 s')).toBe('retry')
      await fork().execute('update pgboss.job set start_after = now() where id = ?', [job?.id])
      expect((await killed.fetch('process-video')).map(({ id }) => id)).toEqual([job?.id])
    } finally {
      await killed.stop({ graceful: false })
    }
  })

  it('takes the jobs of every queue there is, and plans only such', async () => {
    const worked: string[] = []
    const scheduled: string[] = []
    const queue = new Queue(server.config.database.url, createLogger('test', 'silent'), 'adds')
    Object.assign(queue, {
      work: async (name: string) => void worked.push(name),
      schedule: async (name: string) => void scheduled.push(name),
    })
    using _jobs = await startJobs({ ...server.context, queue })
    const queues = (await findQueueStates(fork())).map(({ name }) => name)
    expect(worked.toSorted()).toEqual(queues)
    expect(queues).toEqual(expect.arrayContaining(scheduled))
    expect(scheduled).toEqual(expect.arrayContaining(['purge-stale-rows', 'reconcile-counters']))
  })
})
