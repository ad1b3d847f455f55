import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { Course } from '../../../server/courses/course.ts'
import { Enrollment } from '../../../server/courses/enrollment.ts'
import { Lesson } from '../../../server/courses/lesson.ts'
import type { Beat } from '../../../server/progress/advance.ts'
import { flushProgress } from '../../../server/progress/flush-progress.job.ts'
import { recomputeCourseProgress } from '../../../server/progress/recompute-course-progress.job.ts'
import { recordBeat } from '../../../server/progress/record-beat.ts'
import { Review } from '../../../server/reviews/review.ts'
import { aCourse, aLesson, aModule, aStaffMember } from '../../support/courses.ts'
import { type Classroom, type Learner, openClassroom } from './support.ts'

let room: Classroom
beforeAll(async () => {
  room = await openClassroom()
})
afterAll(() => room[Symbol.asyncDispose]())

const done = ({ agent }: Learner, lesson: Lesson) =>
  agent.post(`/api/lessons/${lesson.id}/progress/`).send({ status: 'completed' }).expect(200)
const ofCourse = (course = room.course.id) => `/api/courses/${course}/progress/`
const ofStudent = (user: number, course = room.course.id) => `/api/courses/${course}/students/${user}/progress/`

describe('the progress of a course', () => {
  it('counts completed of published lessons, and completes the enrollment at 100 %, once', async () => {
    await using own = await openClassroom()
    const lessons = [
      await own.lesson(),
      await own.lesson(),
      await own.lesson(),
      await own.lesson({ isPublished: false }),
    ]
    const learner = await own.learner()
    const percentAfter = async (index: number) => {
      await done(learner, lessons[index] as Lesson)
      return own.enrollmentOf(learner.user)
    }
    expect(await percentAfter(0)).toMatchObject({ progressPercent: 33, status: 'active', completedAt: null })
    expect(await percentAfter(1)).toMatchObject({ progressPercent: 66, status: 'active' })
    const whole = await percentAfter(2)
    expect(whole).toMatchObject({ progressPercent: 100, status: 'completed' })
    expect(whole.completedAt).toBeInstanceOf(Date)
    expect(whole.lastLesson?.id).toBe(lessons[2]?.id)
    const { body } = await learner.agent.get(ofCourse(own.course.id)).expect(200)
    expect(body).toMatchObject({
      course: own.course.id,
      user: learner.user.id,
      total_lessons: 3,
      completed_lessons: 3,
      enrollment: { status: 'completed', progress_percent: 100, last_lesson: lessons[2]?.id },
    })
    expect(body.lessons.map((one: { lesson: number }) => one.lesson)).toEqual(lessons.slice(0, 3).map(({ id }) => id))

    // A lesson more: the percentage says so, what was reached stays.
    const em = own.em()
    await em.nativeUpdate(Lesson, { id: lessons[3]?.id }, { isPublished: true })
    await recomputeCourseProgress(own.server.context.orm, own.course.id)
    const later = await own.enrollmentOf(learner.user)
    expect(later).toMatchObject({ progressPercent: 75, status: 'completed', completedAt: whole.completedAt })
    await done(learner, lessons[3] as Lesson)
    expect(await own.enrollmentOf(learner.user)).toMatchObject({ progressPercent: 100, completedAt: whole.completedAt })
  })

  it('is recomputed for everybody when lessons are removed, by a job of the same transaction', async () => {
    await using own = await openClassroom()
    const [kept, removed] = [await own.lesson(), await own.lesson()]
    const [half, none, refunded] = [
      await own.learner(),
      await own.learner(),
      await own.learner({ status: 'refunded', progressPercent: 40 }),
    ]
    await done(half, kept)
    const { queue, orm } = own.server.context
    const jobs = async () =>
      (await own.em().execute(`select data from pgboss.job where name = 'recompute-course-progress'`)).length
    await expect(
      own.em().transactional(async (tx) => {
        await queue.add('recompute-course-progress', { course: own.course.id }, { em: tx })
        throw new Error('taken back')
      }),
    ).rejects.toThrow('taken back')
    expect(await jobs()).toBe(0)
    await own.em().transactional(async (tx) => {
      await tx.nativeDelete(Lesson, { id: removed.id })
      await queue.add('recompute-course-progress', { course: own.course.id }, { em: tx })
    })
    expect(await jobs()).toBe(1)
    await recomputeCourseProgress(orm, own.course.id)
    expect(await own.enrollmentOf(half.user)).toMatchObject({ progressPercent: 100, status: 'completed' })
    expect(await own.enrollmentOf(none.user)).toMatchObject({ progressPercent: 0, status: 'active' })
    expect(await own.enrollmentOf(refunded.user)).toMatchObject({ progressPercent: 0, status: 'refunded' })
    await own.em().nativeDelete(Lesson, { id: kept.id })
    await recomputeCourseProgress(orm, own.course.id)
    expect(await own.enrollmentOf(half.user)).toMatchObject({ progressPercent: 0, status: 'completed' })
  })

  it('makes the review of who completes a lesson that of a learner', async () => {
    const lesson = await room.lesson()
    const [learner, other] = [await room.learner(), await room.learner()]
    const em = room.em()
    for (const { user } of [learner, other]) {
      em.create(Review, { course: room.course.id, user: user.id, rating: 5, title: 'Good', content: 'Very.' })
    }
    await em.flush()
    await done(learner, lesson)
    const reviews = await room.em().find(Review, { course: room.course.id }, { orderBy: { user: 'asc' } })
    expect(reviews.map(({ user, isVerified }) => [user.id, isVerified])).toEqual([
      [learner.user.id, true],
      [other.user.id, false],
    ])
  })

  it('counts every lesson when many are completed at once', async () => {
    await using own = await openClassroom()
    const lessons: Lesson[] = []
    for (let number = 0; number < 20; number += 1) lessons.push(await own.lesson())
    const learner = await own.learner()
    await Promise.all(lessons.map((lesson) => done(learner, lesson)))
    expect(await own.enrollmentOf(learner.user)).toMatchObject({ progressPercent: 100, status: 'completed' })
  })

  it('completes the enrollment also when the last lesson is completed by a flush', async () => {
    await using own = await openClassroom()
    const lesson = await own.lesson()
    const { user } = await own.learner()
    const now = Date.now()
    await own.server.context.progress.change(user.id, lesson.id, async () => ({
      user: user.id,
      lesson: lesson.id,
      course: own.course.id,
      rule: { type: 'read', seconds: 5 },
      length: { counted: null, longest: 0 },
      checkedAt: now,
      progress: {
        status: 'completed',
        progress: 100,
        position: 0,
        ranges: [],
        attempts: 0,
        startedAt: now,
        completedAt: now,
        lastActivity: now,
        credit: 0,
      },
    }))
    await flushProgress(own.server.context)
    expect(await own.enrollmentOf(user)).toMatchObject({ progressPercent: 100, status: 'completed' })
  })
})

