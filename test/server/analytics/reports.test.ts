import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { User } from '../../../server/accounts/user.ts'
import { forgetStatistics } from '../../../server/analytics/forget.job.ts'
import { Report } from '../../../server/analytics/report.ts'
import { writeReport } from '../../../server/analytics/write-report.job.ts'
import type { Course } from '../../../server/courses/course.ts'
import { CourseUserRole } from '../../../server/courses/course-user-role.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { aCourse, aStaffMember } from '../../support/courses.ts'
import { takeJobs, takeMails } from '../../support/mail.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { aRevenue } from './support.ts'

const PERIOD = { date_from: '2026-03-01', date_to: '2026-03-03' }

let server: TestServer
let em: EntityManager
let producer: User
let course: Course
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  em = server.context.orm.em.fork()
  producer = await server.register('producer')
  course = await aCourse(em, await server.register('teacher'))
  await aStaffMember(em, course, producer, 'producer')
  await takeJobs(server, 'write-report')
  await takeMails(server)
})

async function write(): Promise<void> {
  for (const { report } of await takeJobs<{ report: string }>(server, 'write-report')) {
    await writeReport(server.context, report)
  }
}

describe('a report', () => {
  it('is written by a worker, mailed about, and downloaded by its owner', async () => {
    await aRevenue(server, course, await server.register(), { amount: '100.00', date: '2026-03-02T10:00:00Z' })
    const agent = await server.signIn(producer)
    const asked = await agent
      .post('/api/reports/')
      .send({ kind: 'revenue', ...PERIOD })
      .expect(202)
    const { id } = asked.body
    expect(asked.body).toMatchObject({ kind: 'revenue', status: 'pending', download_url: null, group_by: 'day' })
    const early = await agent.get(`/api/reports/${id}/download/`)
    expect([early.status, early.body.code]).toEqual([409, 'report_not_ready'])
    await write()
    const ready = await agent.get(`/api/reports/${id}/`).expect(200)
    expect(ready.body).toMatchObject({ status: 'ready', download_url: `/api/reports/${id}/download/` })
    const week = Date.parse(ready.body.expires_at) - Date.parse(ready.body.created_at)
    expect(Math.round(week / 86_400_000)).toBe(7)
    const file = await agent.get(`/api/reports/${id}/download/`).expect(200)
    expect(file.headers['content-disposition']).toBe('attachment; filename="revenue-2026-03-01-2026-03-03.csv"')
    expect(file.headers['cache-control']).toBe('private, no-store')
    expect(file.text).toContain('2026-03-02,,RUB,100.00,100.00,0.00,1')
    expect(file.text.startsWith('\uFEFF')).toBe(true)
    expect(await takeMails(server)).toMatchObject([
      { to: producer.email, template: 'report-ready', text: expect.stringContaining(`/api/reports/${id}/download/`) },
    ])
    expect((await agent.get('/api/reports/').expect(200)).body).toMatchObject({ count: 1, results: [{ id }] })
  })

  it('is its owner’s alone: nobody else finds it, not even an admin', async () => {
    const agent = await server.signIn(producer)
    const { id } = (
      await agent
        .post('/api/reports/')
        .send({ kind: 'views', ...PERIOD })
        .expect(202)
    ).body
    await write()
    for (const role of ['student', 'producer', 'admin'] as const) {
      const other = await server.signIn(await server.register(role))
      await other.get(`/api/reports/${id}/`).expect(404)
      await other.get(`/api/reports/${id}/download/`).expect(404)
      expect((await other.get('/api/reports/')).body.count).toBe(0)
    }
    for (const path of ['', `${id}/`, `${id}/download/`]) await server.visitor().get(`/api/reports/${path}`).expect(401)
    await server.visitor().get(`/public/reports/${id}.csv`).expect(404)
  })

  it('is asked for only by who may see its figures', async () => {
    const ask = async (user: User, body: object) =>
      (await server.signIn(user)).post('/api/reports/').send({ ...PERIOD, ...body })
    const student = await server.register()
    const teacher = await server.register('teacher')
    expect((await ask(student, { kind: 'revenue' })).status).toBe(403)
    expect((await ask(student, { kind: 'views' })).status).toBe(403)
    expect((await ask(student, { kind: 'progress' })).status).toBe(202)
    expect((await ask(teacher, { kind: 'revenue' })).status).toBe(403)
    expect((await ask(teacher, { kind: 'views', course: course.id })).status).toBe(403)
    expect((await ask(await server.register('producer'), { kind: 'revenue', course: course.id })).status).toBe(403)
    expect((await ask(producer, { kind: 'revenue', course: course.id })).status).toBe(202)
    await server.visitor().post('/api/reports/').send({ kind: 'progress' }).expect(401)
  })

  it.each([
    [{ kind: 'passwords' }],
    [{}],
    [{ kind: 'views', format: 'xlsx' }],
    [{ kind: 'views', user: 1 }],
    [{ kind: 'views', status: 'ready' }],
    [{ kind: 'views', courses: [1] }],
    [{ kind: 'views', date_from: '2026-02-02', date_to: '2026-02-01' }],
    [{ kind: 'views', date_from: '1970-01-01' }],
  ])('is not made of %j', async (body) => {
    await (await server.signIn(producer)).post('/api/reports/').send(body).expect(400)
    expect(await takeJobs(server, 'write-report')).toEqual([])
  })

  it('is neither written nor sent once the right to it is lost', async () => {
    const agent = await server.signIn(producer)
    const ask = async () =>
      (
        await agent
          .post('/api/reports/')
          .send({ kind: 'revenue', ...PERIOD })
          .expect(202)
      ).body.id
    const before = await ask()
    await write()
    const after = await ask()
    await em.nativeDelete(CourseUserRole, { course, user: producer.id })
    await write()
    expect((await agent.get(`/api/reports/${after}/`)).body.status).toBe('failed')
    await agent.get(`/api/reports/${before}/download/`).expect(403)
    expect(await takeMails(server)).toHaveLength(1)
  })

  it('of everything is not an admin’s any more who is none', async () => {
    const admin = await server.register('admin')
    const agent = await server.signIn(admin)
    const { id } = (
      await agent
        .post('/api/reports/')
        .send({ kind: 'revenue', ...PERIOD })
        .expect(202)
    ).body
    await em.nativeUpdate(User, { id: admin.id }, { role: 'producer' })
    await writeReport(server.context, id)
    expect((await em.findOneOrFail(Report, { id })).status).toBe('failed')
  })

  it('that a worker writes twice is mailed once', async () => {
    const agent = await server.signIn(producer)
    const { id } = (
      await agent
        .post('/api/reports/')
        .send({ kind: 'progress', ...PERIOD })
        .expect(202)
    ).body
    await Promise.all([writeReport(server.context, id), writeReport(server.context, id)])
    await writeReport(server.context, id)
    expect(await takeMails(server)).toHaveLength(1)
  })

  it('stays waiting when the store is away, for the next try', async () => {
    const agent = await server.signIn(producer)
    const { id } = (
      await agent
        .post('/api/reports/')
        .send({ kind: 'views', ...PERIOD })
        .expect(202)
    ).body
    const put = vi.spyOn(server.context.store, 'put').mockRejectedValueOnce(new Error('away'))
    await expect(writeReport(server.context, id)).rejects.toThrow('away')
    put.mockRestore()
    expect((await agent.get(`/api/reports/${id}/`)).body.status).toBe('pending')
    await writeReport(server.context, id)
    expect((await agent.get(`/api/reports/${id}/`)).body.status).toBe('ready')
  })

  it('is not asked for without end', async () => {
    await using strict = await startServer({ limitFactor: 1 })
    const agent = await strict.signIn(await strict.register('producer'))
    const statuses = []
    for (let number = 0; number < 31; number += 1) {
      statuses.push((await agent.post('/api/reports/').send({ kind: 'progress', ...PERIOD })).status)
    }
    expect(statuses).toEqual([...Array(30).fill(202), 429])
  })

  it('is gone after its week, file and all', async () => {
    const agent = await server.signIn(producer)
    const { id } = (
      await agent
        .post('/api/reports/')
        .send({ kind: 'views', ...PERIOD })
        .expect(202)
    ).body
    await write()
    expect(await server.context.store.head(`reports/${id}.csv`)).not.toBeNull()
    await em.nativeUpdate(Report, { id }, { expiresAt: new Date(Date.now() - 1000) })
    await agent.get(`/api/reports/${id}/`).expect(404)
    await agent.get(`/api/reports/${id}/download/`).expect(404)
    await forgetStatistics(server.context)
    expect(await server.context.store.head(`reports/${id}.csv`)).toBeNull()
    expect(await em.count(Report, { id })).toBe(0)
  })
})
