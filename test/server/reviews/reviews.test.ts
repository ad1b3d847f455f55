import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import type { User } from '../../../server/accounts/user.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { Course } from '../../../server/courses/course.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { Payment } from '../../../server/payments/payment.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { Review } from '../../../server/reviews/review.ts'
import { ReviewReport } from '../../../server/reviews/review-report.ts'
import { verifyReview, verifyReviews } from '../../../server/reviews/verify-reviews.ts'
import { aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let em: EntityManager
let teacher: User
let course: Course
beforeAll(async () => {
  server = await startServer()
  teacher = await server.register('teacher', 'Vera')
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  em = server.context.orm.em.fork()
  course = await aCourse(em, teacher)
})

async function aLearner(): Promise<User> {
  const user = await server.register()
  await anEnrollment(em, course, user)
  return user
}

async function post(user: User, body: object = { rating: 5 }) {
  return (await server.signIn(user)).post(`/api/courses/${course.id}/reviews/`).send(body)
}

const shown = async () => (await server.visitor().get(`/api/courses/${course.id}/reviews/`).expect(200)).body

async function aPayment(user: User): Promise<Payment> {
  const payment = em.create(Payment, {
    user: user.id,
    course,
    amount: '100.00',
    currency: 'RUB',
    status: 'completed',
    transactionId: `pay_${user.id}_${course.id}`,
    provider: 'sandbox',
  })
  await em.flush()
  return payment
}

describe('who may review', () => {
  it('a learner may, once', async () => {
    const learner = await aLearner()
    const first = await post(learner, { rating: 4, title: 'Good', content: 'Clear.' })
    expect(first.status).toBe(201)
    expect(first.body).toMatchObject({ rating: 4, title: 'Good', is_verified: false, is_own: true })
    const second = await post(learner)
    expect([second.status, second.body.code]).toEqual([409, 'already_reviewed'])
    expect(await shown()).toMatchObject({ count: 1, reviews_count: 1, average_rating: '4.00' })
  })

  it('guests and people who are not enrolled may not', async () => {
    await server.visitor().post(`/api/courses/${course.id}/reviews/`).send({ rating: 5 }).expect(401)
    for (const role of ['student', 'teacher', 'producer'] as const) {
      const answer = await post(await server.register(role))
      expect([answer.status, answer.body.code]).toEqual([403, 'enrollment_required'])
    }
  })

  it('whose enrollment is refunded, revoked or expired may not; who completed the course may', async () => {
    for (const status of ['refunded', 'revoked', 'expired'] as const) {
      const user = await server.register()
      await anEnrollment(em, course, user, { status })
      expect((await post(user)).status).toBe(403)
    }
    const done = await server.register()
    await anEnrollment(em, course, done, { status: 'completed' })
    expect((await post(done)).status).toBe(201)
  })

  it('staff of the course may not, not even when they are enrolled', async () => {
    const assistant = await aLearner()
    await aStaffMember(em, course, assistant, 'assistant')
    const producer = await server.register('producer')
    await aStaffMember(em, course, producer, 'producer')
    await anEnrollment(em, course, teacher)
    for (const user of [teacher, assistant, producer]) {
      const answer = await post(user)
      expect([answer.status, answer.body.code]).toEqual([403, 'forbidden'])
    }
  })

  it('teachers and producers may review courses of others that they learn in, an admin any', async () => {
    for (const role of ['teacher', 'producer'] as const) {
      const user = await server.register(role)
      await anEnrollment(em, course, user)
      expect((await post(user)).status).toBe(201)
    }
    expect((await post(await server.register('admin'))).status).toBe(201)
  })

  it('a draft has no reviews that anybody could find', async () => {
    course.status = 'draft'
    const learner = await aLearner()
    expect((await post(learner)).status).toBe(404)
    await server.visitor().get(`/api/courses/${course.id}/reviews/`).expect(404)
  })

  it('nobody says of themselves that they are verified, or whose review it is', async () => {
    const learner = await aLearner()
    for (const field of ['is_verified', 'is_hidden', 'user', 'course', 'teacher_reply', 'created_at']) {
      const answer = await post(learner, { rating: 5, [field]: 1 })
      expect(answer.status).toBe(400)
      expect(Object.keys(answer.body)).toEqual([field])
    }
  })

  it.each([0, 6, 2.5, '5', null, undefined])('refuses the rating %s', async (rating) => {
    expect((await post(await aLearner(), { rating })).status).toBe(400)
  })

  it('of fifty parallel reviews by one learner one is kept', async () => {
    const agent = await server.signIn(await aLearner())
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => agent.post(`/api/courses/${course.id}/reviews/`).send({ rating: 3 })),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([201, ...Array(49).fill(409)])
    expect(await shown()).toMatchObject({ reviews_count: 1, average_rating: '3.00' })
  })
})

