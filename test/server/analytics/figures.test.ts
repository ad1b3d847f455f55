import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '../../../server/accounts/roles.ts'
import type { User } from '../../../server/accounts/user.ts'
import { CourseView } from '../../../server/analytics/course-view.ts'
import { mirrorFacts } from '../../../server/analytics/mirror-facts.job.ts'
import type { CoursePermissions, CourseRole } from '../../../server/courses/access.ts'
import type { Course } from '../../../server/courses/course.ts'
import { CourseUserRole } from '../../../server/courses/course-user-role.ts'
import type { Lesson } from '../../../server/courses/lesson.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { aRevenue } from './support.ts'

const DAYS = 'date_from=2026-03-01&date_to=2026-03-03'

let server: TestServer
let em: EntityManager
let teacher: User
let buyer: User
let course: Course
beforeAll(async () => {
  server = await startServer()
  buyer = await server.register()
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  em = server.context.orm.em.fork()
  teacher = await server.register('teacher')
  course = await aCourse(em, teacher)
})

async function get(user: User | null, path: string) {
  const agent = user ? await server.signIn(user) : server.visitor()
  return agent.get(path)
}

/** Somebody with a place in the course. */
async function aMember(role: Role, place: CourseRole, permissions: CoursePermissions = {}): Promise<User> {
  const user = await server.register(role)
  await aStaffMember(em, course, user, place, permissions)
  return user
}

async function aView(visitor: string, at: string, of = course): Promise<void> {
  const statistics = server.context.analytics.em.fork()
  statistics.create(CourseView, {
    courseId: of.id,
    visitor,
    bucket: Math.floor(Date.parse(at) / 1_800_000),
    viewedAt: new Date(at),
  })
  await statistics.flush()
}

async function aStep(user: User, lesson: Lesson, started: string, completed: string | null = null): Promise<void> {
  const at = new Date(completed ?? started)
  const steps = completed === null ? { progress: 50 } : { progress: 100, completedAt: at }
  em.create(LessonProgress, {
    lesson,
    user: user.id,
    status: completed === null ? 'in_progress' : 'completed',
    startedAt: new Date(started),
    lastActivity: at,
    ...steps,
  })
  await em.flush()
}

