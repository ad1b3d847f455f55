import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Lesson } from '../../../server/courses/lesson.ts'
import { flushProgress } from '../../../server/progress/flush-progress.job.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { recordBeat } from '../../../server/progress/record-beat.ts'
import { type Classroom, type Learner, openClassroom } from './support.ts'

let room: Classroom
beforeAll(async () => {
  room = await openClassroom()
})
afterAll(() => room[Symbol.asyncDispose]())

const path = (lesson: Lesson) => `/api/lessons/${lesson.id}/progress/`
const flush = () => flushProgress(room.server.context)
/** Half an hour, of which 29 minutes count. */
const aVideo = () => room.lesson({ contentType: 'video', durationMinutes: 30 })

/** Watches from one second to another, ten seconds at a time, as the clock goes; @returns when it was done */
async function watch(learner: Learner, lesson: Lesson, from: number, to: number, startMs: number): Promise<number> {
  let now = startMs
  for (let at = from; at < to; at += 10) {
    now += 10_000
    const end = Math.min(at + 10, to)
    await recordBeat(
      room.em(),
      learner.user,
      lesson.id,
      { ranges: [[at, end]], positionSeconds: end },
      room.server.context.progress,
      now,
    )
  }
  return now
}

describe('heartbeats', () => {
  it('begin a lesson, stay in Redis until the flush, and are read back at once', async () => {
    const lesson = await aVideo()
    const { user, agent } = await room.learner()
    expect((await agent.get(path(lesson)).expect(200)).body).toEqual({
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
      .post(path(lesson))
      .send({ position_seconds: 10, ranges: [[0, 10]] })
      .expect(200)
    expect(first.body).toMatchObject({ status: 'in_progress', watched_seconds: 10, position_seconds: 10 })
    expect(await room.rowOf(lesson, user)).toBeNull()
    expect((await agent.get(path(lesson)).expect(200)).body).toEqual(first.body)
    const course = await agent.get(`/api/courses/${room.course.id}/progress/`).expect(200)
    expect(course.body.lessons.find((one: { lesson: number }) => one.lesson === lesson.id)).toMatchObject({
      status: 'in_progress',
      position_seconds: 10,
    })
    await flush()
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'in_progress', positionSeconds: 10 })
    expect((await agent.get(path(lesson)).expect(200)).body).toEqual(first.body)
    expect((await room.enrollmentOf(user)).lastLesson?.id).toBe(lesson.id)
  })

  it('complete a video at 90 % of what was watched, once, and save it at once', async () => {
    const lesson = await aVideo()
    const learner = await room.learner()
    const start = Date.now() - 3_600_000
    const almost = await watch(learner, lesson, 0, 1560, start)
    expect((await learner.agent.get(path(lesson))).body).toMatchObject({ status: 'in_progress', progress: 89 })
    expect(await room.rowOf(lesson, learner.user)).toBeNull()
    await watch(learner, lesson, 1560, 1566, almost)
    const row = await room.rowOf(lesson, learner.user)
    expect(row).toMatchObject({ status: 'completed', progress: 100, watchedSeconds: 1566 })
    const completedAt = row?.completedAt
    expect(completedAt).toBeInstanceOf(Date)

    await learner.agent
      .post(path(lesson))
      .send({ position_seconds: 3, ranges: [[0, 3]], event: 'leave' })
      .expect(200)
    await flush()
    expect(await room.rowOf(lesson, learner.user)).toMatchObject({ status: 'completed', progress: 100, completedAt })
  })

  it('do not complete a video that was scrubbed through, or claimed whole after five seconds', async () => {
    const lesson = await aVideo()
    const { agent } = await room.learner()
    await agent.post(path(lesson)).send({ position_seconds: 0 }).expect(200)
    for (const body of [
      { progress: 100, status: 'completed' },
      { position_seconds: 1740 },
      { ranges: [[0, 1740]] },
      { ranges: [[0, 1740]], status: 'completed', progress: 100, event: 'leave' },
      { ranges: Array.from({ length: 100 }, (_, index) => [index * 17, index * 17 + 17]) },
    ]) {
      const { body: answer } = await agent.post(path(lesson)).send(body).expect(200)
      expect(answer.status).toBe('in_progress')
      expect(answer.completed_at).toBeNull()
      expect(answer.watched_seconds).toBeLessThan(120)
    }
  })

  it('ignore ranges that cannot be, and refuse what is no range', async () => {
    const lesson = await aVideo()
    const { agent } = await room.learner()
    const impossible = {
      ranges: [
        [-5, 4],
        [9, 3],
        [5000, 6000],
        [7, 7],
      ],
      position_seconds: 99_999,
    }
    const { body } = await agent.post(path(lesson)).send(impossible).expect(200)
    expect(body).toMatchObject({ watched_ranges: [], watched_seconds: 0, position_seconds: 1860 })
    for (const wrong of [
      { ranges: [['0', 5]] },
      { ranges: [[0]] },
      { ranges: 'all' },
      { ranges: Array.from({ length: 101 }, () => [0, 1]) },
      { progress: 101 },
      { progress: -1 },
      { progress: 50.5 },
      { position_seconds: -1 },
      { status: 'passed' },
      { event: 'hack' },
      { user: 1 },
      { lesson: 1 },
      { completed_at: '2026-01-01T00:00:00Z' },
      { attempts: 0 },
      { watched_seconds: 1740 },
    ]) {
      await agent.post(path(lesson)).send(wrong).expect(400)
    }
    await agent.post(path(lesson)).set('content-type', 'application/json').send('{"position_seconds": NaN}').expect(400)
  })

  it('never lower anything, whatever their order, also fifty at once', async () => {
    const lesson = await aVideo()
    const { user, agent } = await room.learner()
    const { progress } = room.server.context
    const start = Date.now() - 600_000
    await recordBeat(room.em(), user, lesson.id, {}, progress, start)
    const beats = Array.from({ length: 50 }, (_, index) => index * 10).sort((a, b) => (a % 70) - (b % 70))
    await Promise.all(
      beats.map((from) =>
        recordBeat(room.em(), user, lesson.id, { ranges: [[from, from + 10]] }, progress, start + 500_000),
      ),
    )
    expect((await agent.get(path(lesson))).body).toMatchObject({ watched_ranges: [[0, 500]], progress: 28 })
    await flush()
    await agent
      .post(path(lesson))
      .send({ progress: 1, position_seconds: 2, ranges: [[1, 2]] })
      .expect(200)
    await flush()
    expect(await room.rowOf(lesson, user)).toMatchObject({ progress: 28, watchedSeconds: 500, positionSeconds: 2 })
  })

  it('are united with what another way has written to PostgreSQL meanwhile', async () => {
    const lesson = await aVideo()
    const { user, agent } = await room.learner()
    await agent
      .post(path(lesson))
      .send({ ranges: [[0, 5]] })
      .expect(200)
    const em = room.em()
    em.create(LessonProgress, {
      lesson: lesson.id,
      user: user.id,
      status: 'in_progress',
      progress: 40,
      watchedRanges: [[3, 700]],
      watchedSeconds: 697,
      startedAt: new Date(0),
    })
    await em.flush()
    await flush()
    expect(await room.rowOf(lesson, user)).toMatchObject({
      progress: 40,
      watchedRanges: [[0, 700]],
      watchedSeconds: 700,
      startedAt: new Date(0),
    })
  })

  it('are saved when the learner leaves, but not more than once in five seconds', async () => {
    const lesson = await aVideo()
    const { user, agent } = await room.learner()
    await agent
      .post(path(lesson))
      .send({ ranges: [[0, 4]], event: 'leave' })
      .expect(200)
    expect(await room.rowOf(lesson, user)).toMatchObject({ watchedSeconds: 4 })
    await agent
      .post(path(lesson))
      .send({ ranges: [[4, 8]], event: 'leave' })
      .expect(200)
    expect(await room.rowOf(lesson, user)).toMatchObject({ watchedSeconds: 4 })
    await flush()
    expect(await room.rowOf(lesson, user)).toMatchObject({ watchedSeconds: 8 })
  })

  it('count a new beginning, and keep what was reached', async () => {
    const [lesson, quiz] = [await aVideo(), await room.lesson({ contentType: 'quiz' })]
    const { user, agent } = await room.learner()
    const send = (body: object, to = lesson) => agent.post(path(to)).send(body).expect(200)
    expect((await send({ event: 'restart' })).body.attempts).toBe(0)
    await send({ ranges: [[0, 10]], position_seconds: 10 })
    expect((await send({ event: 'restart' })).body).toMatchObject({
      attempts: 1,
      position_seconds: 0,
      watched_ranges: [[0, 10]],
    })
    await flush()
    expect(await room.rowOf(lesson, user)).toMatchObject({ attempts: 1, watchedSeconds: 10 })
    expect((await send({ event: 'restart' })).body.attempts).toBe(2)
    expect((await agent.get(path(lesson))).body.attempts).toBe(2)
    await send({}, quiz)
    expect((await send({ event: 'restart' }, quiz)).body.attempts).toBe(0)
  })

  it('of a lesson that is deleted before the flush hold up nobody else', async () => {
    const [gone, stays] = [await aVideo(), await aVideo()]
    const { user, agent } = await room.learner()
    await agent
      .post(path(gone))
      .send({ ranges: [[0, 4]] })
      .expect(200)
    await agent
      .post(path(stays))
      .send({ ranges: [[0, 4]] })
      .expect(200)
    await room.em().nativeDelete(Lesson, { id: gone.id })
    await flush()
    expect(await room.rowOf(stays, user)).toMatchObject({ watchedSeconds: 4 })
    expect(await flush()).toEqual({ saved: 0 })
  })
})

