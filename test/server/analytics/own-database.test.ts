import { expect, it } from 'vitest'
import { flushViews } from '../../../server/analytics/flush-views.job.ts'
import { migrateAnalytics, migrateStatistics, openAnalytics } from '../../../server/analytics/orm.ts'
import { recordCourseView } from '../../../server/analytics/record-view.ts'
import { aCourse } from '../../support/courses.ts'
import { openDatabase } from '../../support/database.ts'
import { startServer } from '../../support/server.ts'
import { aRevenue } from './support.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const NOWHERE = 'postgresql://ustat:ustat@127.0.0.1:1/nowhere'

it('statistics live in a database of their own when there is one', async () => {
  await using own = await openDatabase()
  await using server = await startServer({ env: { ANALYTICS_DATABASE_URL: own.url } })
  const { orm, analytics } = server.context
  // Nothing of theirs is in the main one.
  await orm.em.fork().execute('drop schema analytics cascade')
  await migrateAnalytics(analytics, own.url)
  const em = orm.em.fork()
  const course = await aCourse(em, await server.register('teacher'))
  const buyer = await server.register()
  await aRevenue(server, course, buyer, { amount: '40.00', date: '2026-03-02T10:00:00Z' })
  const ctx = { method: 'GET', get: () => FIREFOX, state: { address: '203.0.113.7' } }
  recordCourseView(server.context, ctx as never, course.id, buyer)
  expect(await flushViews(server.context)).toEqual({ saved: 1 })
  const agent = await server.signIn(await server.register('admin'))
  const { body } = await agent.get(`/api/courses/${course.id}/analytics/`).expect(200)
  expect(body).toMatchObject({ views: { total: 1 }, revenue: [{ currency: 'RUB', total: '40.00' }] })
})

it('the platform goes on while the statistics are away; figures say so', async () => {
  await using server = await startServer({ env: { ANALYTICS_DATABASE_URL: NOWHERE } })
  const em = server.context.orm.em.fork()
  const course = await aCourse(em, await server.register('teacher'))
  const agent = await server.signIn(await server.register('admin'))
  await agent.get(`/api/courses/${course.id}/`).set('user-agent', FIREFOX).expect(200)
  await agent.post(`/api/courses/${course.id}/reviews/`).send({ rating: 5 }).expect(201)
  await server.visitor().get('/readyz').expect(200)
  for (const path of ['/api/analytics/revenue/', '/api/analytics/views/', `/api/courses/${course.id}/analytics/`]) {
    const answer = await agent.get(path)
    expect([answer.status, answer.body.code]).toEqual([503, 'database_unavailable'])
  }
  await agent.post('/api/reports/').send({ kind: 'views' }).expect(202)
})

it('a database of its own that is away does not keep the platform from starting; the shared one does', async () => {
  await using server = await startServer({ env: { ANALYTICS_DATABASE_URL: NOWHERE } })
  const { config, log } = server.context
  expect(await migrateStatistics(config, log)).toEqual([])
  expect(server.log()).toContain('the database of the statistics is away')
  await expect(migrateStatistics({ ...config, database: { url: NOWHERE } }, log)).rejects.toThrow()
})

it('an empty database of its own is brought to this version once', async () => {
  await using own = await openDatabase()
  const analytics = await openAnalytics(own.url)
  try {
    await analytics.em.fork().execute('drop schema analytics cascade')
    const runs = await Promise.all([migrateAnalytics(analytics, own.url), migrateAnalytics(analytics, own.url)])
    expect(runs.flat().length).toBeGreaterThan(0)
    expect(runs.some((run) => run.length === 0)).toBe(true)
  } finally {
    await analytics.close(true)
  }
})
