import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { Enrollment } from '../../../server/courses/enrollment.ts'
import { Lesson } from '../../../server/courses/lesson.ts'
import type { Module } from '../../../server/courses/module.ts'
import { aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { aLiveShow, aPublisher, aRecording, closed, type TestPublisher } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

type Agent = Awaited<ReturnType<TestServer['signIn']>>

let server: TestServer
let publisher: TestPublisher
let agent: Agent
let learner: User
let course: Course
let module: Module
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())
const em = () => server.context.orm.em.fork()

/** Each scene has a channel of its own: a channel is live once. */
async function scene() {
  publisher = await aPublisher(server)
  agent = await server.signIn(publisher.user)
  learner = await server.register()
  const fork = em()
  course = await aCourse(fork, publisher.user, { price: '10.00' })
  module = await aModule(fork, course)
  await anEnrollment(fork, course, learner)
}
const soon = () => new Date(Date.now() + 60_000).toISOString()
const announce = (body: object) => agent.post('/api/broadcasts/').send({ title: 'Show', starts_at: soon(), ...body })

describe('a broadcast of a lesson', () => {
  it('is announced, runs and leaves a recording: the lesson is scheduled, live, recorded', async () => {
    await scene()
    const lesson = await aLesson(em(), module, { contentType: 'video', content: '' })
    const { body: broadcast } = await announce({ lesson: lesson.id }).expect(201)
    expect(broadcast).toMatchObject({ course: course.id, lesson: lesson.id, visibility: 'enrolled' })
    const theirs = await server.signIn(learner)
    const seen = async () => (await theirs.get(`/api/lessons/${lesson.id}/`).expect(200)).body
    expect(await seen()).toMatchObject({
      state: 'scheduled',
      playback_url: null,
      broadcast: broadcast.id,
      starts_at: broadcast.starts_at,
    })

    const show = await aLiveShow(server, publisher.streamKey)
    expect(show.broadcast).toBe(broadcast.id)
    await agent.patch(`/api/broadcasts/${show.broadcast}/`).send({ title: 'Renamed', lesson: lesson.id }).expect(200)
    const live = await seen()
    expect(live).toMatchObject({ state: 'live', recording: show.recording })
    expect(live.playback_url).toMatch(/^\/live\/m1\/.*\/index\.m3u8$/)

    await server.internal(`/recordings/${show.recording}/closed`, closed(show)).expect(204)
    await server
      .internal(`/broadcasts/${show.broadcast}/ended`, {
        event_id: `${show.broadcast}:ended`,
        node: 'm1',
        ended_at: new Date().toISOString(),
        cause: null,
      })
      .expect(204)
    const recorded = await seen()
    expect(recorded).toMatchObject({ state: 'recorded', duration_minutes: 1 })
    expect(recorded.playback_url).toMatch(new RegExp(`^/vod/.*/${show.recording}/index\\.m3u8$`))
    const outline = await server.visitor().get(`/api/courses/${course.id}/`).expect(200)
    expect(outline.body.modules[0].lessons[0]).toMatchObject({ state: 'recorded', locked: true })
    expect(outline.text).not.toContain('/vod/')
  })

  it('lasts as long as its recording from when that is closed, until somebody says otherwise', async () => {
    await scene()
    const lesson = await aLesson(em(), module, { contentType: 'video', durationMinutes: 90 })
    await announce({ lesson: lesson.id }).expect(201)
    const show = await aLiveShow(server, publisher.streamKey)
    const close = (given: object) =>
      server.internal(`/recordings/${show.recording}/closed`, closed(show, given)).expect(204)
    const minutes = async () => [
      (await em().findOneOrFail(Lesson, { id: lesson.id })).durationMinutes,
      (await server.visitor().get(`/api/courses/${course.id}/`).expect(200)).body.duration_minutes,
    ]
    expect(await minutes()).toEqual([90, 0])
    await close({ duration_seconds: 3601, is_uploaded: false })
    expect(await minutes()).toEqual([61, 61])
    await agent.patch(`/api/lessons/${lesson.id}/`).send({ duration_minutes: 45 }).expect(200)
    // The second report says that it is uploaded, and nothing new.
    await close({ duration_seconds: 3601 })
    expect(await minutes()).toEqual([45, 45])
    // A lesson that is watched is never none long.
    await agent.patch(`/api/lessons/${lesson.id}/`).send({ duration_minutes: 0 }).expect(200)
    expect(await minutes()).toEqual([61, 61])
  })

  it('is closed and edited at once, as often as that happens, without anybody waiting for ever', async () => {
    await scene()
    const lesson = await aLesson(em(), module, { contentType: 'video' })
    await announce({ lesson: lesson.id }).expect(201)
    const show = await aLiveShow(server, publisher.streamKey)
    const answers = await Promise.all(
      Array.from({ length: 25 }, (_, n) => [
        server.internal(`/recordings/${show.recording}/closed`, closed(show, { duration_seconds: 600 })),
        agent.patch(`/api/lessons/${lesson.id}/`).send({ title: `Title ${n}`, recording: show.recording }),
      ]).flat(),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 204]))
    expect(await em().findOneOrFail(Course, { id: course.id })).toMatchObject({ durationMinutes: 10 })
  })

  it('is watched by those enrolled, its staff and nobody else, as long as they are', async () => {
    await scene()
    const lesson = await aLesson(em(), module, { contentType: 'video' })
    await announce({ lesson: lesson.id }).expect(201)
    const show = await aRecording(server, publisher.streamKey)
    const paths = [`/api/broadcasts/${show.broadcast}/`, `/api/recordings/${show.recording}/`]
    const helper = await server.register()
    await aStaffMember(em(), course, helper, 'assistant')
    const theirs = await server.signIn(learner)
    for (const path of paths) {
      await theirs.get(path).expect(200)
      await agent.get(path).expect(200)
      await (await server.signIn(helper)).get(path).expect(200)
      await server.visitor().get(path).expect(404)
      await (await server.signIn(await server.register('teacher'))).get(path).expect(404)
      await theirs.patch(path).send({ title: 'X' }).expect(403)
    }
    const { body } = await theirs.get(paths[1] ?? '').expect(200)
    await server.visitor().get(body.playback_url).expect(200)

    await em().nativeUpdate(Enrollment, { user: learner.id }, { status: 'refunded' })
    await server.context.revocations.revoke(`u${learner.id}`)
    for (const path of paths) await theirs.get(path).expect(404)
    expect((await server.visitor().get(body.playback_url)).status).toBe(403)
    for (const path of ['/api/live/', '/api/recordings/', `/api/recordings/?channel=${publisher.channel.slug}`]) {
      expect((await server.visitor().get(path).expect(200)).text).not.toContain(show.recording)
    }
  })

  it('may be for a course as a whole, and is public when that is said', async () => {
    await scene()
    const { body } = await announce({ course: course.id }).expect(201)
    expect(body).toMatchObject({ course: course.id, lesson: null, visibility: 'enrolled' })
    const theirs = await server.signIn(learner)
    await theirs.get(`/api/broadcasts/${body.id}/`).expect(200)
    const open = await agent.patch(`/api/broadcasts/${body.id}/`).send({ visibility: 'public' }).expect(200)
    expect(open.body).toMatchObject({ visibility: 'public', course: course.id })
    await server.visitor().get(`/api/broadcasts/${body.id}/`).expect(200)
    const free = await agent
      .patch(`/api/broadcasts/${body.id}/`)
      .send({ course: null, visibility: 'enrolled' })
      .expect(200)
    expect(free.body.course).toBeNull()
    await theirs.get(`/api/broadcasts/${body.id}/`).expect(404)
    expect((await announce({}).expect(201)).body).toMatchObject({ course: null, visibility: 'public' })
  })

  it('takes the right to go live in the course, and a video lesson that has no recording', async () => {
    await scene()
    const lesson = await aLesson(em(), module, { contentType: 'video' })
    const text = await aLesson(em(), module)
    const stranger = await server.signIn(await server.register('teacher'))
    const asStranger = (body: object) =>
      stranger.post('/api/broadcasts/').send({ title: 'X', starts_at: soon(), ...body })
    await asStranger({ lesson: lesson.id }).expect(403)
    await asStranger({ course: course.id }).expect(403)
    const draft = await aCourse(em(), publisher.user, { status: 'draft' })
    expect(Object.keys((await asStranger({ course: draft.id }).expect(400)).body)).toEqual(['course'])
    expect(Object.keys((await announce({ lesson: text.id }).expect(400)).body)).toEqual(['lesson'])
    expect(Object.keys((await announce({ lesson: 999999 }).expect(400)).body)).toEqual(['lesson'])
    expect(Object.keys((await announce({ lesson: lesson.id, course: draft.id }).expect(400)).body)).toEqual(['course'])
    const helper = await server.register('teacher')
    await aStaffMember(em(), course, helper, 'assistant', { go_live: true })
    const theirs = await server.signIn(helper)
    await theirs.post('/api/broadcasts/').send({ title: 'X', starts_at: soon(), lesson: lesson.id }).expect(201)
    expect(await em().count(Lesson, { id: lesson.id, broadcast: { $ne: null } })).toBe(1)
  })
})

