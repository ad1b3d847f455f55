import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { CourseView } from '../../../server/analytics/course-view.ts'
import { flushViews } from '../../../server/analytics/flush-views.job.ts'
import { forgetStatistics } from '../../../server/analytics/forget.job.ts'
import { recordCourseView, VIEWS } from '../../../server/analytics/record-view.ts'
import type { Course } from '../../../server/courses/course.ts'
import { aCourse, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
const NOON = new Date('2026-05-05T12:00:00Z')

let server: TestServer
let teacher: User
let course: Course
beforeAll(async () => {
  server = await startServer()
  teacher = await server.register('teacher')
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  course = await aCourse(server.context.orm.em.fork(), teacher)
})

/** A look at the course's page by somebody. */
function look({
  agent = FIREFOX,
  address = '203.0.113.7',
  user = null as User | null,
  at = NOON,
  method = 'GET',
} = {}) {
  const ctx = { method, get: () => agent, state: { address } }
  recordCourseView(server.context, ctx as never, course.id, user, at)
}

async function saved(): Promise<CourseView[]> {
  await flushViews(server.context)
  return server.context.analytics.em.fork().find(CourseView, { courseId: course.id }, { orderBy: { id: 'asc' } })
}

describe('a look at a course’s page', () => {
  it('over HTTP becomes a view, after a worker has been by', async () => {
    const path = `/api/courses/${course.id}/`
    await server.visitor().get(path).set('user-agent', FIREFOX).expect(200)
    await server.visitor().get(`/api/courses/${course.slug}/`).set('user-agent', FIREFOX).expect(200)
    await server.visitor().head(path).set('user-agent', FIREFOX).expect(200)
    await expect.poll(() => server.context.redis.xLen(VIEWS)).toBe(2)
    const views = await saved()
    expect(views).toHaveLength(2)
    expect(views[0]).toMatchObject({ userId: null, userAgent: FIREFOX, ip: expect.stringMatching(/\.0\/24$/) })
    expect(await server.context.redis.xLen(VIEWS)).toBe(0)
  })

  it('counts once a visitor and half hour, however often it is repeated', async () => {
    for (const minutes of [0, 1, 29, 30, 59, 61]) look({ at: new Date(NOON.getTime() + minutes * 60_000) })
    expect(await saved()).toHaveLength(3)
    look()
    expect(await saved()).toHaveLength(3)
  })

  it('tells visitors apart by account, or else by address and browser', async () => {
    const user = await server.register()
    look({ user })
    look({ user, agent: CHROME, address: '198.51.100.9' })
    look()
    look({ agent: CHROME })
    look({ address: '203.0.113.8' })
    const views = await saved()
    expect(views).toHaveLength(4)
    expect(views.filter(({ userId }) => userId === user.id)).toHaveLength(1)
  })

  it('is not one when a program looks, or something that does not say what it is', async () => {
    for (const agent of [
      'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
      'curl/8.5.0',
      'python-requests/2.31',
      '',
    ]) {
      look({ agent })
    }
    look({ method: 'HEAD' })
    expect(await saved()).toEqual([])
  })

  it('is not one when staff of the course or an admin looks; other teachers count', async () => {
    const assistant = await server.register()
    await aStaffMember(server.context.orm.em.fork(), course, assistant, 'assistant')
    for (const user of [teacher, assistant, await server.register('admin')]) look({ user })
    expect(await saved()).toEqual([])
    look({ user: await server.register('teacher') })
    expect(await saved()).toHaveLength(1)
  })

  it('is not one of a draft', async () => {
    const em = server.context.orm.em.fork()
    const draft = await aCourse(em, teacher, { status: 'draft' })
    const owner = await server.signIn(teacher)
    await owner.get(`/api/courses/${draft.id}/`).set('user-agent', FIREFOX).expect(200)
    await server.visitor().get(`/api/courses/${draft.id}/`).set('user-agent', FIREFOX).expect(404)
    expect(await server.context.redis.xLen(VIEWS)).toBe(0)
  })

  it('does not keep an address, nor a forwarded one that was made up, nor an endless name of a browser', async () => {
    look({ agent: `${FIREFOX} ${'x'.repeat(2000)}\u0007` })
    await server
      .visitor()
      .get(`/api/courses/${course.id}/`)
      .set('user-agent', CHROME)
      .set('x-forwarded-for', '1.2.3.4, 192.0.2.55')
      .expect(200)
    await expect.poll(() => server.context.redis.xLen(VIEWS)).toBe(2)
    const views = await saved()
    expect(views[0]?.userAgent).toHaveLength(500)
    expect(views.map(({ ip }) => ip).toSorted()).toEqual(['192.0.2.0/24', '203.0.113.0/24'])
    expect(JSON.stringify(views)).not.toMatch(/203\.0\.113\.7|192\.0\.2\.55|1\.2\.3\.4/)
  })

  it('waits while the statistics are away, and is saved once they are back', async () => {
    look()
    const away = { em: { fork: () => ({ execute: () => Promise.reject(new Error('away')) }) } }
    await expect(flushViews({ ...server.context, analytics: away as never })).rejects.toThrow('away')
    expect(await saved()).toHaveLength(1)
  })

  it('neither slows nor fails the request while Redis is away', async () => {
    const { redis } = server.context
    const xAdd = vi.spyOn(redis, 'xAdd').mockRejectedValue(new Error('away'))
    await server.visitor().get(`/api/courses/${course.id}/`).set('user-agent', FIREFOX).expect(200)
    expect(xAdd).toHaveBeenCalledOnce()
    xAdd.mockImplementation(() => new Promise(() => {}))
    await server.visitor().get(`/api/courses/${course.id}/`).set('user-agent', FIREFOX).expect(200)
    xAdd.mockRestore()
    expect(await saved()).toEqual([])
  })

  it('saved by two workers at once is one view', async () => {
    for (let number = 0; number < 50; number += 1) look({ address: `203.0.${number}.1` })
    await Promise.all([flushViews(server.context), flushViews(server.context), flushViews(server.context)])
    expect(await saved()).toHaveLength(50)
  })
})

it('where a view came from is forgotten after 90 days, the view after two years', async () => {
  const day = 86_400_000
  for (const days of [1, 91, 740]) look({ at: new Date(Date.now() - days * day) })
  await saved()
  await forgetStatistics(server.context)
  const views = await saved()
  expect(views.map(({ ip, userAgent }) => [ip, userAgent])).toEqual([
    ['203.0.113.0/24', FIREFOX],
    [null, ''],
  ])
})