describe('whose progress it is', () => {
  it('is closed to who may not learn', async () => {
    const [paid, free, hidden] = [
      await room.lesson(),
      await room.lesson({ isFree: true }),
      await room.lesson({ isPublished: false }),
    ]
    const path = (lesson: Lesson) => `/api/lessons/${lesson.id}/progress/`
    const guest = room.server.visitor()
    await guest.get(path(paid)).expect(401)
    await guest.post(path(paid)).send({}).expect(401)
    await guest.get(ofCourse()).expect(401)
    for (const { agent } of [
      await room.stranger(),
      await room.stranger('teacher'),
      await room.learner({ status: 'refunded' }),
      await room.learner({ status: 'revoked' }),
      await room.learner({ status: 'expired' }),
    ]) {
      for (const answer of [
        await agent.get(path(paid)),
        await agent.post(path(paid)).send({ status: 'completed' }),
        await agent.get(ofCourse()),
      ]) {
        expect(answer.status).toBe(403)
        expect(answer.body).toMatchObject({
          code: 'enrollment_required',
          course: room.course.id,
          price: '100.00',
          currency: 'RUB',
        })
      }
      await agent.get(path(hidden)).expect(404)
      await agent.post(path(hidden)).send({}).expect(404)
      await agent.post(path(free)).send({ status: 'completed' }).expect(200)
    }
    const { agent } = await room.learner()
    await agent.get('/api/lessons/999999/progress/').expect(404)
    await agent.post('/api/lessons/999999/progress/').send({}).expect(404)
    await agent.get('/api/lessons/x/progress/').expect(400)
    await agent.get('/api/courses/999999/progress/').expect(404)
  })

  it('is of a draft only for its staff, and of an archived course for those enrolled', async () => {
    await using own = await openClassroom()
    const lesson = await own.lesson({ isFree: true })
    const [learner, stranger] = [await own.learner(), await own.stranger()]
    const path = `/api/lessons/${lesson.id}/progress/`
    const become = (status: 'draft' | 'archived') => own.em().nativeUpdate(Course, { id: own.course.id }, { status })
    await become('draft')
    await learner.agent.post(path).send({}).expect(404)
    await stranger.agent.get(ofCourse(own.course.id)).expect(404)
    await own.teacher.agent.post(path).send({}).expect(200)
    await own.teacher.agent.get(ofCourse(own.course.id)).expect(200)
    await become('archived')
    await learner.agent.post(path).send({}).expect(200)
    await learner.agent.get(ofCourse(own.course.id)).expect(200)
    await stranger.agent.post(path).send({}).expect(404)
  })

  it('ends with the enrollment, and what was reached is there again on a return', async () => {
    const lesson = await room.lesson()
    const { user, agent } = await room.learner()
    const path = `/api/lessons/${lesson.id}/progress/`
    await agent.post(path).send({ status: 'completed' }).expect(200)
    await room.em().nativeUpdate(Enrollment, { user: user.id }, { status: 'refunded' })
    await agent.get(path).expect(403)
    await agent.post(path).send({ event: 'leave' }).expect(403)
    await room.em().nativeUpdate(Enrollment, { user: user.id }, { status: 'active' })
    expect((await agent.get(path).expect(200)).body).toMatchObject({ status: 'completed', progress: 100 })
  })

  it("is one's own alone: two learners of a lesson never see each other", async () => {
    const lesson = await room.lesson({ contentType: 'video', durationMinutes: 30 })
    const [one, other] = [await room.learner(), await room.learner()]
    const path = `/api/lessons/${lesson.id}/progress/`
    await one.agent
      .post(path)
      .send({ ranges: [[0, 10]], position_seconds: 10 })
      .expect(200)
    for (const step of ['before', 'after'] as const) {
      expect((await other.agent.get(path)).body, step).toMatchObject({ status: 'not_started', watched_ranges: [] })
      const { body } = await other.agent.get(`${ofCourse()}?user=${one.user.id}`).expect(200)
      expect(body.user).toBe(other.user.id)
      expect(body.lessons.every((each: { status: string }) => each.status === 'not_started')).toBe(true)
      await flushProgress(room.server.context)
    }
    await other.agent.post(path).send({ user: one.user.id, progress: 5 }).expect(400)
    expect(await room.rowOf(lesson, other.user)).toBeNull()
  })

  it('of a learner is read by staff who look after learners, in their own course', async () => {
    const learner = await room.learner()
    const em = room.em()
    const course = await em.findOneOrFail(Course, { id: room.course.id })
    const [helper, editor] = [await room.stranger(), await room.stranger()]
    await aStaffMember(em, course, helper.user, 'assistant', { manage_students: true })
    await aStaffMember(em, course, editor.user, 'assistant', { edit_content: true, view_analytics: true })
    const path = ofStudent(learner.user.id)
    expect((await room.teacher.agent.get(path).expect(200)).body).toMatchObject({
      user: learner.user.id,
      enrollment: { status: 'active' },
    })
    await helper.agent.get(path).expect(200)
    const lesson = await room.lesson()
    for (const { agent } of [editor, learner, await room.learner(), await room.stranger('teacher')]) {
      await agent.get(path).expect(403)
      await agent.post(path).send({ lesson: lesson.id, status: 'completed' }).expect(403)
    }
    await room.server.visitor().get(path).expect(401)
    const stranger = await room.stranger()
    expect((await room.teacher.agent.get(ofStudent(stranger.user.id)).expect(404)).body.code).toBe(
      'enrollment_not_found',
    )
    await room.teacher.agent.get(ofStudent(999_999)).expect(404)
    await room.teacher.agent.get(ofStudent(learner.user.id, 999_999)).expect(404)
  })
})