describe('a recording', () => {
  it('becomes a lesson of its length, and stays while that uses it', async () => {
    await scene()
    const show = await aRecording(server, publisher.streamKey)
    const { body } = await agent
      .post(`/api/recordings/${show.recording}/lesson/`)
      .send({ module: module.id, title: 'What was live', order: 1 })
      .expect(201)
    expect(body).toMatchObject({
      title: 'What was live',
      content_type: 'video',
      state: 'recorded',
      duration_minutes: 1,
      module: module.id,
      recording: show.recording,
      broadcast: show.broadcast,
    })
    expect(await em().findOneOrFail(Course, { id: course.id })).toMatchObject({
      totalLessons: 1,
      durationMinutes: 1,
      durationHours: 1,
    })
    const refused = await agent.delete(`/api/recordings/${show.recording}/`).expect(409)
    expect(refused.body.code).toBe('recording_in_use')
    await agent.delete(`/api/lessons/${body.id}/`).expect(204)
    await agent.delete(`/api/recordings/${show.recording}/`).expect(204)
  })

  it('is made one by its owner, in a course that is theirs to edit', async () => {
    await scene()
    const show = await aRecording(server, publisher.streamKey)
    const path = `/api/recordings/${show.recording}/lesson/`
    const other = await server.register('teacher')
    const theirs = await server.signIn(other)
    const foreign = await aModule(em(), await aCourse(em(), other))
    await theirs.post(path).send({ module: foreign.id, title: 'X' }).expect(403)
    await agent.post(path).send({ module: foreign.id, title: 'X' }).expect(403)
    await agent.post(path).send({ module: 999999, title: 'X' }).expect(404)
    await server.visitor().post(path).send({ module: module.id, title: 'X' }).expect(401)
    // Nor may a lesson of theirs open what is not theirs.
    const lesson = { title: 'X', content_type: 'video', recording: show.recording }
    const { body } = await theirs.post(`/api/modules/${foreign.id}/lessons/`).send(lesson).expect(400)
    expect(Object.keys(body)).toEqual(['recording'])
    expect((await agent.post(`/api/modules/${module.id}/lessons/`).send(lesson).expect(201)).body.state).toBe(
      'recorded',
    )
  })

  it('is no lesson while it is live, nor when nothing came of it', async () => {
    await scene()
    const show = await aLiveShow(server, publisher.streamKey)
    const path = `/api/recordings/${show.recording}/lesson/`
    const body = { module: module.id, title: 'X' }
    expect((await agent.post(path).send(body).expect(409)).body.code).toBe('recording_live')
    await server.internal(`/recordings/${show.recording}/closed`, closed(show, { is_playable: false })).expect(204)
    expect((await agent.post(path).send(body).expect(409)).body.code).toBe('recording_failed')
  })

  it('is deleted or made a lesson, never both, when that happens at once', async () => {
    await scene()
    const show = await aRecording(server, publisher.streamKey)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2
          ? agent.delete(`/api/recordings/${show.recording}/`)
          : agent.post(`/api/recordings/${show.recording}/lesson/`).send({ module: module.id, title: 'X' }),
      ),
    )
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    const left = await em().execute('select id from recording where id = ?', [show.recording])
    expect(left.length === 1).toBe((await em().count(Lesson, { recording: show.recording })) > 0)
  })

  it('of a free lesson is anybody’s to watch', async () => {
    await scene()
    await announce({ course: course.id }).expect(201)
    const show = await aRecording(server, publisher.streamKey)
    await server.visitor().get(`/api/recordings/${show.recording}/`).expect(404)
    await agent
      .post(`/api/recordings/${show.recording}/lesson/`)
      .send({ module: module.id, title: 'Taste', is_free: true })
      .expect(201)
    await server.visitor().get(`/api/recordings/${show.recording}/`).expect(200)
  })
})

it('an announcement is taken back once, however many try', async () => {
  await scene()
  const { body } = await announce({}).expect(201)
  const answers = await Promise.all(Array.from({ length: 20 }, () => agent.delete(`/api/broadcasts/${body.id}/`)))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([204, ...Array(19).fill(404)])
})
