import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { aCourse, aLesson, aModule, anEnrollment } from '../../support/courses.ts'
import { aPublisher, aRecording, authorize, beat, closed } from '../../support/factories.ts'
import { aBuyer, aPurchase, refunded, startShop, webhook } from '../../support/payments.ts'
import type { TestServer } from '../../support/server.ts'
import { noticesOf, work } from './support.ts'

let server: TestServer
beforeAll(async () => {
  server = await startShop()
})
afterAll(() => server[Symbol.asyncDispose]())

const told = async (user: User) => {
  await work(server)
  return (await noticesOf(server, user)).map(({ kind, data, url }) => ({ kind, data, url }))
}

describe('a lesson', () => {
  async function aClass() {
    const { user: teacher, streamKey } = await aPublisher(server)
    const em = server.context.orm.em.fork()
    const course = await aCourse(em, teacher)
    const module = await aModule(em, course)
    const [learner, former] = [await server.register(), await server.register()]
    await anEnrollment(em, course, learner)
    await anEnrollment(em, course, former, { status: 'revoked' })
    return { em, course, module, learner, former, streamKey, teacher: await server.signIn(teacher) }
  }

  it('that is added to a course is told to its learners; one that is hidden when it is shown, and once', async () => {
    const { course, module, learner, former, teacher } = await aClass()
    const lessons = `/api/modules/${module.id}/lessons/`
    const text = { content_type: 'text', content: '<p>x</p>' }
    const shown = await teacher
      .post(lessons)
      .send({ title: 'Fractions', ...text })
      .expect(201)
    const { body } = await teacher
      .post(lessons)
      .send({ title: 'Roots', ...text, is_published: false })
      .expect(201)
    const [fractions, roots] = [shown.body, body].map(({ id, title }) => ({
      kind: 'lesson',
      data: { course: course.title, lesson: title },
      url: `/learn/${course.slug}/${id}`,
    }))
    expect(await told(learner)).toEqual([fractions])
    for (const is_published of [true, false, true]) {
      await teacher.patch(`/api/lessons/${body.id}/`).send({ is_published }).expect(200)
      await told(learner)
    }
    await teacher.patch(`/api/lessons/${body.id}/`).send({ title: 'Square roots' }).expect(200)
    expect(await told(learner)).toEqual([fractions, roots])
    expect(await told(former)).toEqual([])
  })

  it('is no news for who enrolls when it is there', async () => {
    const { em, course, module, learner, teacher } = await aClass()
    const text = { title: 'First', content_type: 'text', content: '<p>x</p>' }
    await teacher.post(`/api/modules/${module.id}/lessons/`).send(text).expect(201)
    const late = await server.register()
    await anEnrollment(em, course, late)
    expect([(await told(learner)).length, (await told(late)).length]).toEqual([1, 0])
  })

  it('that was live is told once its recording can be played', async () => {
    const { em, course, module, learner, streamKey } = await aClass()
    const show = await authorize(server, streamKey)
    await beat(server, [show.broadcast])
    const lesson = await aLesson(em, module, {
      contentType: 'video',
      broadcast: show.broadcast,
      recording: show.recording,
    })
    expect(await told(learner)).toEqual([])
    for (const is_uploaded of [false, true]) {
      await server.internal(`/recordings/${show.recording}/closed`, closed(show, { is_uploaded })).expect(204)
    }
    expect(await told(learner)).toEqual([
      { kind: 'lesson', data: { course: course.title, lesson: 'Lesson 1' }, url: `/learn/${course.slug}/${lesson.id}` },
    ])
  })

  it('of a course that nobody sees yet is told to nobody', async () => {
    const { em, course, module, learner, teacher, streamKey } = await aClass()
    await em.nativeUpdate(Course, { id: course.id }, { status: 'draft' })
    const { recording } = await aRecording(server, streamKey)
    const lesson = { title: 'x', content_type: 'video', content: '', recording }
    await teacher.post(`/api/modules/${module.id}/lessons/`).send(lesson).expect(201)
    expect(await told(learner)).toEqual([])
  })
})

it('a grade is told to who handed the work in, and another one again', async () => {
  const teacher = await server.register('teacher')
  const learner = await server.register()
  const em = server.context.orm.em.fork()
  const course = await aCourse(em, teacher)
  await anEnrollment(em, course, learner)
  const assignment = { max_grade: 10, pass_grade: 6, completion: 'graded' as const, max_files: 1 }
  const lesson = await aLesson(em, await aModule(em, course), { contentType: 'assignment', assignment })
  const agent = await server.signIn(learner)
  const { body } = await agent.post(`/api/lessons/${lesson.id}/submissions/`).send({ text: 'Done.' }).expect(201)
  const staff = await server.signIn(teacher)
  for (const grade of [4, 9]) await staff.patch(`/api/submissions/${body.id}/`).send({ grade }).expect(200)
  expect(await told(learner)).toEqual(
    ['4', '9'].map((grade) => ({
      kind: 'graded',
      data: { course: course.title, lesson: 'Lesson 1', grade, max_grade: '10' },
      url: `/learn/${course.slug}/${lesson.id}`,
    })),
  )
  expect(await told(teacher)).toEqual([])
})

it('money is told of when it came and when it went back, once for each event however often it is sent', async () => {
  const teacher = await server.register('teacher')
  const course = await aCourse(server.context.orm.em.fork(), teacher, { price: '100.00' })
  const buyer = await aBuyer(server)
  const payment = await aPurchase(server, buyer, course)
  for (const id of ['evt_refund', 'evt_refund', 'evt_other']) {
    await webhook(server, refunded(payment, 're_1', 4000), id).expect(200)
  }
  const about = { course: course.title, currency: payment.currency }
  expect(await told(buyer)).toEqual([
    { kind: 'payment', data: { ...about, amount: '100.00' }, url: `/courses/${course.slug}` },
    { kind: 'refund', data: { ...about, amount: '40.00' }, url: `/courses/${course.slug}` },
  ])
})
