import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Enrollment } from '../../../server/courses/enrollment.ts'
import { type Orm, openOrm } from '../../../server/db/orm.ts'
import { flushProgress } from '../../../server/progress/flush-progress.job.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { recordBeat } from '../../../server/progress/record-beat.ts'
import { type Classroom, openClassroom } from './support.ts'

const VIEWERS = 1000

describe('a thousand viewers', () => {
  let room: Classroom
  /** The same database through a mapper that counts. */
  let counted: Orm
  let statements = 0
  beforeAll(async () => {
    room = await openClassroom()
    counted = await openOrm(room.server.config.database.url, {
      debug: ['query'],
      logger: () => {
        statements += 1
      },
    })
  })
  afterAll(async () => {
    await counted.close(true)
    await room[Symbol.asyncDispose]()
  })

  it('cost PostgreSQL three statements a minute each, and a flush a handful for all of them', async () => {
    const { context } = room.server
    const lesson = await room.lesson({ contentType: 'video', durationMinutes: 30 })
    const name = randomBytes(4).toString('hex')
    const users = await room.em().execute<{ id: number }[]>(
      `with made as (
         insert into users (email, password_hash, first_name, last_name, role, created_at, updated_at)
         select 'v' || n || '-${name}@example.org', '-', 'V', 'N', 'student', now(), now() from generate_series(1, ?) n
         returning id)
       select id from made order by id`,
      [VIEWERS],
    )
    await room.em().execute(
      `insert into enrollment (course_id, user_id, source, enrolled_at, created_at, updated_at)
       select ?, id, 'free', now(), now(), now() from users where email like ?`,
      [room.course.id, `v%-${name}@example.org`],
    )
    const start = Date.now() - 600_000
    /** Everybody's beat of that ten seconds, twenty at a time. */
    const round = async (number: number) => {
      for (let first = 0; first < VIEWERS; first += 20) {
        await Promise.all(
          users
            .slice(first, first + 20)
            .map(({ id }) =>
              recordBeat(
                counted.em.fork(),
                { id, role: 'student' },
                lesson.id,
                { ranges: [[number * 10, number * 10 + 10]], positionSeconds: number * 10 + 10 },
                context.progress,
                start + (number + 1) * 10_000,
              ),
            ),
        )
      }
    }
    const cost = async (work: () => Promise<unknown>) => {
      const before = statements
      await work()
      return statements - before
    }
    const flush = () => flushProgress({ orm: counted, progress: context.progress, log: context.log })

    // Beside them what each new connection of the pool says first.
    expect(await cost(() => round(0))).toBeLessThanOrEqual(VIEWERS * 3 + 20)
    for (const number of [1, 2, 3, 4, 5]) expect(await cost(() => round(number))).toBe(0)
    expect(await cost(flush)).toBeLessThanOrEqual(12)
    expect(await cost(flush)).toBe(0)
    expect(await room.em().count(LessonProgress, { lesson: lesson.id, watchedSeconds: 60 })).toBe(VIEWERS)
    expect(await room.em().count(Enrollment, { lastLesson: lesson.id })).toBe(VIEWERS)
  })
})

describe('while Redis is away', () => {
  it('heartbeats are written straight through, at most one in five seconds, and read back', async () => {
    await using room = await openClassroom(await nowhere())
    const lesson = await room.lesson({ contentType: 'video', durationMinutes: 30 })
    const { user, agent } = await room.learner()
    const path = `/api/lessons/${lesson.id}/progress/`
    const first = await agent
      .post(path)
      .send({ ranges: [[0, 5]] })
      .expect(200)
    expect(first.body).toMatchObject({ watched_seconds: 5, status: 'in_progress' })
    expect(await room.rowOf(lesson, user)).toMatchObject({ watchedSeconds: 5 })
    const soon = await agent.post(path).send({ ranges: [[5, 6]] })
    expect(soon.body).toMatchObject({ watched_seconds: 5 })
    expect((await agent.get(path).expect(200)).body).toMatchObject({ watched_seconds: 5 })

    const text = await room.lesson()
    await Promise.all(
      Array.from({ length: 20 }, () => agent.post(`/api/lessons/${text.id}/progress/`).send({ status: 'completed' })),
    )
    expect(await room.rowOf(text, user)).toMatchObject({ status: 'completed', progress: 100 })
    expect(await room.enrollmentOf(user)).toMatchObject({ progressPercent: 50 })
    const now = Date.now() + 60_000
    const { progress } = room.server.context
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        recordBeat(room.em(), user, lesson.id, { ranges: [[index * 50, index * 50 + 50]] }, progress, now),
      ),
    )
    expect((await room.rowOf(lesson, user))?.watchedSeconds).toBeLessThanOrEqual(5 + 61 * 2.5)
    expect(await flushProgress(room.server.context)).toEqual({ saved: 0 })
  })
})

/** An address where nothing listens. */
async function nowhere(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (!address || typeof address === 'string') throw new Error('no port')
  return `redis://127.0.0.1:${address.port}`
}
