import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeAttended } from '../../../server/progress/complete-attended.job.ts'
import { recordBeat } from '../../../server/progress/record-beat.ts'
import { aLiveShow, aPublisher, closed } from '../../support/factories.ts'
import { type Classroom, openClassroom } from './support.ts'

let room: Classroom
beforeAll(async () => {
  room = await openClassroom()
})
afterAll(() => room[Symbol.asyncDispose]())

describe('a live lesson', () => {
  it('is completed for who attended it, as soon as its recording says how long it was', async () => {
    const { server } = room
    const show = await aLiveShow(server, (await aPublisher(server)).streamKey)
    const lesson = await room.lesson({
      contentType: 'video',
      broadcast: show.broadcast,
      recording: show.recording,
    })
    const [stayed, left] = [await room.learner(), await room.learner()]
    const start = Date.now() - 60_000
    const attend = (user: typeof stayed.user, seconds: number) =>
      recordBeat(
        room.em(),
        user,
        lesson.id,
        { ranges: [[0, seconds]], positionSeconds: seconds },
        server.context.progress,
        start + seconds * 1000,
      )
    const { rule, progress } = await attend(stayed.user, 11.5)
    await attend(left.user, 5)
    expect(rule).toEqual({ type: 'watched', percent: 90, length_seconds: null })
    expect(progress.status).toBe('in_progress')

    await server.internal(`/recordings/${show.recording}/closed`, closed(show)).expect(204)
    const jobs = await room.em().execute(`select data from pgboss.job where name = 'complete-attended'`)
    expect(jobs).toEqual([{ data: { recording: show.recording } }])
    for (const _ of [1, 2]) await completeAttended(server.context, show.recording)
    expect(await room.rowOf(lesson, stayed.user)).toMatchObject({ status: 'completed', progress: 100 })
    expect(await room.enrollmentOf(stayed.user)).toMatchObject({ progressPercent: 100, status: 'completed' })
    expect(await room.rowOf(lesson, left.user)).toMatchObject({ status: 'in_progress' })
    expect((await stayed.agent.get(`/api/lessons/${lesson.id}/progress/`)).body.status).toBe('completed')

    const back = await left.agent.post(`/api/lessons/${lesson.id}/progress/`).send({ event: 'leave' }).expect(200)
    expect(back.body).toMatchObject({
      progress: 40,
      completion_rule: { type: 'watched', percent: 90, length_seconds: 12.5 },
    })
  })

  it('of nobody makes no work when its recording closes', async () => {
    const { server } = room
    const show = await aLiveShow(server, (await aPublisher(server)).streamKey)
    await server.internal(`/recordings/${show.recording}/closed`, closed(show)).expect(204)
    const jobs = await room.em().execute(`select data from pgboss.job where data->>'recording' = ?`, [show.recording])
    expect(jobs).toEqual([])
  })
})
