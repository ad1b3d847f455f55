import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import type { Course } from '../../../server/courses/course.ts'
import { Enrollment } from '../../../server/courses/enrollment.ts'
import { Lesson } from '../../../server/courses/lesson.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { takeMails } from '../../support/mail.ts'
import { aBuyer, aPurchase, placeOf, startShop } from '../../support/payments.ts'
import type { TestServer } from '../../support/server.ts'

let server: TestServer
let em: EntityManager
let teacher: User
let course: Course
beforeAll(async () => {
  server = await startShop()
  teacher = await aBuyer(server, 'teacher')
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  em = server.context.orm.em.fork()
  course = await aCourse(em, teacher)
})

const pathOf = ({ id }: Course, what = 'enroll') => `/api/courses/${id}/${what}/`
async function enroll(user: User, body: object = {}) {
  return (await server.signIn(user)).post(pathOf(course)).send(body)
}

describe('enrolling in a free course', () => {
  it('gives a place at once, and the same one again', async () => {
    const user = await aBuyer(server)
    await takeMails(server)
    const first = await enroll(user)
    expect(first.status).toBe(201)
    expect(first.body).toMatchObject({
      status: 'active',
      source: 'free',
      progress_percent: 0,
      course: { id: course.id },
    })
    const second = await enroll(user)
    expect([second.status, second.body.id]).toEqual([200, first.body.id])
    expect(await placeOf(server, user, course)).toMatchObject({ rows: 1, studentsCount: 1 })
    expect((await takeMails(server)).map(({ to, template }) => [to, template])).toEqual([[user.email, 'enrolled']])
  })

  it('counts what was learned in free lessons before', async () => {
    const module = await aModule(em, course)
    const lessons = [
      await aLesson(em, module, { order: 1, isFree: true }),
      await aLesson(em, module, { order: 2 }),
      await aLesson(em, module, { order: 3 }),
    ]
    const user = await aBuyer(server)
    const agent = await server.signIn(user)
    const complete = (lesson = lessons[0]) =>
      agent.post(`/api/lessons/${lesson?.id}/progress/`).send({ status: 'completed' }).expect(200)
    await complete()
    expect((await agent.post(pathOf(course)).send({}).expect(201)).body).toMatchObject({
      status: 'active',
      progress_percent: 33,
    })

    // And in an earlier time here: coming back with everything done is having completed it.
    await complete(lessons[1])
    await agent.delete(pathOf(course)).expect(204)
    await em.nativeDelete(Lesson, { id: lessons[2]?.id ?? 0 })
    expect((await agent.post(pathOf(course)).send({}).expect(201)).body).toMatchObject({
      status: 'completed',
      progress_percent: 100,
    })
    expect((await placeOf(server, user, course)).studentsCount).toBe(1)
  })

  it('of fifty clicks makes one place', async () => {
    const user = await aBuyer(server)
    const agent = await server.signIn(user)
    const answers = await Promise.all(Array.from({ length: 50 }, () => agent.post(pathOf(course)).send({})))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(49).fill(200), 201])
    expect(await placeOf(server, user, course)).toMatchObject({ rows: 1, studentsCount: 1 })
  })

  it('counts every one of ten learners who come at once', async () => {
    const agents = await Promise.all(Array.from({ length: 10 }, async () => server.signIn(await aBuyer(server))))
    await Promise.all(agents.map((agent) => agent.post(pathOf(course)).send({}).expect(201)))
    expect((await placeOf(server, teacher, course)).studentsCount).toBe(10)
  })

  it('asks guests to sign in, and for a confirmed address unless the settings say otherwise', async () => {
    await server.visitor().post(pathOf(course)).send({}).expect(401)
    const user = await server.register()
    const refused = await enroll(user)
    expect([refused.status, refused.body.code]).toEqual([403, 'email_not_verified'])
    await server.context.settings.change(em, { email_verification_required: false }, { actor: null })
    expect((await enroll(user)).status).toBe(201)
    await server.context.settings.change(em.fork(), { email_verification_required: true }, { actor: null })
  })

  it('knows no draft, takes nobody into the archive, and no staff', async () => {
    const user = await aBuyer(server)
    for (const [status, answered, code] of [
      ['draft', 404, 'course_not_found'],
      ['review', 404, 'course_not_found'],
      ['archived', 409, 'course_archived'],
    ] as const) {
      course = await aCourse(em, teacher, { status })
      const answer = await enroll(user)
      expect([answer.status, answer.body.code]).toEqual([answered, code])
    }
    const own = await enroll(teacher)
    expect([own.status, own.body.code]).toEqual([409, 'course_staff'])
    await (await server.signIn(user)).post('/api/courses/999999/enroll/').send({}).expect(404)
  })

  it('in an archived course leaves learners what they have', async () => {
    const user = await aBuyer(server)
    await enroll(user)
    await em.execute(`update course set status = 'archived' where id = ?`, [course.id])
    expect((await enroll(user)).status).toBe(200)
  })

  it('takes nothing from the body that is not its own', async () => {
    const user = await aBuyer(server)
    for (const body of [{ user: 1 }, { status: 'completed' }, { source: 'manual' }, { progress_percent: 100 }]) {
      expect((await enroll(user, body)).status).toBe(400)
    }
  })
})