describe('the matrix', () => {
  const people: Record<string, () => Promise<User | null>> = {
    'a guest': async () => null,
    'a student': () => server.register(),
    'a learner of the course': async () => {
      const user = await server.register()
      await anEnrollment(em, course, user)
      return user
    },
    'an assistant': () => aMember('student', 'assistant'),
    'an assistant with view_analytics': () => aMember('student', 'assistant', { view_analytics: true }),
    'an assistant with view_revenue': () => aMember('student', 'assistant', { view_revenue: true }),
    'its teacher': async () => teacher,
    'a teacher with view_revenue': () => aMember('teacher', 'teacher', { view_revenue: true }),
    'another teacher': () => server.register('teacher'),
    'its producer': () => aMember('producer', 'producer'),
    'another producer': () => server.register('producer'),
    'an admin': () => server.register('admin'),
    'a demoted teacher with view_revenue': () => aMember('student', 'teacher', { view_revenue: true }),
    'a demoted producer': () => aMember('teacher', 'producer'),
  }
  //  course's views, course's analytics, course's progress, course's revenue, all revenue, all views, overview
  it.each<[keyof typeof people, number[]]>([
    ['a guest', [401, 401, 401, 401, 401, 401, 401]],
    ['a student', [403, 403, 403, 403, 403, 403, 403]],
    ['a learner of the course', [403, 403, 200, 403, 403, 403, 403]],
    ['an assistant', [403, 403, 403, 403, 403, 403, 403]],
    ['an assistant with view_analytics', [200, 200, 200, 403, 403, 200, 403]],
    ['an assistant with view_revenue', [403, 403, 403, 403, 403, 403, 403]],
    ['its teacher', [200, 200, 200, 403, 403, 200, 403]],
    ['a teacher with view_revenue', [200, 200, 200, 200, 200, 200, 403]],
    ['another teacher', [403, 403, 403, 403, 403, 200, 403]],
    ['its producer', [200, 200, 200, 200, 200, 200, 403]],
    ['another producer', [403, 403, 403, 403, 200, 200, 403]],
    ['an admin', [200, 200, 200, 200, 200, 200, 200]],
    ['a demoted teacher with view_revenue', [403, 403, 403, 403, 403, 403, 403]],
    ['a demoted producer', [403, 403, 403, 403, 403, 200, 403]],
  ])('%s is answered with %j', async (who, expected) => {
    const user = await people[who]?.()
    const paths = [
      `/api/analytics/views/?course=${course.id}`,
      `/api/courses/${course.id}/analytics/`,
      `/api/analytics/progress/?course=${course.id}`,
      `/api/analytics/revenue/?course=${course.id}`,
      '/api/analytics/revenue/',
      '/api/analytics/views/',
      '/api/analytics/overview/',
    ]
    const agent = user ? await server.signIn(user) : server.visitor()
    const statuses = []
    for (const path of paths) statuses.push((await agent.get(path)).status)
    expect(statuses).toEqual(expected)
  })

  it('hides a draft of others, and that there is none', async () => {
    const draft = await aCourse(em, teacher, { status: 'draft' })
    const producer = await server.register('producer')
    for (const id of [draft.id, 2_000_000_000]) {
      for (const path of [
        `/api/courses/${id}/analytics/`,
        `/api/analytics/revenue/?course=${id}`,
        `/api/analytics/progress/?course=${id}`,
      ]) {
        expect((await get(producer, path)).status).toBe(404)
      }
    }
  })

  it('tells finance of the courses that are theirs, and of no other', async () => {
    const other = await aCourse(em, await server.register('teacher'))
    const producer = await aMember('producer', 'producer')
    await aRevenue(server, course, buyer, { amount: '100.00', date: '2026-03-01T12:00:00Z' })
    await aRevenue(server, other, buyer, { amount: '999.00', date: '2026-03-01T12:00:00Z' })
    const { body } = await get(producer, `/api/analytics/revenue/?${DAYS}`)
    expect(body.currencies).toMatchObject([{ currency: 'RUB', total: '100.00' }])
    expect((await get(await server.register('producer'), `/api/analytics/revenue/?${DAYS}`)).body.currencies).toEqual(
      [],
    )
  })

  it('tells the money of a course beside its statistics only to who may know it', async () => {
    await aRevenue(server, course, buyer, { amount: '100.00', date: '2026-03-01T12:00:00Z' })
    const path = `/api/courses/${course.id}/analytics/`
    expect((await get(teacher, path)).body.revenue).toBeNull()
    expect((await get(await aMember('producer', 'producer'), path)).body.revenue).toEqual([
      { currency: 'RUB', total: '100.00' },
    ])
  })
})