describe('the word of a teacher', () => {
  it('completes a lesson, or lets it begin anew, and is written down', async () => {
    await using own = await openClassroom()
    const lesson = await own.lesson({ contentType: 'video', durationMinutes: 30 })
    const { user, agent } = await own.learner()
    const path = ofStudent(user.id, own.course.id)
    await agent
      .post(`/api/lessons/${lesson.id}/progress/`)
      .send({ ranges: [[0, 10]], position_seconds: 10 })
      .expect(200)
    const completed = await own.teacher.agent.post(path).send({ lesson: lesson.id, status: 'completed' }).expect(200)
    expect(completed.body).toMatchObject({
      completed_lessons: 1,
      enrollment: { progress_percent: 100, status: 'completed' },
    })
    expect((await agent.get(`/api/lessons/${lesson.id}/progress/`)).body.status).toBe('completed')
    await agent.post(`/api/lessons/${lesson.id}/progress/`).send({ position_seconds: 20 }).expect(200)
    await own.teacher.agent.post(path).send({ lesson: lesson.id, status: 'not_started' }).expect(200)
    await flushProgress(own.server.context)
    expect((await agent.get(`/api/lessons/${lesson.id}/progress/`)).body).toMatchObject({
      status: 'not_started',
      progress: 0,
      watched_ranges: [],
      completed_at: null,
    })
    expect(await own.enrollmentOf(user)).toMatchObject({ progressPercent: 0, status: 'completed' })
    const audit = await own.em().find(AuditLog, { action: 'progress.override' }, { orderBy: { id: 'asc' } })
    expect(audit.map(({ object, details, actor }) => [object, details, actor?.id])).toEqual([
      [`lesson:${lesson.id}`, { user: user.id, status: ['not_started', 'completed'] }, own.teacher.user.id],
      [`lesson:${lesson.id}`, { user: user.id, status: ['completed', 'not_started'] }, own.teacher.user.id],
    ])
  })

  it('does not reach into another course, nor past its form', async () => {
    const learner = await room.learner()
    const path = ofStudent(learner.user.id)
    const otherTeacher = await room.stranger('teacher')
    const em = room.em()
    const other = await aCourse(em, otherTeacher.user)
    const foreign = await aLesson(em, await aModule(em, other))
    const refused = await room.teacher.agent.post(path).send({ lesson: foreign.id, status: 'completed' }).expect(404)
    expect(refused.body.code).toBe('lesson_not_found')
    await otherTeacher.agent.post(path).send({ lesson: foreign.id, status: 'completed' }).expect(403)
    await otherTeacher.agent
      .post(ofStudent(learner.user.id, other.id))
      .send({ lesson: foreign.id, status: 'completed' })
      .expect(404)
    const lesson = await room.lesson()
    for (const wrong of [
      {},
      { lesson: lesson.id },
      { lesson: lesson.id, status: 'in_progress' },
      { lesson: lesson.id, status: 'completed', user: 1 },
      { lesson: `${lesson.id}`, status: 'completed' },
    ]) {
      await room.teacher.agent.post(path).send(wrong).expect(400)
    }
    expect(await room.rowOf(foreign, learner.user)).toBeNull()
  })
})