describe('averages', () => {
  it('are right after thirty reviews at once, in two courses of one teacher', async () => {
    const own = await server.register('teacher')
    const courses = [await aCourse(em, own), await aCourse(em, own)]
    const posts = []
    for (let number = 0; number < 30; number += 1) {
      const learner = await server.register()
      const at = courses[number % 2] as Course
      await anEnrollment(em, at, learner)
      const agent = await server.signIn(learner)
      posts.push(() => agent.post(`/api/courses/${at.id}/reviews/`).send({ rating: (number % 5) + 1 }))
    }
    const answers = await Promise.all(posts.map((send) => send()))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    const fresh = em.fork()
    for (const { id } of courses) {
      const found = await fresh.findOneOrFail(Course, { id })
      expect([found.averageRating, found.reviewsCount]).toEqual(['3.00', 15])
    }
    const profile = await fresh.findOneOrFail(Profile, { user: own.id })
    expect([profile.rating, profile.reviewsCount]).toEqual(['3.00', 30])
  })

  it('are rounded to two digits, follow edits, hiding and deletion, and are 0.00 of none', async () => {
    const learners = [await aLearner(), await aLearner(), await aLearner()]
    const ratings = [5, 5, 4]
    const ids: number[] = []
    for (const [index, learner] of learners.entries()) {
      ids.push((await post(learner, { rating: ratings[index] })).body.id)
    }
    expect(await shown()).toMatchObject({ average_rating: '4.67', histogram: { 1: 0, 2: 0, 3: 0, 4: 1, 5: 2 } })
    const author = await server.signIn(learners[2] as User)
    await author.put(`/api/reviews/${ids[2]}/`).send({ rating: 1 }).expect(200)
    expect(await shown()).toMatchObject({ average_rating: '3.67', histogram: { 1: 1, 2: 0, 3: 0, 4: 0, 5: 2 } })
    const admin = await server.signIn(await server.register('admin'))
    await admin.post(`/api/reviews/${ids[0]}/hide/`).send({ reason: 'Spam' }).expect(200)
    expect(await shown()).toMatchObject({ average_rating: '3.00', reviews_count: 2, count: 2 })
    await admin.post(`/api/reviews/${ids[0]}/unhide/`).expect(200)
    expect(await shown()).toMatchObject({ average_rating: '3.67', reviews_count: 3 })
    for (const [index, learner] of learners.entries()) {
      await (await server.signIn(learner)).delete(`/api/reviews/${ids[index]}/`).expect(204)
    }
    expect(await shown()).toMatchObject({ average_rating: '0.00', reviews_count: 0, count: 0, results: [] })
  })

  it('tell the catalogue after each change', async () => {
    const bump = vi.spyOn(server.context.catalogCache, 'bump')
    const learner = await aLearner()
    const { id } = (await post(learner)).body
    const agent = await server.signIn(learner)
    await agent.put(`/api/reviews/${id}/`).send({ rating: 2 }).expect(200)
    await agent.delete(`/api/reviews/${id}/`).expect(204)
    expect(bump).toHaveBeenCalledTimes(3)
    bump.mockRestore()
  })
})

