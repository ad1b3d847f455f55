import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { aCategory, aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let teacher: User
let student: User
let producer: User
beforeAll(async () => {
  server = await startServer()
  teacher = await server.register('teacher', 'Ivan')
  student = await server.register('student', 'Olga')
  producer = await server.register('producer', 'Petr')
})
afterAll(() => server[Symbol.asyncDispose]())
const em = () => server.context.orm.em.fork()

describe('making a course', () => {
  it('is for teachers, producers and admins; it is a draft of theirs under an address of its title', async () => {
    await server.visitor().post('/api/courses/').send({ title: 'Гость' }).expect(401)
    await (await server.signIn(student)).post('/api/courses/').send({ title: 'Ученик' }).expect(403)
    const agent = await server.signIn(teacher)
    const { body } = await agent.post('/api/courses/').send({ title: 'Щука и жёлудь' }).expect(201)
    expect(body).toMatchObject({
      status: 'draft',
      slug: 'shchuka-i-zhyolud',
      price: '0.00',
      currency: 'RUB',
      version: 1,
      can_edit: true,
      modules: [],
      enrollment: null,
      teachers: [{ id: teacher.id, is_primary: true }],
    })
    const produced = await (await server.signIn(producer))
      .post('/api/courses/')
      .send({ title: 'By a producer' })
      .expect(201)
    expect(produced.body.rights).toContain('assign_staff')
    expect(produced.body.teachers).toEqual([])
  })

  it('gives an address to each, whatever the title', async () => {
    const agent = await server.signIn(teacher)
    const made = await Promise.all(
      Array.from({ length: 20 }, () => agent.post('/api/courses/').send({ title: 'Один и тот же' })),
    )
    expect(made.map(({ status }) => status)).toEqual(Array(20).fill(201))
    expect(new Set(made.map(({ body }) => body.slug)).size).toBe(20)
    const slugs = []
    for (const title of ['🎉🎉', '2024', 'Search', 'price ranges', 'reorder']) {
      slugs.push((await agent.post('/api/courses/').send({ title }).expect(201)).body.slug)
    }
    expect(slugs).toEqual(['course', 'course-2024', 'course-search', 'price-ranges', 'course-reorder'])
  })

  it('takes nothing that is the server’s to say', async () => {
    const agent = await server.signIn(teacher)
    for (const field of [
      'status',
      'students_count',
      'average_rating',
      'total_lessons',
      'published_at',
      'teacher',
      'id',
    ]) {
      const { body } = await agent
        .post('/api/courses/')
        .send({ title: 'Mass', [field]: 1 })
        .expect(400)
      expect(Object.keys(body)).toEqual([field])
    }
  })

  it.each(['-1', '1.999', 'NaN', '1e3', '999999999', 'free'])('refuses the price %s', async (price) => {
    const agent = await server.signIn(teacher)
    const { body } = await agent.post('/api/courses/').send({ title: 'Price', price }).expect(400)
    expect(Object.keys(body)).toEqual(['price'])
  })

  it('takes a price as a number or as text and answers a decimal', async () => {
    const agent = await server.signIn(teacher)
    for (const [price, kept] of [
      [19.99, '19.99'],
      ['1500', '1500.00'],
      ['0.1', '0.10'],
    ]) {
      expect((await agent.post('/api/courses/').send({ title: 'Price', price }).expect(201)).body.price).toBe(kept)
    }
  })

  it('names each field that refers to nothing, or to what is somebody else’s', async () => {
    const agent = await server.signIn(teacher)
    const { body } = await agent
      .post('/api/courses/')
      .send({ title: 'X', category: 999999, tags: [999999], language: 'xx', currency: 'ZZZ', preview_asset: 999999 })
      .expect(400)
    expect(Object.keys(body).toSorted()).toEqual(['category', 'currency', 'language', 'preview_asset', 'tags'])
  })
})

describe('a course’s page', () => {
  it('is there by id and slug; a draft is for its staff alone', async () => {
    const shown = await aCourse(em(), teacher)
    const draft = await aCourse(em(), teacher, { status: 'draft' })
    expect((await server.visitor().get(`/api/courses/${shown.id}/`).expect(200)).body.slug).toBe(shown.slug)
    expect((await server.visitor().get(`/api/courses/${shown.slug}/`).expect(200)).body.id).toBe(shown.id)
    for (const who of [server.visitor(), await server.signIn(student)]) {
      await who.get(`/api/courses/${draft.id}/`).expect(404)
      await who.get(`/api/courses/${draft.slug}/`).expect(404)
    }
    await (await server.signIn(teacher)).get(`/api/courses/${draft.id}/`).expect(200)
    await server.visitor().get('/api/courses/99999999999/').expect(404)
  })

  it('outlines lessons without what is in them, and says which are locked for whom', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher, { price: '10.00' })
    const open = await aModule(fork, course, { isFree: true })
    const closed = await aModule(fork, course)
    await aLesson(fork, open, { content: 'SECRET-1' })
    await aLesson(fork, closed, { content: 'SECRET-2', videoUrl: 'https://secret.example/3' })
    await aLesson(fork, closed, { isFree: true })
    await aLesson(fork, closed, { title: 'Hidden', isPublished: false })
    await anEnrollment(fork, course, student)
    const locks = (body: { modules: { lessons: { locked: boolean }[] }[] }) =>
      body.modules.map(({ lessons }) => lessons.map(({ locked }) => locked))

    const guest = await server.visitor().get(`/api/courses/${course.id}/`).expect(200)
    expect(guest.text).not.toMatch(/secret|Hidden/i)
    expect(locks(guest.body)).toEqual([[false], [true, false]])
    expect(guest.body).toMatchObject({ enrollment: null, progress: null, can_edit: false, review_comment: null })

    const learner = await (await server.signIn(student)).get(`/api/courses/${course.id}/`).expect(200)
    expect(locks(learner.body)).toEqual([[false], [false, false]])
    expect(learner.body.enrollment).toMatchObject({ status: 'active', last_lesson: null })
    expect(learner.body.progress).toEqual({ percent: 0, completed_lessons: 0, lessons: [] })

    const own = await (await server.signIn(teacher)).get(`/api/courses/${course.id}/`).expect(200)
    expect(locks(own.body)).toEqual([[false], [false, false, false]])
    expect(own.body.can_edit).toBe(true)
  })

  it('costs eight statements at most, however much is in it', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher)
    for (let index = 0; index < 4; index += 1) {
      const module = await aModule(fork, course)
      for (let lesson = 0; lesson < 5; lesson += 1) await aLesson(fork, module)
    }
    await anEnrollment(fork, course, student)
    const agent = await server.signIn(student)
    await agent.get(`/api/courses/${course.id}/`).expect(200)
    const statements = await countStatements(() => agent.get(`/api/courses/${course.id}/`).expect(200))
    expect(statements).toBeGreaterThan(3)
    expect(statements).toBeLessThanOrEqual(8)
  })
})