describe('many at once', () => {
  it('neither wait in a ring nor lose anything: flushes, completions and the count of a whole course', async () => {
    await using own = await openClassroom()
    const { context } = own.server
    const lessons = [await own.lesson(), await own.lesson({ contentType: 'video', durationMinutes: 30 })]
    const users: Learner['user'][] = []
    for (let number = 0; number < 15; number += 1) users.push((await own.learner()).user)
    const beat = (user: Learner['user'], lesson: Lesson, body: Beat) =>
      recordBeat(own.em(), user, lesson.id, body, context.progress)
    await Promise.all(users.map((user) => beat(user, lessons[1] as Lesson, { ranges: [[0, 10]] })))
    await Promise.all([
      ...users.map((user) => beat(user, lessons[0] as Lesson, { status: 'completed' })),
      ...users.map((user) => beat(user, lessons[1] as Lesson, { event: 'leave' })),
      ...[1, 2, 3].map(() => flushProgress(context)),
      ...[1, 2, 3].map(() => recomputeCourseProgress(context.orm, own.course.id)),
    ])
    await flushProgress(context)
    for (const user of users) {
      expect(await own.enrollmentOf(user)).toMatchObject({ progressPercent: 50 })
      expect(await own.rowOf(lessons[1] as Lesson, user)).toMatchObject({ watchedSeconds: 10 })
    }
  })
})