describe('the list', () => {
  it('filters by rating and verification, orders, pages, and counts the histogram of all', async () => {
    for (const rating of [3, 5, 4]) {
      const learner = await aLearner()
      if (rating === 5) await aPayment(learner)
      await post(learner, { rating })
    }
    const get = async (query: string) =>
      (await server.visitor().get(`/api/courses/${course.id}/reviews/?${query}`).expect(200)).body
    const ratings = async (query: string) =>
      (await get(query)).results.map((review: { rating: number }) => review.rating)
    expect(await ratings('')).toEqual([4, 5, 3])
    expect(await ratings('ordering=created_at')).toEqual([3, 5, 4])
    expect(await ratings('ordering=-rating')).toEqual([5, 4, 3])
    expect(await ratings('ordering=rating')).toEqual([3, 4, 5])
    expect(await ratings('ordering=password')).toEqual([4, 5, 3])
    expect(await ratings('rating=3')).toEqual([3])
    expect(await ratings('is_verified=true')).toEqual([5])
    expect(await ratings('is_verified=false')).toEqual([4, 3])
    const page = await get('page_size=1&page=2')
    expect(page).toMatchObject({ count: 3, histogram: { 3: 1, 4: 1, 5: 1 } })
    expect(page.next).toContain('page=3')
    for (const query of ['rating=9', 'rating=x', 'is_verified=perhaps']) {
      await server.visitor().get(`/api/courses/${course.id}/reviews/?${query}`).expect(400)
    }
  })

  it('names authors by their public name alone', async () => {
    const learner = await aLearner()
    await em.nativeUpdate(Profile, { user: learner.id }, { displayName: 'Quiet Fox' })
    await post(learner)
    const list = await shown()
    expect(list.results[0].author).toEqual({ display_name: 'Quiet Fox' })
    expect(JSON.stringify(list)).not.toContain(learner.lastName)
    expect(JSON.stringify(list)).not.toContain(learner.email)
  })

  it('keeps text alone of what was written', async () => {
    const body = {
      rating: 5,
      title: '<b>Bold</b> &lt;script&gt;alert(1)&lt;/script&gt;',
      content:
        'a < b & c\n<img src=x onerror=alert(1)><a href="javascript:alert(1)">link</a>&amp;lt;svg onload=x&amp;gt;',
    }
    const answer = await post(await aLearner(), body)
    expect(answer.body.title).toBe('Bold')
    expect(answer.body.content).toBe('a < b & c\nlink')
  })
})

describe('one’s own review', () => {
  it('is changed and deleted by its author alone', async () => {
    const { id } = (await post(await aLearner())).body
    const admin = await server.register('admin')
    for (const other of [teacher, await aLearner(), admin]) {
      const agent = await server.signIn(other)
      await agent.put(`/api/reviews/${id}/`).send({ rating: 1 }).expect(403)
      await agent.delete(`/api/reviews/${id}/`).expect(403)
    }
    await server.visitor().put(`/api/reviews/${id}/`).send({ rating: 1 }).expect(401)
    await server.visitor().delete(`/api/reviews/${id}/`).expect(401)
    expect(await shown()).toMatchObject({ average_rating: '5.00', count: 1 })
  })

  it('is looked at but not changed while it is hidden', async () => {
    const learner = await aLearner()
    const { id } = (await post(learner)).body
    const admin = await server.signIn(await server.register('admin'))
    await admin.post(`/api/reviews/${id}/hide/`).send({ reason: 'Rude' }).expect(200)
    const agent = await server.signIn(learner)
    const list = (await agent.get(`/api/courses/${course.id}/reviews/`).expect(200)).body
    expect(list.results).toMatchObject([{ id, is_hidden: true, hidden_reason: 'Rude', is_own: true }])
    expect(list.histogram).toMatchObject({ 5: 0 })
    const refused = await agent.put(`/api/reviews/${id}/`).send({ rating: 1 })
    expect([refused.status, refused.body.code]).toEqual([409, 'review_hidden'])
    await agent.delete(`/api/reviews/${id}/`).expect(409)
  })

  it('stays its author’s to change after a refund', async () => {
    const learner = await server.register()
    const enrollment = await anEnrollment(em, course, learner)
    const { id } = (await post(learner)).body
    enrollment.status = 'refunded'
    await em.flush()
    await (await server.signIn(learner)).put(`/api/reviews/${id}/`).send({ rating: 2 }).expect(200)
  })

  it('that is missing is not found, whoever asks', async () => {
    const agent = await server.signIn(await server.register('admin'))
    for (const path of ['', 'hide/', 'reply/', 'report/']) {
      const method = path === '' ? 'put' : 'post'
      const body = path === '' ? { rating: 1 } : path === 'reply/' ? { reply: 'x' } : { reason: 'x' }
      await agent[method](`/api/reviews/2000000000/${path}`).send(body).expect(404)
    }
  })
})

