import { randomUUID } from 'node:crypto'
import { Registry } from 'prom-client'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { User } from '../../../server/accounts/user.ts'
import { AuditLog, writeAudit } from '../../../server/admin/audit-log.ts'
import { JobMetrics } from '../../../server/jobs/metrics.ts'
import { Queue } from '../../../server/jobs/queue.ts'
import { Review } from '../../../server/reviews/review.ts'
import { ReviewReport } from '../../../server/reviews/review-report.ts'
import { aCourse } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

type Agent = Awaited<ReturnType<TestServer['signIn']>>
interface QueueBody {
  name: string
  waiting: number
  active: number
  failed: number
  completed: number
  oldest_seconds: number | null
  failures: { id: string; error: string; retry_count: number; created_at: string; failed_at: string }[]
}

let server: TestServer
let root: User
let admin: Agent
beforeAll(async () => {
  server = await startServer()
  root = await server.register('admin')
  admin = await server.signIn(root)
})
afterAll(() => server[Symbol.asyncDispose]())

const fork = () => server.context.orm.em.fork()
const stateOf = async (name: string) => {
  const { body } = await admin.get('/api/admin/jobs/').expect(200)
  return (body as QueueBody[]).find((queue) => queue.name === name) as QueueBody
}

describe('the job queues', () => {
  it('are shown with what waits, for how long, and what was given up with its error', async () => {
    expect(await stateOf('delete-recording-files')).toEqual({
      name: 'delete-recording-files',
      ...{ waiting: 0, active: 0, failed: 0, completed: 0, oldest_seconds: null, failures: [] },
    })
    const { queue, config, log, metrics } = server.context
    const recording = 'd'.repeat(24)
    await queue.add(
      'delete-recording-files',
      { recording },
      { retryLimit: 0, startAfter: new Date(Date.now() - 90_000) },
    )
    const waiting = await stateOf('delete-recording-files')
    expect(waiting).toMatchObject({ waiting: 1, active: 0, failed: 0 })
    expect(waiting.oldest_seconds).toBeGreaterThanOrEqual(89)

    let isStoreThere = false
    // A worker is another process.
    const registry = new Registry()
    await using worker = new Queue(config.database.url, log, 'works', new JobMetrics(registry))
    await worker.start()
    await worker.work('delete-recording-files', async () => {
      if (!isStoreThere) throw new Error('the store is away')
    })
    await vi.waitFor(async () => expect((await stateOf('delete-recording-files')).failed).toBe(1), { timeout: 10_000 })
    const [failure] = (await stateOf('delete-recording-files')).failures
    expect(failure).toMatchObject({ error: 'the store is away', retry_count: 0, failed_at: expect.any(String) })
    expect(server.log()).toMatch(/"queue":"delete-recording-files".*a job failed/)
    expect(await registry.metrics()).toContain('job_failures_total{queue="delete-recording-files"} 1')
    // What the job knew is not shown: a mail's data holds its one-time token.
    expect(JSON.stringify(await stateOf('delete-recording-files'))).not.toContain(recording)

    isStoreThere = true
    const retry = `/api/admin/jobs/delete-recording-files/${failure?.id}/retry/`
    await admin.post(retry).expect(204)
    await vi.waitFor(async () => expect((await stateOf('delete-recording-files')).completed).toBe(1), {
      timeout: 20_000,
    })
    expect((await stateOf('delete-recording-files')).failures).toEqual([])
    expect(await registry.metrics()).toContain('job_duration_seconds_count{queue="delete-recording-files"} 2')
    expect((await admin.post(retry).expect(404)).body.code).toBe('job_not_found')
    const lines = await fork().find(AuditLog, { action: 'job.retry' })
    expect(lines.map(({ object, details }) => [object, details])).toEqual([
      [`job:${failure?.id}`, { queue: 'delete-recording-files' }],
    ])
    expect(await metrics.metrics()).toMatch(/queue_jobs\{queue="delete-recording-files",state="failed"\} 0/)
  })

  it('know no job of another name or id', async () => {
    for (const path of [`nothing/${randomUUID()}`, `send-mail/${randomUUID()}`, `constructor/${randomUUID()}`]) {
      await admin.post(`/api/admin/jobs/${path}/retry/`).expect(404)
    }
    await admin.post('/api/admin/jobs/send-mail/1/retry/').expect(400)
  })

  it('are in the metrics with depth and age, and in the readiness', async () => {
    await server.context.queue.add('send-mail', {
      to: 'a@example.org',
      template: 'enrolled',
      language: 'en',
      data: {},
    })
    const { text } = await request(server.server).get('/metrics').expect(200)
    expect(text).toMatch(/^queue_jobs\{queue="send-mail",state="waiting"\} \d+$/m)
    expect(text).toMatch(/^database_connections\{state="open"\} [1-9]\d*$/m)
    expect(text).toMatch(/^queue_oldest_seconds\{queue="send-mail"\} \d+$/m)
    expect(text).toMatch(/^counter_drift_total\{counter="course.total_lessons"\} \d+$/m)
    expect((await request(server.server).get('/readyz').expect(200)).body).toMatchObject({ queue: true })
  })

  it('are nobody else’s, nor the audit log, nor the reports', async () => {
    for (const role of [null, 'student', 'teacher', 'producer'] as const) {
      const agent = role ? await server.signIn(await server.register(role)) : server.visitor()
      const status = role ? 403 : 401
      for (const path of ['jobs', 'audit-log', 'reports']) await agent.get(`/api/admin/${path}/`).expect(status)
      await agent.post(`/api/admin/jobs/send-mail/${randomUUID()}/retry/`).expect(status)
    }
  })
})

