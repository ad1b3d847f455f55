import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import { User } from '../../../server/accounts/user.ts'
import { deleteUser } from '../../../server/admin/delete-user.ts'
import { reconcileCounters } from '../../../server/admin/reconcile-counters.job.ts'
import { Course } from '../../../server/courses/course.ts'
import { Enrollment } from '../../../server/courses/enrollment.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { Review } from '../../../server/reviews/review.ts'
import { aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const fork = () => server.context.orm.em.fork()
const reconcile = () => reconcileCounters(server.context)

async function aReview(em: EntityManager, course: Course, rating: number, isHidden = false): Promise<void> {
  const user = em.getReference(User, (await server.register()).id)
  em.create(Review, { course, user, rating, isHidden })
  await em.flush()
}

describe('the nightly count', () => {
  it('puts right what somebody’s own SQL left wrong, says each in the log and counts it', async () => {
    const em = fork()
    const teacher = await server.register('teacher')
    const course = await aCourse(em, teacher)
    const other = await aCourse(em, teacher)
    await aCourse(em, teacher, { status: 'draft' })
    const module = await aModule(em, course)
    await aLesson(em, module, { durationMinutes: 50 })
    await aLesson(em, module, { durationMinutes: 11 })
    await aLesson(em, module, { durationMinutes: 500, isPublished: false })
    const learners = [
      await server.register(),
      await server.register(),
      await server.register(),
      await server.register(),
    ]
    for (const [index, status] of (['active', 'completed', 'refunded', 'active'] as const).entries()) {
      await anEnrollment(em, course, learners[index] as User, { status })
    }
    // Who teaches here is no student, whatever was before.
    await aStaffMember(em, course, learners[3] as User, 'assistant')
    for (const rating of [5, 4, 4]) await aReview(em, course, rating)
    await aReview(em, course, 1, true)
    await aReview(em, other, 1)
    await em.nativeUpdate(Course, { id: course.id }, { studentsCount: 77, averageRating: '1.00', totalLessons: 0 })

    const before = await server.context.metrics.getSingleMetricAsString('counter_drift_total')
    expect(before).toContain('counter_drift_total{counter="course.students_count"} 0')
    const drifts = await reconcile()
    const counted = await fork().findOneOrFail(Course, { id: course.id })
    expect(counted).toMatchObject({
      studentsCount: 2,
      averageRating: '4.33',
      reviewsCount: 3,
      totalLessons: 2,
      durationMinutes: 61,
      durationHours: 2,
    })
    expect(await fork().findOneOrFail(Profile, { user: teacher.id })).toMatchObject({
      coursesCount: 2,
      reviewsCount: 4,
      // By review: (5 + 4 + 4 + 1) / 4, not by course.
      rating: '3.50',
    })
    expect(drifts).toContainEqual({ counter: 'course.students_count', id: course.id, stored: '77', counted: '2' })
    const after = await server.context.metrics.getSingleMetricAsString('counter_drift_total')
    expect(after).toContain('counter_drift_total{counter="course.students_count"} 1')
    expect(server.log()).toMatch(/"counter":"course.students_count".*"stored":"77".*a counter had drifted/)
  })

  it('finds nothing the second time, and touches nothing', async () => {
    await reconcile()
    const [{ updated_at: before }] = await fork().execute<[{ updated_at: string }]>(
      'select max(xmin::text::bigint) as updated_at from course',
    )
    expect(await reconcile()).toEqual([])
    const [{ updated_at: after }] = await fork().execute<[{ updated_at: string }]>(
      'select max(xmin::text::bigint) as updated_at from course',
    )
    expect(after).toBe(before)
  })

  it('counts progress anew, completes who is through, and takes no completion back', async () => {
    const em = fork()
    const course = await aCourse(em, await server.register('teacher'))
    const module = await aModule(em, course)
    const lessons = [await aLesson(em, module), await aLesson(em, module)]
    const [half, whole, former] = [await server.register(), await server.register(), await server.register()]
    for (const [user, done] of [
      [half, lessons.slice(0, 1)],
      [whole, lessons],
      [former, []],
    ] as const) {
      for (const lesson of done) {
        em.create(LessonProgress, { lesson, user: em.getReference(User, user.id), status: 'completed', progress: 100 })
      }
    }
    const long = new Date('2026-01-01T00:00:00Z')
    const rows = [
      await anEnrollment(em, course, half, { progressPercent: 90 }),
      await anEnrollment(em, course, whole),
      await anEnrollment(em, course, former, { status: 'completed', completedAt: long, progressPercent: 100 }),
    ]
    await em.flush()
    const drifts = (await reconcile()).filter(({ counter }) => counter === 'enrollment.progress_percent')
    expect(drifts.map(({ id, stored, counted }) => [id, stored, counted])).toEqual([
      [rows[0]?.id, '90', '50'],
      [rows[1]?.id, '0', '100'],
      [rows[2]?.id, '100', '0'],
    ])
    const found = await fork().find(Enrollment, { course: course.id }, { orderBy: { id: 'asc' } })
    expect(found.map(({ status, progressPercent }) => [status, progressPercent])).toEqual([
      ['active', 50],
      ['completed', 100],
      ['completed', 0],
    ])
    expect(found[1]?.completedAt).toBeInstanceOf(Date)
    expect(found[2]?.completedAt).toEqual(long)
    expect(await reconcile()).toEqual([])
  })

  it('finds nothing after an account was deleted: its places and words stay', async () => {
    const em = fork()
    const course = await aCourse(em, await server.register('teacher'))
    const learner = await server.register()
    await anEnrollment(em, course, learner)
    await reconcile()
    await deleteUser(fork(), learner.id, { actor: null }, server.context)
    expect(await reconcile()).toEqual([])
    expect((await fork().findOneOrFail(Course, { id: course.id })).studentsCount).toBe(1)
  })

  it('is right while fifty learners come at once', async () => {
    const em = fork()
    const course = await aCourse(em, await server.register('teacher'))
    const learners = await Promise.all(Array.from({ length: 50 }, () => server.register()))
    const come = (user: User) =>
      fork().transactional(async (tx) => {
        tx.create(Enrollment, {
          course: tx.getReference(Course, course.id),
          user: tx.getReference(User, user.id),
          source: 'free',
        })
        await tx.flush()
        await tx.execute('update course set students_count = students_count + 1 where id = ?', [course.id])
      })
    await em.nativeUpdate(Course, { id: course.id }, { studentsCount: 5 })
    await Promise.all([...learners.slice(0, 25).map(come), reconcile(), ...learners.slice(25).map(come), reconcile()])
    await reconcile()
    expect((await fork().findOneOrFail(Course, { id: course.id })).studentsCount).toBe(50)
    expect(await reconcile()).toEqual([])
  })
})