describe('a text', () => {
  it('is completed by saying so, or by staying five seconds', async () => {
    const lesson = await room.lesson()
    const [marker, reader] = [await room.learner(), await room.learner()]
    const marked = await marker.agent.post(path(lesson)).send({ status: 'completed' }).expect(200)
    expect(marked.body).toMatchObject({
      status: 'completed',
      progress: 100,
      completion_rule: { type: 'read', seconds: 5 },
    })
    expect(await room.rowOf(lesson, marker.user)).toMatchObject({ status: 'completed' })

    const { progress } = room.server.context
    const now = Date.now()
    const beat = (atMs: number) =>
      recordBeat(room.em(), reader.user, lesson.id, { progress: 100 }, progress, now + atMs)
    expect((await beat(0)).progress).toMatchObject({ status: 'in_progress', progress: 99 })
    expect((await beat(4900)).progress.status).toBe('in_progress')
    expect((await beat(5000)).progress.status).toBe('completed')
  })

  it('stays completed, whatever is said later', async () => {
    const lesson = await room.lesson()
    const { user, agent } = await room.learner()
    await agent.post(path(lesson)).send({ status: 'completed' }).expect(200)
    const { completedAt } = (await room.rowOf(lesson, user)) ?? {}
    for (const status of ['not_started', 'in_progress', 'completed']) {
      const { body } = await agent.post(path(lesson)).send({ status, progress: 0 }).expect(200)
      expect(body).toMatchObject({ status: 'completed', progress: 100, completed_at: completedAt?.toISOString() })
    }
  })
})

describe('a video without a known length', () => {
  it('is marked by its learner', async () => {
    const lesson = await room.lesson({ contentType: 'video', videoUrl: 'https://example.org/v' })
    const { agent } = await room.learner()
    const begun = await agent
      .post(path(lesson))
      .send({ ranges: [[0, 5]], progress: 100 })
      .expect(200)
    expect(begun.body).toMatchObject({ status: 'in_progress', progress: 99, completion_rule: { type: 'marked' } })
    const done = await agent.post(path(lesson)).send({ status: 'completed' }).expect(200)
    expect(done.body).toMatchObject({ status: 'completed', progress: 100 })
  })
})
