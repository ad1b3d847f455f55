import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { Lesson } from '../../../server/courses/lesson.ts'
import { MediaAsset } from '../../../server/library/media-asset.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { aCourse, aLesson, aModule, anEnrollment } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let teacher: User
let student: User
let agent: Awaited<ReturnType<TestServer['signIn']>>
beforeAll(async () => {
  server = await startServer()
  teacher = await server.register('teacher')
  student = await server.register('student')
  agent = await server.signIn(teacher)
})
afterAll(() => server[Symbol.asyncDispose]())
const em = () => server.context.orm.em.fork()
const counters = async (id: number) => {
  const { totalLessons, durationMinutes, durationHours } = await em().findOneOrFail(Course, { id })
  return [totalLessons, durationMinutes, durationHours]
}
const titles = async (course: number) => {
  const { body } = await agent.get(`/api/courses/${course}/modules/?page_size=100`).expect(200)
  return body.results.map((module: { title: string }) => module.title)
}

const quiz = {
  questions: [
    {
      id: 'q1',
      type: 'single',
      text: '2 + 2?',
      options: [
        { id: 'a', text: '4' },
        { id: 'b', text: '5' },
      ],
      answer: 'a',
      explanation: 'WHY',
    },
    { id: 'q2', type: 'text', text: 'Capital?', answer: ['MOSCOW'] },
  ],
}

describe('modules', () => {
  it('are added at the end, or where they are wanted, and what stands there moves on', async () => {
    const course = await aCourse(em(), teacher)
    for (const [title, order] of [['A'], ['B'], ['C', 1], ['D', 2], ['E', 99]] as [string, number?][]) {
      const { body } = await agent.post(`/api/courses/${course.id}/modules/`).send({ title, order }).expect(201)
      expect(body.order).toBe({ A: 1, B: 2, C: 1, D: 2, E: 5 }[title])
    }
    expect(await titles(course.id)).toEqual(['C', 'D', 'A', 'B', 'E'])
    await agent.post(`/api/courses/${course.id}/modules/`).send({ title: 'F', order: 0 }).expect(400)
  })

  it('have no gaps and no doubles after fifty are added at once, at the front and at the end', async () => {
    const course = await aCourse(em(), teacher)
    const added = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        agent.post(`/api/courses/${course.id}/modules/`).send({ title: `M${index}`, order: index % 2 ? 1 : undefined }),
      ),
    )
    expect(added.every(({ status }) => status === 201)).toBe(true)
    const rows = await em().execute<{ order: number }[]>(`select "order" from module where course_id = ? order by 1`, [
      course.id,
    ])
    expect(rows.map(({ order }) => order)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
  })

  it('are changed, moved and deleted; the gap is closed', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher)
    const [a, b, c] = [
      await aModule(fork, course, { title: 'A' }),
      await aModule(fork, course, { title: 'B' }),
      await aModule(fork, course, { title: 'C' }),
    ]
    const put = await agent.put(`/api/modules/${c.id}/`).send({ title: 'C2', is_free: true, order: 1 }).expect(200)
    expect(put.body).toEqual({ id: c.id, course: course.id, title: 'C2', description: '', order: 1, is_free: true })
    expect(await titles(course.id)).toEqual(['C2', 'A', 'B'])
    expect((await agent.patch(`/api/modules/${b.id}/`).send({ description: 'Last' }).expect(200)).body).toMatchObject({
      title: 'B',
      order: 3,
    })
    await agent.delete(`/api/modules/${a.id}/`).expect(204)
    expect((await agent.get(`/api/modules/${b.id}/`).expect(200)).body.order).toBe(2)
    await agent.get(`/api/modules/${a.id}/`).expect(404)
  })

  it('belong to their course: other people change nothing and of a draft learn nothing', async () => {
    const fork = em()
    const draft = await aCourse(fork, teacher, { status: 'draft' })
    const shown = await aCourse(fork, teacher)
    const hidden = await aModule(fork, draft)
    const module = await aModule(fork, shown)
    const stranger = await server.signIn(await server.register('teacher'))
    await server.visitor().get(`/api/modules/${hidden.id}/`).expect(404)
    for (const [id, status] of [
      [hidden.id, 404],
      [module.id, 403],
    ] as const) {
      await stranger.put(`/api/modules/${id}/`).send({ title: 'X' }).expect(status)
      await stranger.delete(`/api/modules/${id}/`).expect(status)
      await stranger.post(`/api/modules/${id}/lessons/`).send({ title: 'X', content_type: 'text' }).expect(status)
    }
    await server.visitor().get(`/api/modules/${module.id}/`).expect(200)
    await server.visitor().delete(`/api/modules/${module.id}/`).expect(401)
    await agent.put(`/api/modules/${module.id}/`).send({ title: 'X', course: draft.id }).expect(400)
  })
})