describe('editing a course', () => {
  it('replaces with PUT, where what is left out is reset but the price, and changes with PATCH', async () => {
    const course = await aCourse(em(), teacher, { status: 'draft', publishedAt: null, requirements: 'Before.' })
    const agent = await server.signIn(teacher)
    const patched = await agent.patch(`/api/courses/${course.id}/`).send({ title: 'Patched' }).expect(200)
    expect(patched.body).toMatchObject({ title: 'Patched', requirements: 'Before.', version: 2 })
    const refused = await agent.put(`/api/courses/${course.id}/`).send({ title: 'Put' }).expect(400)
    expect(Object.keys(refused.body)).toEqual(['price', 'currency'])
    const put = await agent
      .put(`/api/courses/${course.id}/`)
      .send({ title: 'Put', price: '5', currency: 'RUB' })
      .expect(200)
    expect(put.body).toMatchObject({ title: 'Put', requirements: '', category: null, price: '5.00', version: 3 })
    expect(put.body.slug).toBe(course.slug)
  })

  it('refuses an edit of what somebody has changed meanwhile', async () => {
    const course = await aCourse(em(), teacher)
    const agent = await server.signIn(teacher)
    const path = `/api/courses/${course.id}/`
    expect((await agent.get(path)).headers.etag).toBe('"1"')
    await agent.patch(path).set('If-Match', '"1"').send({ title: 'First' }).expect(200)
    const late = await agent.patch(path).set('If-Match', '"1"').send({ title: 'Late' }).expect(412)
    expect(late.body.code).toBe('precondition_failed')
    const stale = await agent.patch(path).send({ title: 'Late', version: 1 }).expect(409)
    expect(stale.body).toMatchObject({ code: 'version_conflict', version: 2 })
    await agent.patch(path).set('If-Match', 'W/"2"').send({ title: 'Weak' }).expect(412)
    const many = await Promise.all(
      Array.from({ length: 50 }, () => agent.patch(path).send({ title: 'Race', version: 2 })),
    )
    expect(many.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(many.filter(({ status }) => status === 409)).toHaveLength(49)
    expect((await agent.get(path)).body.version).toBe(3)
  })

  it('is for its staff: others are refused, and of a draft they learn nothing', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher)
    const draft = await aCourse(fork, teacher, { status: 'draft' })
    const stranger = await server.signIn(await server.register('teacher'))
    await server.visitor().patch(`/api/courses/${course.id}/`).send({ title: 'X' }).expect(401)
    await stranger.patch(`/api/courses/${course.id}/`).send({ title: 'X' }).expect(403)
    await stranger.patch(`/api/courses/${draft.id}/`).send({ title: 'X' }).expect(404)
    await (await server.signIn(student)).delete(`/api/courses/${draft.id}/`).expect(404)
    expect(await em().findOneOrFail(Course, { id: course.id })).toMatchObject({ title: course.title })
  })

  it('leaves the price to those who may set it', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher, { price: '10.00' })
    const helper = await server.register('student')
    await aStaffMember(fork, course, helper, 'assistant', { edit_content: true })
    const assistant = await server.signIn(helper)
    await assistant.patch(`/api/courses/${course.id}/`).send({ title: 'By an assistant' }).expect(200)
    await assistant.patch(`/api/courses/${course.id}/`).send({ price: '0' }).expect(403)
    const agent = await server.signIn(teacher)
    await agent.patch(`/api/courses/${course.id}/`).send({ price: '1' }).expect(403)
    await agent.patch(`/api/courses/${course.id}/`).send({ price: '10', currency: 'RUB' }).expect(200)
    await aStaffMember(fork, course, producer, 'producer')
    await (await server.signIn(producer)).patch(`/api/courses/${course.id}/`).send({ price: '7.5' }).expect(200)
    const [line] = await em().execute(`select details from audit_log where action = 'course.price' and object = ?`, [
      `course:${course.id}`,
    ])
    expect(line).toEqual({ details: { price: ['10.00 RUB', '7.50 RUB'] } })
  })

  it('keeps no script of what is written, and no address that is none', async () => {
    const course = await aCourse(em(), teacher)
    const agent = await server.signIn(teacher)
    const { body } = await agent
      .patch(`/api/courses/${course.id}/`)
      .send({
        description: '<p onclick="x()">Hi<script>alert(1)</script></p>',
        requirements: '<a href="javascript:alert(1)">x</a>',
        target_audience: '<svg onload=alert(1)><img src=x onerror=alert(1)>',
      })
      .expect(200)
    expect(JSON.stringify(body)).not.toMatch(/alert|javascript|onclick|svg/)
    for (const url of ['javascript:alert(1)', 'data:text/html,x', 'ftp://x.example/a', '//x.example', 'x']) {
      await agent.patch(`/api/courses/${course.id}/`).send({ preview_video_url: url }).expect(400)
    }
  })

  it('lets the address change until it is published, and never to one that is taken or reserved', async () => {
    const fork = em()
    const draft = await aCourse(fork, teacher, { status: 'draft', publishedAt: null })
    const published = await aCourse(fork, teacher)
    const agent = await server.signIn(teacher)
    const path = `/api/courses/${draft.id}/`
    expect((await agent.patch(path).send({ slug: 'My-Course' }).expect(200)).body.slug).toBe('my-course')
    expect((await agent.patch(path).send({ slug: published.slug }).expect(409)).body.code).toBe('slug_taken')
    expect((await agent.patch(path).send({ slug: 'search' }).expect(409)).body.code).toBe('slug_reserved')
    await agent.patch(path).send({ slug: '12345' }).expect(400)
    const frozen = await agent.patch(`/api/courses/${published.id}/`).send({ slug: 'another' }).expect(409)
    expect(frozen.body.code).toBe('slug_frozen')
  })
})