describe('revenue', () => {
  let admin: User
  beforeAll(async () => {
    admin = await server.register('admin')
  })
  const revenue = async (query: string) =>
    (await get(admin, `/api/analytics/revenue/?course=${course.id}&${query}`)).body

  it('fills days without any, takes refunds off, and never adds two currencies', async () => {
    await aRevenue(server, course, buyer, { amount: '19.99', date: '2026-03-01T10:00:00Z' })
    await aRevenue(server, course, buyer, { amount: '0.02', date: '2026-03-01T11:00:00Z' })
    await aRevenue(server, course, buyer, { amount: '-19.99', date: '2026-03-03T11:00:00Z', type: 'refund' })
    await aRevenue(server, course, buyer, { amount: '5.00', date: '2026-03-02T11:00:00Z', currency: 'USD' })
    const none = { amount: '0.00', sales: '0.00', refunds: '0.00', transactions: 0 }
    expect(await revenue(DAYS)).toEqual({
      date_from: '2026-03-01',
      date_to: '2026-03-03',
      group_by: 'day',
      timezone: 'Europe/Moscow',
      currencies: [
        {
          currency: 'RUB',
          total: '0.02',
          buckets: [
            { period: '2026-03-01', amount: '20.01', sales: '20.01', refunds: '0.00', transactions: 2 },
            { period: '2026-03-02', ...none },
            { period: '2026-03-03', amount: '-19.99', sales: '0.00', refunds: '-19.99', transactions: 1 },
          ],
        },
        {
          currency: 'USD',
          total: '5.00',
          buckets: [
            { period: '2026-03-01', ...none },
            { period: '2026-03-02', amount: '5.00', sales: '5.00', refunds: '0.00', transactions: 1 },
            { period: '2026-03-03', ...none },
          ],
        },
      ],
    })
    expect((await revenue(`${DAYS}&currency=usd`)).currencies).toMatchObject([{ currency: 'USD', total: '5.00' }])
    expect((await revenue(`${DAYS}&currency=EUR`)).currencies).toMatchObject([{ currency: 'EUR', total: '0.00' }])
  })

  it('is exact where floats are not', async () => {
    for (const amount of ['0.10', '0.20', '12345678.90']) {
      await aRevenue(server, course, buyer, { amount, date: '2026-03-01T10:00:00Z' })
    }
    expect((await revenue(DAYS)).currencies[0].total).toBe('12345679.20')
  })

  it('counts days, weeks and months of the business time zone', async () => {
    // 2 March, 00:30 in Moscow: Monday already.
    await aRevenue(server, course, buyer, { amount: '7.00', date: '2026-03-01T21:30:00Z' })
    const amounts = async (query: string) =>
      (await revenue(query)).currencies[0].buckets
        .filter(({ transactions }: { transactions: number }) => transactions > 0)
        .map(({ period }: { period: string }) => period)
    expect(await amounts(DAYS)).toEqual(['2026-03-02'])
    expect(await amounts('date_from=2026-02-20&date_to=2026-03-09&group_by=week')).toEqual(['2026-03-02'])
    expect(await amounts('date_from=2026-01-01&date_to=2026-03-31&group_by=month')).toEqual(['2026-03-01'])
    expect((await revenue('date_from=2026-03-01&date_to=2026-03-01')).currencies).toEqual([])
  })

  it('loses and doubles nothing when the clocks change', async () => {
    const { settings } = server.context
    await settings.change(em.fork(), { business_timezone: 'America/New_York' }, { actor: null })
    try {
      // 8 March 2026 has 23 hours there: from 05:00Z to 04:00Z; 1 November 25: from 04:00Z to 05:00Z.
      for (const date of [
        '2026-03-08T04:59:59Z',
        '2026-03-08T05:00:00Z',
        '2026-03-09T03:59:59Z',
        '2026-03-09T04:00:00Z',
      ]) {
        await aRevenue(server, course, buyer, { amount: '1.00', date })
      }
      for (const date of [
        '2026-11-01T03:59:59Z',
        '2026-11-01T04:00:00Z',
        '2026-11-02T04:59:59Z',
        '2026-11-02T05:00:00Z',
      ]) {
        await aRevenue(server, course, buyer, { amount: '1.00', date })
      }
      const days = async (query: string) =>
        (await revenue(query)).currencies[0].buckets.map(({ amount }: { amount: string }) => amount)
      expect(await days('date_from=2026-03-07&date_to=2026-03-09')).toEqual(['1.00', '2.00', '1.00'])
      expect(await days('date_from=2026-10-31&date_to=2026-11-02')).toEqual(['1.00', '2.00', '1.00'])
    } finally {
      await settings.change(em.fork(), { business_timezone: 'Europe/Moscow' }, { actor: null })
    }
  })

  it('is not counted in a time zone that Node and PostgreSQL understand differently', async () => {
    const agent = await server.signIn(admin)
    for (const zone of ['+03:00', '-05:00', 'Mars/Olympus']) {
      await agent.patch('/api/admin/settings/').send({ business_timezone: zone }).expect(400)
    }
    const rows = await em.execute<{ name: string }[]>('select name from pg_timezone_names')
    const known = new Set(rows.map(({ name }) => name))
    expect(Intl.supportedValuesOf('timeZone').filter((name) => !known.has(name))).toEqual([])
  })

  it('as CSV has the same figures, a mark of UTF-8, and no formula', async () => {
    course.title = '=HYPERLINK("http://evil.test","Курс")'
    await em.flush()
    await aRevenue(server, course, buyer, { amount: '-5.00', date: '2026-03-02T10:00:00Z', type: 'refund' })
    const answer = await get(admin, `/api/analytics/revenue/?course=${course.id}&${DAYS}&format=csv`)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(answer.headers['content-disposition']).toContain('attachment')
    const title = '"\'=HYPERLINK(""http://evil.test"",""Курс"")"'
    expect(answer.text.split('\r\n')).toEqual([
      '\uFEFFperiod,course,currency,amount,sales,refunds,transactions',
      `2026-03-01,${title},RUB,0.00,0.00,0.00,0`,
      `2026-03-02,${title},RUB,-5.00,0.00,-5.00,1`,
      `2026-03-03,${title},RUB,0.00,0.00,0.00,0`,
      '',
    ])
  })

  it.each([
    'date_from=2026-02-30',
    'date_from=yesterday',
    'date_from=2026-03-02&date_to=2026-03-01',
    'date_from=1970-01-01&date_to=2026-01-01',
    'group_by=year',
    'currency=rouble',
    'course=x',
    'format=xml',
    'scope=own',
  ])('refuses %s', async (query) => {
    const { status } = await get(admin, `/api/analytics/revenue/?${query}`)
    expect(status).toBe(query === 'scope=own' ? 403 : 400)
  })

  it('mirrored again and by several at once is the same', async () => {
    await aRevenue(server, course, buyer, { amount: '3.00', date: '2026-03-02T10:00:00Z' })
    await Promise.all(Array.from({ length: 5 }, () => mirrorFacts(server.context)))
    expect((await revenue(DAYS)).currencies).toMatchObject([{ total: '3.00' }])
  })

  it('mirrors lines whose transaction was later than those after it', async () => {
    const late = server.context.orm.em.fork()
    await late.begin()
    const [taken] = await late.execute<{ id: number }[]>(`select nextval('revenue_id_seq')::int as id`)
    await aRevenue(server, course, buyer, { amount: '1.00', date: '2026-03-02T10:00:00Z' })
    await mirrorFacts(server.context)
    await late.execute(
      `insert into revenue (id, course_id, payment_id, amount, currency, transaction_type, provider_ref, date, created_at, updated_at)
       select ?, course_id, payment_id, 2, currency, transaction_type, 'late', date, now(), now() from revenue where course_id = ?`,
      [taken?.id, course.id],
    )
    await late.commit()
    expect((await revenue(DAYS)).currencies).toMatchObject([{ total: '3.00' }])
  })
})