describe('lessons', () => {
  it('are counted with their minutes in the transaction that changes them', async () => {
    const course = await aCourse(em(), teacher)
    const module = await aModule(em(), course)
    const add = (body: object) =>
      agent
        .post(`/api/modules/${module.id}/lessons/`)
        .send({ title: 'L', content_type: 'text', ...body })
        .expect(201)
    const { body: first } = await add({ duration_minutes: 30 })
    expect(await counters(course.id)).toEqual([1, 30, 1])
    await add({ duration_minutes: 31 })
    await add({ duration_minutes: 500, is_published: false })
    expect(await counters(course.id)).toEqual([2, 61, 2])
    await agent
      .put(`/api/lessons/${first.id}/`)
      .send({ title: 'L', content_type: 'text', is_published: false })
      .expect(200)
    expect(await counters(course.id)).toEqual([1, 31, 1])
    await agent.delete(`/api/lessons/${first.id}/`).expect(204)
    await agent.delete(`/api/modules/${module.id}/`).expect(204)
    expect(await counters(course.id)).toEqual([0, 0, 0])
  })

  it('are replaced by PUT as a whole, but keep their order', async () => {
    const fork = em()
    const module = await aModule(fork, await aCourse(fork, teacher))
    await aLesson(fork, module)
    const lesson = await aLesson(fork, module, {
      videoUrl: 'https://video.example/1',
      durationMinutes: 5,
      isFree: true,
    })
    const { body } = await agent
      .put(`/api/lessons/${lesson.id}/`)
      .send({ title: 'New', content_type: 'video' })
      .expect(200)
    expect(body).toMatchObject({
      title: 'New',
      content: '',
      video_url: '',
      duration_minutes: 0,
      is_free: false,
      order: 2,
    })
    expect(
      (
        await agent
          .put(`/api/lessons/${lesson.id}/`)
          .send({ title: 'New', content_type: 'video', order: 1 })
          .expect(200)
      ).body.order,
    ).toBe(1)
  })

  it('change by PATCH in what is given alone; so do modules', async () => {
    const fork = em()
    const module = await aModule(fork, await aCourse(fork, teacher), { isFree: true, description: 'Before' })
    const before = { videoUrl: 'https://video.example/1', durationMinutes: 5, isFree: true, isPublished: false }
    const lesson = await aLesson(fork, module, before)
    const { body } = await agent.patch(`/api/lessons/${lesson.id}/`).send({ title: 'New' }).expect(200)
    expect(body).toMatchObject({
      title: 'New',
      content: '<p>What one learns.</p>',
      video_url: 'https://video.example/1',
      duration_minutes: 5,
      is_free: true,
      is_published: false,
    })
    const changed = await agent.patch(`/api/modules/${module.id}/`).send({ title: 'New' }).expect(200)
    expect(changed.body).toMatchObject({ title: 'New', description: 'Before', is_free: true })
    await agent.patch(`/api/lessons/${lesson.id}/`).send({ content_type: 'quiz' }).expect(400)
  })

  it('are not overwritten by an edit of what they were before', async () => {
    const fork = em()
    const lesson = await aLesson(fork, await aModule(fork, await aCourse(fork, teacher)))
    const path = `/api/lessons/${lesson.id}/`
    const { etag } = (await agent.get(path).expect(200)).headers
    const edits = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        agent
          .patch(path)
          .set('If-Match', String(etag))
          .send({ title: `T${index}` }),
      ),
    )
    expect(edits.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(edits.filter(({ status }) => status === 412)).toHaveLength(49)
    await agent.patch(path).set('If-Match', '"abc"').send({ title: 'X' }).expect(412)
    await agent.patch(path).set('If-Match', '*').send({ title: 'X' }).expect(200)
  })

  it('keep nothing that could run, and no address that is not of the web', async () => {
    const module = await aModule(em(), await aCourse(em(), teacher))
    const send = (body: object) =>
      agent.post(`/api/modules/${module.id}/lessons/`).send({ title: 'L', content_type: 'video', ...body })
    const { body } = await send({
      content: '<h2>T</h2><img src=x onerror=y><iframe src=//e></iframe><a href="jAvAscript:x">l</a>',
    }).expect(201)
    expect(body.content).toMatch(/^<h2>T<\/h2>/)
    expect(body.content).not.toMatch(/onerror|iframe|javascript/i)
    for (const url of ['javascript:alert(1)', 'file:///etc/passwd', 'data:video/mp4,x'])
      await send({ video_url: url }).expect(400)
    for (const field of ['module', 'course', 'broadcast', 'file', 'id', 'created_at'])
      await send({ [field]: 1 }).expect(400)
  })

  it('of a quiz need questions, which are checked; other kinds have none', async () => {
    const module = await aModule(em(), await aCourse(em(), teacher))
    const send = (body: object) => agent.post(`/api/modules/${module.id}/lessons/`).send({ title: 'Q', ...body })
    expect(Object.keys((await send({ content_type: 'quiz' }).expect(400)).body)).toEqual(['quiz'])
    const wrong = structuredClone(quiz)
    Object.assign(wrong.questions[0] ?? {}, { answer: 'zzz' })
    await send({ content_type: 'quiz', quiz: wrong }).expect(400)
    expect((await send({ content_type: 'text', quiz }).expect(201)).body.quiz).toBeNull()
    expect((await send({ content_type: 'assignment' }).expect(201)).body.assignment).toMatchObject({
      completion: 'submitted',
    })
  })

  it('show a quiz’s answers to those who edit it and to nobody else', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher)
    const module = await aModule(fork, course, { isFree: true })
    const { body: made } = await agent
      .post(`/api/modules/${module.id}/lessons/`)
      .send({ title: 'Q', content_type: 'quiz', quiz })
      .expect(201)
    expect(made.quiz.questions[0].answer).toBe('a')
    await anEnrollment(fork, course, student)
    for (const who of [server.visitor(), await server.signIn(student)]) {
      for (const path of [
        `lessons/${made.id}`,
        `modules/${module.id}`,
        `modules/${module.id}/lessons`,
        `courses/${course.id}`,
        `courses/${course.id}/modules`,
      ]) {
        const { text } = await who.get(`/api/${path}/`).expect(200)
        expect(text).not.toMatch(/MOSCOW|WHY|"answer"/)
      }
    }
  })

  it('open to those who may learn, and tell the others what it costs', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher, { price: '990.00' })
    const module = await aModule(fork, course)
    const closed = await aLesson(fork, module)
    const free = await aLesson(fork, module, { isFree: true })
    const hidden = await aLesson(fork, module, { isPublished: false })
    const learner = await server.register()
    const enrollment = await anEnrollment(fork, course, learner)
    const theirs = await server.signIn(learner)
    for (const who of [server.visitor(), await server.signIn(student)]) {
      const { body } = await who.get(`/api/lessons/${closed.id}/`).expect(403)
      expect(body).toMatchObject({ code: 'enrollment_required', course: course.id, price: '990.00' })
      await who.get(`/api/lessons/${free.id}/`).expect(200)
      await who.get(`/api/lessons/${hidden.id}/`).expect(404)
    }
    expect((await theirs.get(`/api/lessons/${closed.id}/`).expect(200)).body.content).toMatch('What one learns')
    await theirs.get(`/api/lessons/${hidden.id}/`).expect(404)
    await agent.get(`/api/lessons/${hidden.id}/`).expect(200)
    await theirs.put(`/api/lessons/${free.id}/`).send({ title: 'X', content_type: 'text' }).expect(403)

    course.status = 'archived'
    await fork.flush()
    await theirs.get(`/api/lessons/${closed.id}/`).expect(200)
    await server.visitor().get(`/api/lessons/${free.id}/`).expect(404)
    for (const status of ['refunded', 'revoked', 'expired'] as const) {
      enrollment.status = status
      await fork.flush()
      await theirs.get(`/api/lessons/${closed.id}/`).expect(404)
    }
    course.status = 'draft'
    enrollment.status = 'active'
    await fork.flush()
    await theirs.get(`/api/lessons/${free.id}/`).expect(404)
  })

  it('that learners have begun are hidden before they are deleted; so is their module', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher)
    const module = await aModule(fork, course)
    const lesson = await aLesson(fork, module)
    fork.create(LessonProgress, { lesson, user: student.id })
    await fork.flush()
    expect((await agent.delete(`/api/lessons/${lesson.id}/`).expect(409)).body.code).toBe('lesson_in_use')
    await agent.delete(`/api/modules/${module.id}/`).expect(409)
    await agent
      .put(`/api/lessons/${lesson.id}/`)
      .send({ title: 'L', content_type: 'text', is_published: false })
      .expect(200)
    await agent.delete(`/api/lessons/${lesson.id}/`).expect(204)
    expect(await em().count(Lesson, { id: lesson.id })).toBe(0)
  })

  it('ask for everybody’s percentage anew when there are more or fewer of them', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher)
    const module = await aModule(fork, course)
    const jobs = async () => {
      const [row] = await em().execute<{ count: number }[]>(
        `select count(*)::int as count from pgboss.job where name = 'recompute-course-progress' and data->>'course' = ?`,
        [String(course.id)],
      )
      return row?.count
    }
    const { body } = await agent
      .post(`/api/modules/${module.id}/lessons/`)
      .send({ title: 'L', content_type: 'text' })
      .expect(201)
    expect(await jobs()).toBe(1)
    await agent.put(`/api/lessons/${body.id}/`).send({ title: 'Renamed', content_type: 'text' }).expect(200)
    expect(await jobs()).toBe(1)
    await agent.delete(`/api/lessons/${body.id}/`).expect(204)
    expect(await jobs()).toBe(2)
  })
})

