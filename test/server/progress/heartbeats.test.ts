import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import type { Course } from '../../../server/courses/course.ts'
import { Enrollment } from '../../../server/courses/enrollment.ts'
import type { Lesson } from '../../../server/courses/lesson.ts'
import type { Module } from '../../../server/courses/module.ts'
import { flushProgress } from '../../../server/progress/flush-progress.job.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { recordBeat } from '../../../server/progress/record-beat.ts'
import { aCourse, aLesson, aModule, anEnrollment } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let teacher: User
let course: Course
let module: Module
const em = () => server.context.orm.em.fork()

beforeAll(async () => {
  server = await startServer()
  teacher = await server.register('teacher')
  const tx = em()
  course = await aCourse(tx, teacher, { price: '100.00' })
  module = await aModule(tx, course)
})
afterAll(() => server[Symbol.asyncDispose]())

/** Half an hour of video: 29 minutes count, so 26:06 complete it. */
const aVideo = () => aLesson(em(), module, { contentType: 'video', durationMinutes: 30, module: module.id })

async function aLearner() {
  const user = await server.register()
  const tx = em()
  await anEnrollment(tx, (await tx.findOneOrFail('Course', course.id)) as Course, user)
  return { user, agent: await server.signIn(user) }
}

const rowOf = (lesson: Lesson, user: User) => em().findOne(LessonProgress, { lesson: lesson.id, user: user.id })
const flush = () => flushProgress(server.context)

describe('heartbeats', () => {
  it('begin a lesson, stay in Redis until the flush, and are read back at once', async () => {
    const lesson = await aVideo()
    const { user, agent } = await aLearner()
    const path = `/api/lessons/${lesson.id}/progress/`
    const fresh = await agent.get(path).expect(200)
    expect(fresh.body).toEqual({
      lesson: lesson.id,
      status: 'not_started',
      progress: 0,
      attempts: 0,
      position_seconds: 0,
      watched_ranges: [],
      watched_seconds: 0,
      started_at: null,
      completed_at: null,
      last_activity: null,
      completion_rule: { type: 'watched', percent: 90, length_seconds: 1740 },
    })
    const first = await agent
      .post(path)
      .send({ position_seconds: 10, ranges: [[0, 10]] })
      .expect(200)
    expect(first.body).toMatchObject({ status: 'in_progress', watched_seconds: 10, position_seconds: 10 })
    expect(await rowOf(lesson, user)).toBeNull()
    expect((await agent.get(path).expect(200)).body).toEqual(first.body)
    await flush()
    expect(await rowOf(lesson, user)).toMatchObject({ status: 'in_progress', watchedSeconds: 10, positionSeconds: 10 })
    expect((await agent.get(path).expect(200)).body).toEqual(first.body)
  })
})