describe('deleting a course', () => {
  it('is for a draft that nobody was ever in', async () => {
    const fork = em()
    const agent = await server.signIn(teacher)
    const draft = await aCourse(fork, teacher, { status: 'draft' })
    await aLesson(fork, await aModule(fork, draft))
    await agent.delete(`/api/courses/${draft.id}/`).expect(204)
    await agent.get(`/api/courses/${draft.id}/`).expect(404)
    const published = await aCourse(fork, teacher)
    expect((await agent.delete(`/api/courses/${published.id}/`).expect(409)).body.code).toBe('course_in_use')
    const used = await aCourse(fork, teacher, { status: 'draft' })
    await anEnrollment(fork, used, student, { status: 'refunded' })
    await agent.delete(`/api/courses/${used.id}/`).expect(409)
  })
})

it('categories of a course are shown with it', async () => {
  const fork = em()
  const category = await aCategory(fork, { name: 'Рисование' })
  const course = await aCourse(fork, teacher, { category })
  const { body } = await server.visitor().get(`/api/courses/${course.id}/`).expect(200)
  expect(body.category).toEqual({ id: category.id, name: 'Рисование', slug: category.slug })
})

/** What PostgreSQL is asked between the beginning and the end of this. */
async function countStatements(run: () => PromiseLike<unknown>): Promise<number> {
  const connection = server.context.orm.em.getConnection()
  const execute = connection.execute.bind(connection)
  let count = 0
  connection.execute = ((...args: Parameters<typeof execute>) => {
    count += 1
    return execute(...args)
  }) as typeof connection.execute
  try {
    await run()
  } finally {
    connection.execute = execute
  }
  return count
}