describe('moderation', () => {
  it('hides by admins and by who has moderate_reviews in this course', async () => {
    const helper = await server.register()
    await aStaffMember(em, course, helper, 'assistant', { moderate_reviews: true })
    const stranger = await server.register()
    await aStaffMember(em, await aCourse(em, teacher), stranger, 'assistant', { moderate_reviews: true })
    const { id } = (await post(await aLearner())).body
    for (const other of [teacher, stranger, await server.register('producer'), await server.register()]) {
      const agent = await server.signIn(other)
      await agent.post(`/api/reviews/${id}/hide/`).send({ reason: 'x' }).expect(403)
      await agent.post(`/api/reviews/${id}/unhide/`).expect(403)
    }
    await server.visitor().post(`/api/reviews/${id}/hide/`).send({ reason: 'x' }).expect(401)
    const agent = await server.signIn(helper)
    for (const body of [{}, { reason: '' }, { reason: ' <b></b> ' }, { reason: '\ud800' }]) {
      await agent.post(`/api/reviews/${id}/hide/`).send(body).expect(400)
    }
    await agent.post(`/api/reviews/${id}/hide/`).send({ reason: 'Off topic' }).expect(200)
    const line = await em.fork().findOneOrFail(AuditLog, { object: `review:${id}`, action: 'review.hide' })
    expect(line.details).toMatchObject({ reason: 'Off topic', hidden: [false, true] })
    expect((await agent.get(`/api/courses/${course.id}/reviews/`)).body.count).toBe(1)
    const teachers = await server.signIn(teacher)
    expect((await teachers.get(`/api/courses/${course.id}/reviews/`)).body.count).toBe(0)
    await teachers.post(`/api/reviews/${id}/reply/`).send({ reply: 'x' }).expect(404)
    await (await server.signIn(stranger)).post(`/api/reviews/${id}/report/`).send({ reason: 'x' }).expect(404)
  })

  it('lets teachers of the course reply, in plain text, and take it back', async () => {
    const learner = await aLearner()
    const { id } = (await post(learner)).body
    for (const other of [learner, await server.register('teacher'), await server.register('producer')]) {
      await (await server.signIn(other)).post(`/api/reviews/${id}/reply/`).send({ reply: 'No' }).expect(403)
    }
    const agent = await server.signIn(teacher)
    const answer = await agent.post(`/api/reviews/${id}/reply/`).send({ reply: '<i>Thank</i> you' }).expect(200)
    expect(answer.body).toMatchObject({ teacher_reply: 'Thank you', replied_at: expect.any(String) })
    const empty = await agent.post(`/api/reviews/${id}/reply/`).send({ reply: '' }).expect(200)
    expect(empty.body).toMatchObject({ teacher_reply: '', replied_at: null })
  })

  it('takes one report of each person, and none of one’s own', async () => {
    const learner = await aLearner()
    const { id } = (await post(learner)).body
    await (await server.signIn(learner)).post(`/api/reviews/${id}/report/`).send({ reason: 'x' }).expect(403)
    await server.visitor().post(`/api/reviews/${id}/report/`).send({ reason: 'x' }).expect(401)
    const agent = await server.signIn(await server.register())
    for (const reason of ['Spam', 'Insult']) {
      await agent.post(`/api/reviews/${id}/report/`).send({ reason }).expect(204)
    }
    const reports = await em.fork().find(ReviewReport, { review: id })
    expect(reports.map(({ reason }) => reason)).toEqual(['Insult'])
  })
})

describe('verification', () => {
  it('is the server’s word: a completed payment, gone with the refund', async () => {
    const learner = await aLearner()
    const payment = await aPayment(learner)
    const { id, is_verified } = (await post(learner)).body
    expect(is_verified).toBe(true)
    payment.status = 'refunded'
    await em.flush()
    await em.transactional((tx) => verifyReview(tx, course.id, learner.id))
    expect((await em.fork().findOneOrFail(Review, { id })).isVerified).toBe(false)
  })

  it('or a completed lesson, while one learns there; found out later too', async () => {
    const lesson = await aLesson(em, await aModule(em, course))
    const learner = await server.register()
    const enrollment = await anEnrollment(em, course, learner)
    const { id, is_verified } = (await post(learner)).body
    expect(is_verified).toBe(false)
    em.create(LessonProgress, { lesson, user: learner.id, status: 'completed', progress: 100 })
    await em.flush()
    await verifyReviews(em)
    expect((await em.fork().findOneOrFail(Review, { id })).isVerified).toBe(true)
    enrollment.status = 'refunded'
    await em.flush()
    await verifyReviews(em)
    expect((await em.fork().findOneOrFail(Review, { id })).isVerified).toBe(false)
  })
})