describe('progress', () => {
  it('of a student is their own, with and without a course', async () => {
    const lesson = await aLesson(em, await aModule(em, course))
    const [one, other] = [await server.register(), await server.register()]
    for (const user of [one, other]) await anEnrollment(em, course, user, { progressPercent: user === one ? 100 : 0 })
    await aStep(one, lesson, '2026-03-01T10:00:00Z', '2026-03-02T10:00:00Z')
    await aStep(other, lesson, '2026-03-02T10:00:00Z')
    for (const query of [
      DAYS,
      `${DAYS}&course=${course.id}`,
      `${DAYS}&course=${course.id}&user=${other.id}&scope=own`,
    ]) {
      const { body } = await get(one, `/api/analytics/progress/?${query}`)
      expect(body).toMatchObject({ students: 1, average_progress: '100.00' })
      expect(body.buckets).toEqual([
        { period: '2026-03-01', learners: 1, lessons_started: 1, lessons_completed: 0 },
        { period: '2026-03-02', learners: 1, lessons_started: 0, lessons_completed: 1 },
        { period: '2026-03-03', learners: 0, lessons_started: 0, lessons_completed: 0 },
      ])
    }
    const { body } = await get(teacher, `/api/analytics/progress/?${DAYS}`)
    expect(body).toMatchObject({ students: 2, completed_students: 0, average_progress: '50.00' })
    expect(body.buckets[1]).toEqual({ period: '2026-03-02', learners: 2, lessons_started: 1, lessons_completed: 1 })
    const own = await get(teacher, `/api/analytics/progress/?${DAYS}&scope=own`)
    expect(own.body).toMatchObject({ students: 0, average_progress: '0.00' })
    const csv = await get(teacher, `/api/analytics/progress/?${DAYS}&format=csv`)
    expect(csv.text).toContain('2026-03-02,,2,1,1')
  })

  it('that a teacher took back is taken back in the mirror too', async () => {
    const lesson = await aLesson(em, await aModule(em, course))
    const learner = await server.register()
    await anEnrollment(em, course, learner)
    await aStep(learner, lesson, '2026-03-01T10:00:00Z', '2026-03-02T10:00:00Z')
    await mirrorFacts(server.context)
    const row = await em.findOneOrFail(LessonProgress, { user: learner.id })
    Object.assign(row, { status: 'not_started', startedAt: null, completedAt: null, lastActivity: new Date() })
    await em.flush()
    const { body } = await get(teacher, `/api/analytics/progress/?${DAYS}`)
    expect(body.buckets[1]).toMatchObject({ lessons_completed: 0, lessons_started: 0 })
  })
})