describe('the audit log', () => {
  it('is filtered by who, what, to what and when, and paged', async () => {
    const em = fork()
    for (const [action, object] of [
      ['course.publish', 'course:1'],
      ['course.price', 'course:1'],
      ['course.price', 'course:2'],
      ['payment.refund', 'payment:x'],
    ] as const) {
      writeAudit(em, { actor: action === 'payment.refund' ? null : root.id, action, object, details: { x: [1, 2] } })
      await em.flush()
    }
    await em.nativeUpdate(AuditLog, { object: 'course:2' }, { createdAt: new Date('2026-03-01T12:00:00Z') })
    const find = async (query: string) =>
      (await admin.get(`/api/admin/audit-log/?${query}`).expect(200)).body.results.map(
        ({ action, object }: { action: string; object: string }) => `${action} ${object}`,
      )
    expect(await find('object=course:1')).toEqual(['course.price course:1', 'course.publish course:1'])
    expect(await find('action=course.price')).toEqual(['course.price course:1', 'course.price course:2'])
    expect(await find('action=course.')).toHaveLength(3)
    expect(await find('action=%25.')).toEqual([])
    expect(await find(`actor=${root.id}&action=payment.`)).toEqual([])
    expect(await find('date_from=2026-03-01&date_to=2026-03-02')).toEqual(['course.price course:2'])
    expect(await find('date_to=2026-03-01T12:00:00%2B00:00')).toEqual([])
    const page = (await admin.get('/api/admin/audit-log/?action=course.&page_size=1').expect(200)).body
    expect(page).toMatchObject({ count: 3, previous: null, results: [{ actor: { id: root.id, email: root.email } }] })
    expect(page.next).toContain('action=course.')
    expect((await admin.get('/api/admin/audit-log/?date_from=yesterday').expect(400)).body).toHaveProperty('date_from')
  })
})

describe('reported reviews', () => {
  it('are listed with the review and who objects', async () => {
    const em = fork()
    const course = await aCourse(em, await server.register('teacher'))
    const [author, reader] = [await server.register(), await server.register()]
    const review = em.create(Review, { course, user: em.getReference(User, author.id), rating: 1, title: 'Rude' })
    em.create(ReviewReport, { review, user: em.getReference(User, reader.id), reason: 'Insults people.' })
    await em.flush()
    const { body } = await admin.get('/api/admin/reports/').expect(200)
    expect(body).toMatchObject({
      count: 1,
      results: [
        {
          reason: 'Insults people.',
          reporter: { id: reader.id },
          review: { title: 'Rude', rating: 1, is_hidden: false, author: { id: author.id }, course: { id: course.id } },
        },
      ],
    })
    expect((await admin.get('/api/admin/reports/?is_hidden=true').expect(200)).body.count).toBe(0)
  })
})