describe('leaving', () => {
  it('ends access, lowers the count, and coming back takes the same place', async () => {
    const user = await aBuyer(server)
    const agent = await server.signIn(user)
    const { body } = await agent.post(pathOf(course)).send({})
    await agent.delete(pathOf(course)).expect(204)
    expect(await placeOf(server, user, course)).toMatchObject({ status: 'revoked', studentsCount: 0 })
    expect(server.context.revocations.issuedBefore(`u${user.id}`)).toBeGreaterThan(0)
    expect((await agent.delete(pathOf(course)).expect(404)).body.code).toBe('enrollment_not_found')
    const back = await agent.post(pathOf(course)).send({}).expect(201)
    expect(back.body).toMatchObject({ id: body.id, status: 'active' })
    expect(await placeOf(server, user, course)).toMatchObject({ rows: 1, studentsCount: 1 })
  })

  it('is not for what was paid for', async () => {
    course = await aCourse(em, teacher, { price: '100.00' })
    const user = await aBuyer(server)
    await aPurchase(server, user, course)
    const answer = await (await server.signIn(user)).delete(pathOf(course))
    expect([answer.status, answer.body.code]).toEqual([409, 'paid_enrollment'])
    const byStaff = await (await server.signIn(teacher)).delete(pathOf(course, 'students')).send({ user: user.id })
    expect([byStaff.status, byStaff.body.code]).toEqual([409, 'paid_enrollment'])
  })
})

describe('one’s own courses', () => {
  it('are listed for oneself alone, latest first, by status', async () => {
    const [user, other] = [await aBuyer(server), await aBuyer(server)]
    const second = await aCourse(em, teacher)
    await anEnrollment(em, course, user, { enrolledAt: new Date(2026, 1, 1) })
    await anEnrollment(em, second, user, { status: 'refunded', enrolledAt: new Date(2026, 2, 1) })
    await anEnrollment(em, course, other)
    const agent = await server.signIn(user)
    const all = await agent.get('/api/enrollments/').expect(200)
    expect(all.body.results.map((row: { course: { id: number } }) => row.course.id)).toEqual([second.id, course.id])
    const active = await agent.get('/api/enrollments/?status=active').expect(200)
    expect(active.body).toMatchObject({ count: 1, results: [{ course: { id: course.id } }] })
    await agent.get('/api/enrollments/?status=nonsense').expect(400)
    await server.visitor().get('/api/enrollments/').expect(401)
  })
})

describe('a course’s learners', () => {
  it('are its staff’s to see, by their public names', async () => {
    const user = await aBuyer(server)
    await anEnrollment(em, course, user)
    const page = await (await server.signIn(teacher)).get(pathOf(course, 'students')).expect(200)
    expect(page.body).toMatchObject({ count: 1, results: [{ user: { id: user.id }, source: 'free' }] })
    expect(JSON.stringify(page.body)).not.toContain(user.email)
    for (const stranger of [user, await aBuyer(server, 'teacher'), await aBuyer(server, 'producer')]) {
      await (await server.signIn(stranger)).get(pathOf(course, 'students')).expect(403)
    }
    await server.visitor().get(pathOf(course, 'students')).expect(401)
    const assistant = await aBuyer(server)
    const place = await aStaffMember(em, course, assistant, 'assistant')
    await (await server.signIn(assistant)).get(pathOf(course, 'students')).expect(403)
    place.permissions = { manage_students: true }
    await em.flush()
    await (await server.signIn(assistant)).get(pathOf(course, 'students')).expect(200)
  })

  it('are added by hand, into drafts and paid courses too, with a line in the audit log', async () => {
    course = await aCourse(em, teacher, { price: '100.00', status: 'draft' })
    const user = await server.register()
    const agent = await server.signIn(teacher)
    const added = await agent
      .post(pathOf(course, 'students'))
      .send({ email: ` ${user.email.toUpperCase()} ` })
      .expect(201)
    expect(added.body).toMatchObject({ user: { id: user.id }, source: 'manual', status: 'active' })
    await agent.post(pathOf(course, 'students')).send({ email: user.email }).expect(200)
    expect(await placeOf(server, user, course)).toMatchObject({ rows: 1, studentsCount: 1, source: 'manual' })
    const audit = await em.fork().find(AuditLog, { action: 'enrollment.grant', object: `course:${course.id}` })
    expect(audit[0]?.details).toEqual({ user: user.id })
    await agent.delete(`${pathOf(course, 'students')}${user.id}/`).expect(204)
    expect(await placeOf(server, user, course)).toMatchObject({ status: 'revoked', studentsCount: 0 })
    await agent.delete(pathOf(course, 'students')).send({ user: user.id }).expect(404)
  })

  it('are added by number by admins alone, and never from the staff', async () => {
    const user = await aBuyer(server)
    const agent = await server.signIn(teacher)
    await agent.post(pathOf(course, 'students')).send({ user: user.id }).expect(403)
    const unknown = await agent.post(pathOf(course, 'students')).send({ email: 'nobody@example.org' }).expect(400)
    expect(unknown.body).toHaveProperty('email')
    const own = await agent.post(pathOf(course, 'students')).send({ email: teacher.email })
    expect([own.status, own.body.code]).toEqual([409, 'course_staff'])
    const admin = await server.signIn(await aBuyer(server, 'admin'))
    await admin.post(pathOf(course, 'students')).send({ user: user.id }).expect(201)
    await (await server.signIn(user)).post(pathOf(course, 'students')).send({ email: user.email }).expect(403)
  })

  it('who are staff as well are not counted', async () => {
    const user = await aBuyer(server)
    await enroll(user)
    await aStaffMember(em, course, user, 'assistant')
    await enroll(await aBuyer(server))
    expect((await placeOf(server, user, course)).studentsCount).toBe(1)
    expect(await em.fork().count(Enrollment, { course: course.id })).toBe(2)
  })
})