describe('a lesson’s file', () => {
  it('is taken from those who edit and given to those who learn', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher)
    const lesson = await aLesson(fork, await aModule(fork, course))
    const learner = await server.register()
    await anEnrollment(fork, course, learner)
    const theirs = await server.signIn(learner)
    const path = `/api/lessons/${lesson.id}/file/`
    await theirs.put(path).attach('file', Buffer.from('x'), 'x.txt').expect(403)
    await agent.get(path).expect(404)
    const { body } = await agent.put(path).attach('file', Buffer.from('Notes.'), 'Заметки.txt').expect(200)
    expect(body.file).toMatchObject({ file_name: 'Заметки.txt', mime: 'text/plain', size_bytes: 6, url: path })
    const got = await theirs.get(path).expect(200)
    expect(got.text).toBe('Notes.')
    expect(got.headers['content-disposition']).toMatch(/^attachment; .*filename\*=UTF-8''/)
    await (await server.signIn(student)).get(path).expect(403)
    await agent.put(path).attach('file', Buffer.from('Newer.'), 'b.txt').expect(200)
    await agent.delete(path).expect(204)
    await theirs.get(path).expect(404)
    await agent.put(path).attach('file', Buffer.from('Newest.'), 'c.txt').expect(200)
    await agent.delete(`/api/lessons/${lesson.id}/`).expect(204)
    const jobs = await em().execute(`select id from pgboss.job where name = 'delete-objects'`)
    expect(jobs).toHaveLength(3)
    expect(await em().count(MediaAsset, { owner: teacher.id })).toBe(0)
  })
})
