import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { User } from '../../../server/accounts/user.ts'
import { Video } from '../../../server/videos/video.ts'
import { aCourse, aModule, anEnrollment } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

async function aVideo(owner: User, given: Partial<Video> = {}): Promise<string> {
  const em = server.context.orm.em.fork()
  const video = em.create(Video, {
    ...{ owner: em.getReference(User, owner.id), title: 'Film', fileName: 'film.mp4', sourceBytes: 9, status: 'ready' },
    ...{ sha256: randomBytes(32).toString('hex'), durationSeconds: 125, renditions: ['240p'], hasThumbnail: true },
    ...given,
  })
  await em.flush()
  return video.id
}

async function aPlace(teacher: User) {
  const em = server.context.orm.em.fork()
  const course = await aCourse(em, teacher)
  return { em, course, module: await aModule(em, course) }
}

it('a video is a lesson as long as it is, and cannot be deleted while it is one', async () => {
  const teacher = await server.register('teacher')
  const agent = await server.signIn(teacher)
  const { module } = await aPlace(teacher)
  const id = await aVideo(teacher)
  const body = { module: module.id, title: 'The film' }
  const { body: lesson } = await agent.post(`/api/videos/${id}/lesson/`).send(body).expect(201)
  expect(lesson).toMatchObject({
    ...{ title: 'The film', content_type: 'video', video: id, recording: null, state: 'recorded' },
    ...{ duration_minutes: 3, completion_rule: { type: 'watched', length_seconds: 125 } },
  })
  expect(lesson.playback_url).toMatch(new RegExp(`^/vod/[^/]+/${id}/index\\.m3u8$`))
  await agent.delete(`/api/videos/${id}/`).expect(409)
  // What is edited of the lesson does not take its video from it.
  await agent.patch(`/api/lessons/${lesson.id}/`).send({ title: 'Another' }).expect(200)
  expect((await agent.get(`/api/lessons/${lesson.id}/`)).body).toMatchObject({ title: 'Another', video: id })
  await agent.delete(`/api/lessons/${lesson.id}/`).expect(204)
  await agent.delete(`/api/videos/${id}/`).expect(204)
})

it('one that is not whole, or somebody else’s, is none', async () => {
  const teacher = await server.register('teacher')
  const agent = await server.signIn(teacher)
  const { module } = await aPlace(teacher)
  const body = { module: module.id, title: 'The film' }
  const making = await aVideo(teacher, { status: 'processing' })
  const { body: refusal } = await agent.post(`/api/videos/${making}/lesson/`).send(body).expect(409)
  expect(refusal.code).toBe('video_not_ready')
  const others = await aVideo(await server.register('teacher'))
  await agent.post(`/api/videos/${others}/lesson/`).send(body).expect(403)
  const mine = await aVideo(await server.register())
  await server.visitor().post(`/api/videos/${mine}/lesson/`).send(body).expect(401)
})

it('a video for learners is for those of the courses that use it', async () => {
  const teacher = await server.register('teacher')
  const agent = await server.signIn(teacher)
  const { em, course, module } = await aPlace(teacher)
  const id = await aVideo(teacher, { visibility: 'enrolled' })
  const learner = await server.register()
  const [inside, outside] = [await server.signIn(learner), await server.signIn(await server.register())]
  await anEnrollment(em, course, learner)
  await inside.get(`/api/videos/${id}/`).expect(404)
  await agent.post(`/api/videos/${id}/lesson/`).send({ module: module.id, title: 'The film' }).expect(201)
  expect((await inside.get(`/api/videos/${id}/`).expect(200)).body).toMatchObject({ may_edit: false })
  await inside.patch(`/api/videos/${id}/`).send({ title: 'Mine' }).expect(403)
  await outside.get(`/api/videos/${id}/`).expect(404)
  await server.visitor().get(`/api/videos/${id}/`).expect(404)
})