describe('views', () => {
  it('are counted by step, with different visitors', async () => {
    await aView('g1', '2026-03-01T10:00:00Z')
    await aView('g1', '2026-03-01T11:00:00Z')
    await aView('u5', '2026-03-03T11:00:00Z')
    await aView('g1', '2026-03-03T11:00:00Z', await aCourse(em, await server.register('teacher')))
    const { body } = await get(teacher, `/api/analytics/views/?${DAYS}`)
    expect(body).toMatchObject({ views: 3, visitors: 2 })
    expect(body.buckets).toEqual([
      { period: '2026-03-01', views: 2, visitors: 1 },
      { period: '2026-03-02', views: 0, visitors: 0 },
      { period: '2026-03-03', views: 1, visitors: 1 },
    ])
    const { text } = await get(teacher, `/api/analytics/views/?${DAYS}&format=csv&course=${course.id}`)
    expect(text).toContain(`2026-03-01,${course.title},2,1`)
  })

  it('of the last thirty days are meant when no days are named', async () => {
    const { body } = await get(teacher, '/api/analytics/views/')
    expect(body.buckets).toHaveLength(30)
  })
})

it('a course’s analytics tell of views, learners and every lesson', async () => {
  const module = await aModule(em, course)
  const lessons = [
    await aLesson(em, module),
    await aLesson(em, module),
    await aLesson(em, module, { isPublished: false }),
  ]
  const [one, other, gone] = [await server.register(), await server.register(), await server.register()]
  await anEnrollment(em, course, one, { status: 'completed', progressPercent: 100 })
  await anEnrollment(em, course, other, { progressPercent: 50 })
  await anEnrollment(em, course, gone, { status: 'refunded', progressPercent: 50 })
  await aStep(one, lessons[0] as Lesson, '2026-03-01T10:00:00Z', '2026-03-01T10:00:00Z')
  await aStep(other, lessons[0] as Lesson, '2026-03-01T10:00:00Z')
  await aStep(gone, lessons[0] as Lesson, '2026-03-01T10:00:00Z')
  await aView('g1', new Date().toISOString())
  await aView('g1', '2025-03-03T11:00:00Z')
  const { body } = await get(teacher, `/api/courses/${course.id}/analytics/`)
  expect(body).toEqual({
    course: course.id,
    views: { total: 2, visitors: 1, last_30_days: 1 },
    students: { total: 2, active: 1, completed: 1, last_30_days: 2 },
    completion_rate: '50.00',
    average_progress: '75.00',
    lessons: [
      { lesson: lessons[0]?.id, title: 'Lesson 1', started: 2, completed: 1, average_progress: '75.00' },
      { lesson: lessons[1]?.id, title: 'Lesson 2', started: 0, completed: 0, average_progress: '0.00' },
    ],
    revenue: null,
  })
  // Others are shown the same for a minute, with the money that is theirs to see; who lost the right is shown nothing.
  await aView('g2', new Date().toISOString())
  await aRevenue(server, course, buyer, { amount: '8.00', date: '2026-03-01T10:00:00Z' })
  const admin = await get(await server.register('admin'), `/api/courses/${course.id}/analytics/`)
  expect(admin.headers['x-cache']).toBe('hit')
  expect(admin.body).toEqual({ ...body, revenue: [{ currency: 'RUB', total: '8.00' }] })
  expect((await get(teacher, `/api/courses/${course.id}/analytics/`)).body.revenue).toBeNull()
  await em.nativeDelete(CourseUserRole, { course, user: teacher.id })
  expect((await get(teacher, `/api/courses/${course.id}/analytics/`)).status).toBe(403)
})
