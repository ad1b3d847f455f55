import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { AuthToken } from '../../../server/accounts/auth-token.ts'
import { countActivity } from '../../../server/analytics/count-activity.job.ts'
import { CourseView } from '../../../server/analytics/course-view.ts'
import { UserActivity } from '../../../server/analytics/user-activity.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { Submission } from '../../../server/progress/submission.ts'
import { Review } from '../../../server/reviews/review.ts'
import { aCourse, aLesson, aModule, anEnrollment } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { aRevenue } from './support.ts'

let server: TestServer
let em: EntityManager
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => {
  em = server.context.orm.em.fork()
})

async function activityOf(user: number): Promise<UserActivity[]> {
  return server.context.analytics.em.fork().find(UserActivity, { userId: user }, { orderBy: { day: 'asc' } })
}

it('what somebody did on a day is one row, however often it is counted', async () => {
  const user = await server.register()
  await server.signIn(user)
  await server.signIn(user)
  const course = await aCourse(em, await server.register('teacher'))
  const module = await aModule(em, course)
  const lessons = [await aLesson(em, module), await aLesson(em, module, { contentType: 'assignment' })]
  await anEnrollment(em, course, user)
  const now = new Date()
  for (const lesson of lessons) {
    const isDone = lesson === lessons[0]
    em.create(LessonProgress, {
      lesson,
      user: user.id,
      status: isDone ? 'completed' : 'in_progress',
      progress: isDone ? 100 : 10,
      startedAt: now,
      completedAt: isDone ? now : null,
    })
  }
  em.create(Submission, { lesson: lessons[1]?.id ?? 0, user: user.id, text: 'Done.' })
  em.create(Review, { course, user: user.id, rating: 5 })
  await em.flush()
  const statistics = server.context.analytics.em.fork()
  statistics.create(CourseView, {
    courseId: course.id,
    userId: user.id,
    visitor: `u${user.id}`,
    bucket: 1,
    viewedAt: now,
  })
  await statistics.flush()
  await countActivity(server.context)
  await Promise.all([countActivity(server.context), countActivity(server.context)])
  const expected = {
    signIns: 2,
    lessonsTouched: 2,
    lessonsCompleted: 1,
    submissions: 1,
    reviews: 1,
    enrollments: 1,
    payments: 0,
    courseViews: 1,
  }
  expect(await activityOf(user.id)).toMatchObject([expected])
  // What is gone was done nevertheless.
  await em.nativeDelete(AuthToken, { user: user.id })
  await countActivity(server.context)
  expect(await activityOf(user.id)).toMatchObject([expected])
})

it('a day is one of the business time zone, and who did nothing has no row', async () => {
  const [user, idle] = [await server.register(), await server.register()]
  await server.signIn(user)
  await em.nativeUpdate(AuthToken, { user: user.id }, { signedInAt: new Date('2026-03-01T21:30:00Z') })
  await countActivity(server.context, new Date('2026-03-02T12:00:00Z'))
  expect(await activityOf(user.id)).toMatchObject([{ day: '2026-03-02', signIns: 1 }])
  expect(await activityOf(idle.id)).toEqual([])
})

it('the overview tells admins of people, courses, learners, views and money of a period', async () => {
  const admin = await server.register('admin')
  const [user, teacher] = [await server.register(), await server.register('teacher')]
  const course = await aCourse(em, teacher)
  await aCourse(em, teacher, { status: 'draft' })
  await anEnrollment(em, course, user)
  await aRevenue(server, course, user, { amount: '10.50', date: new Date().toISOString() })
  await aRevenue(server, course, user, { amount: '1.00', date: '2020-01-01T00:00:00Z', currency: 'USD' })
  await server.signIn(user)
  await countActivity(server.context)
  const agent = await server.signIn(admin)
  const { body } = await agent.get('/api/analytics/overview/').expect(200)
  expect(body).toMatchObject({
    timezone: 'Europe/Moscow',
    courses: { published: expect.any(Number), draft: 1 },
    enrollments: { completed: 0, active: expect.any(Number) },
    revenue: [{ currency: 'RUB', total: '10.50' }],
  })
  expect(body.users.by_role.admin).toBe(1)
  expect(body.users.active).toBeGreaterThan(0)
  expect(body.users.new).toBe(body.users.total)
  const past = (await agent.get('/api/analytics/overview/?date_from=2020-01-01&date_to=2020-01-31').expect(200)).body
  expect(past).toMatchObject({
    users: { new: 0, active: 0 },
    enrollments: { new: 0 },
    views: { total: 0, visitors: 0 },
    revenue: [{ currency: 'USD', total: '1.00' }],
  })
})
