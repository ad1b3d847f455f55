import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Course } from '../../../server/courses/course.ts'
import { Lesson } from '../../../server/courses/lesson.ts'
import { quizDefinition } from '../../../server/courses/lesson-definition.ts'
import { gradeQuiz } from '../../../server/progress/grade-quiz.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { QuizAttempt } from '../../../server/progress/quiz-attempt.ts'
import { aStaffMember } from '../../support/courses.ts'
import { type Classroom, openClassroom } from './support.ts'

const options = [
  { id: 'a', text: 'Paris' },
  { id: 'b', text: 'Rome' },
  { id: 'c', text: 'Oslo' },
]
const questions = [
  { id: 'one', type: 'single', text: 'Capital of France?', options, answer: 'a', explanation: 'SECRET-France' },
  { id: 'many', type: 'multiple', text: 'Which are capitals of the EU?', options, answer: ['a', 'b'], points: 2 },
  { id: 'word', type: 'text', text: 'Who wrote it?', answer: ['Лев Толстой', 'SECRET-Tolstoy'] },
  { id: 'sum', type: 'number', text: 'Pi?', answer: 3.14, tolerance: 0.01 },
] as const
const right = { one: 'a', many: ['b', 'a'], word: 'лев  толстой', sum: 3.15 }

const quizOf = (given: object = {}) => quizDefinition.parse({ questions, pass_score: 80, ...given })

describe('grading', () => {
  const score = (answers: Record<string, unknown>) => gradeQuiz(quizOf(), answers).score

  it('counts points, not questions, and rounds down', () => {
    expect(score(right)).toBe(100)
    expect(score({ ...right, many: ['a'] })).toBe(60)
    expect(score({ many: ['a', 'b'] })).toBe(40)
    const thirds = quizDefinition.parse({ questions: questions.filter(({ id }) => id !== 'many'), pass_score: 67 })
    expect(gradeQuiz(thirds, { one: 'a', word: 'ЛЕВ ТОЛСТОЙ' })).toMatchObject({ score: 66, isPassed: false })
  })

  it.each([
    ['a text in other case, spaces and compatibility forms', { word: '  ЛЕВ\u00a0 Толстой\n' }, 20],
    ['a text in full-width letters', { word: 'ＳＥＣＲＥＴ－ｔｏｌｓｔｏｙ' }, 20],
    ['a composed and a decomposed letter', { word: 'Лев Толсто\u0438\u0306' }, 20],
    ['another text', { word: 'Лев' }, 0],
    ['a number at the edge of the tolerance', { sum: 3.13 }, 20],
    ['a number beyond it', { sum: 3.1299 }, 0],
    ['a number as it is typed in Russian', { sum: ' 3,14 ' }, 20],
    ['no number', { sum: '' }, 0],
    ['infinity', { sum: Number.POSITIVE_INFINITY }, 0],
    ['all options', { many: ['a', 'b', 'c'] }, 0],
    ['an option twice', { many: ['a', 'b', 'b'] }, 40],
    ['options that are no list', { many: 'a' }, 0],
    ['a list where one is asked for', { one: ['a'] }, 0],
    ['an unknown question', { nothing: 'a' }, 0],
    ['a name that every object has', { constructor: 'a', __proto__: { one: 'a' } }, 0],
    ['null', { one: null, many: null, word: null, sum: null }, 0],
  ])('takes %s for what it is', (_, answers, expected) => {
    expect(score(answers)).toBe(expected)
  })
})

describe('a quiz', () => {
  let room: Classroom
  beforeAll(async () => {
    room = await openClassroom()
  })
  afterAll(() => room[Symbol.asyncDispose]())
  const aQuiz = (given: object = {}, lesson: object = {}) =>
    room.lesson({ contentType: 'quiz', quiz: quizOf(given), ...lesson })
  const at = (lesson: Lesson, path: string) => `/api/lessons/${lesson.id}/${path}/`

  it('shows its questions without a word of its answers', async () => {
    const lesson = await aQuiz({ max_attempts: 3 })
    const { agent } = await room.learner()
    const { body, text } = await agent.get(at(lesson, 'quiz')).expect(200)
    expect(body).toMatchObject({
      pass_score: 80,
      max_attempts: 3,
      attempts_used: 0,
      attempts_left: 3,
      best_score: null,
    })
    expect(body.questions[0]).toEqual({ id: 'one', type: 'single', text: 'Capital of France?', points: 1, options })
    expect(body.questions[2]).toEqual({ id: 'word', type: 'text', text: 'Who wrote it?', points: 1, options: null })
    expect(text).not.toMatch(/SECRET|answer|tolerance|explanation|3\.14|Толстой/)
    const progress = await agent.get(at(lesson, 'progress')).expect(200)
    expect(progress.text).not.toMatch(/SECRET|Толстой/)
    expect(progress.body.completion_rule).toEqual({ type: 'score', percent: 80 })
  })

  it('says what was wrong after an attempt, and the right answers once nobody can use them', async () => {
    const lesson = await aQuiz({ max_attempts: 2 })
    const { user, agent } = await room.learner()
    const first = await agent.post(at(lesson, 'attempts')).send({ answers: { one: 'b', word: 'Лев Толстой' } })
    expect(first.status).toBe(201)
    expect(first.body).toMatchObject({ number: 1, score: 20, is_passed: false, attempts_left: 1 })
    expect(first.body.results).toEqual([
      { question: 'one', is_right: false, points: 0, explanation: 'SECRET-France', right_answer: null },
      { question: 'many', is_right: false, points: 0, explanation: '', right_answer: null },
      { question: 'word', is_right: true, points: 1, explanation: '', right_answer: null },
      { question: 'sum', is_right: false, points: 0, explanation: '', right_answer: null },
    ])
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'in_progress', progress: 20, attempts: 1 })
    const second = await agent.post(at(lesson, 'attempts')).send({ answers: {} }).expect(201)
    expect(second.body.results.map((one: { right_answer: unknown }) => one.right_answer)).toEqual([
      'a',
      ['a', 'b'],
      ['Лев Толстой', 'SECRET-Tolstoy'],
      3.14,
    ])
    const third = await agent.post(at(lesson, 'attempts')).send({ answers: right }).expect(409)
    expect(third.body.code).toBe('attempts_exhausted')
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'in_progress', progress: 20, attempts: 2 })
  })

  it('is completed by the pass score and stays so after a worse attempt', async () => {
    const lesson = await aQuiz()
    const { user, agent } = await room.learner()
    await agent.post(at(lesson, 'progress')).send({ status: 'completed', progress: 100 }).expect(200)
    expect((await agent.get(at(lesson, 'progress'))).body).toMatchObject({ status: 'in_progress', progress: 0 })
    const passed = await agent.post(at(lesson, 'attempts')).send({ answers: right }).expect(201)
    expect(passed.body).toMatchObject({ score: 100, is_passed: true, attempts_left: null })
    expect(passed.body.results[0].right_answer).toBe('a')
    await agent.post(at(lesson, 'attempts')).send({ answers: {} }).expect(201)
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'completed', progress: 100, attempts: 2 })
    expect((await agent.get(at(lesson, 'progress'))).body).toMatchObject({ status: 'completed', attempts: 2 })
    expect((await agent.get(at(lesson, 'quiz'))).body).toMatchObject({
      attempts_used: 2,
      best_score: 100,
      is_passed: true,
    })
  })

  it('gives each of fifty attempts at once its own number, and never one too many', async () => {
    const lesson = await aQuiz({ max_attempts: 10 })
    const { user, agent } = await room.learner()
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => agent.post(at(lesson, 'attempts')).send({ answers: {} })),
    )
    const count = (status: number) => answers.filter((one) => one.status === status).length
    expect([count(201), count(409)]).toEqual([10, 40])
    const attempts = await room.em().find(QuizAttempt, { lesson: lesson.id }, { orderBy: { number: 'asc' } })
    expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(await room.rowOf(lesson, user)).toMatchObject({ attempts: 10 })
  })

  it('with a time limit shows its questions to who has started, and counts no answer after it', async () => {
    const lesson = await aQuiz({ time_limit_minutes: 10, max_attempts: 3 })
    const { user, agent } = await room.learner()
    const closed = await agent.get(at(lesson, 'quiz')).expect(200)
    expect(closed.body).toMatchObject({ time_limit_minutes: 10, questions: [], started_at: null, ends_at: null })
    const early = await agent.post(at(lesson, 'attempts')).send({ answers: right }).expect(409)
    expect(early.body.code).toBe('attempt_not_started')

    const started = await agent.post(at(lesson, 'attempts/start')).expect(200)
    expect(Date.parse(started.body.ends_at) - Date.parse(started.body.started_at)).toBe(600_000)
    expect((await agent.post(at(lesson, 'attempts/start')).expect(200)).body).toEqual(started.body)
    const open = await agent.get(at(lesson, 'quiz')).expect(200)
    expect(open.body).toMatchObject(started.body)
    expect(open.body.questions).toHaveLength(4)
    await room
      .em()
      .nativeUpdate(
        LessonProgress,
        { user: user.id },
        { attemptStartedAt: new Date(Date.now() - 10 * 60_000 - 31_000) },
      )
    const late = await agent.post(at(lesson, 'attempts')).send({ answers: right }).expect(201)
    expect(late.body).toMatchObject({ number: 1, score: 0, is_passed: false, is_late: true, attempts_left: 2 })

    await agent.post(at(lesson, 'attempts')).send({ answers: right }).expect(409)
    await agent.post(at(lesson, 'attempts/start')).expect(200)
    const inTime = await agent.post(at(lesson, 'attempts')).send({ answers: right }).expect(201)
    expect(inTime.body).toMatchObject({ number: 2, score: 100, is_late: false, is_passed: true })
  })

  it('gives the attempts back when a teacher lets the learner begin anew', async () => {
    const lesson = await aQuiz({ max_attempts: 1 })
    const { user, agent } = await room.learner()
    await agent.post(at(lesson, 'attempts')).send({ answers: {} }).expect(201)
    await agent.post(at(lesson, 'attempts')).send({ answers: right }).expect(409)
    await agent.post(at(lesson, 'attempts/start')).expect(409)
    await room.teacher.agent
      .post(`/api/courses/${room.course.id}/students/${user.id}/progress/`)
      .send({ lesson: lesson.id, status: 'not_started' })
      .expect(200)
    const again = await agent.post(at(lesson, 'attempts')).send({ answers: right }).expect(201)
    expect(again.body).toMatchObject({ number: 2, is_passed: true, attempts_left: 0 })
  })

  it("lists one's own attempts, and for staff those of all", async () => {
    const lesson = await aQuiz()
    const [one, other] = [await room.learner(), await room.learner()]
    await one.agent.post(at(lesson, 'attempts')).send({ answers: { one: 'a' } })
    await other.agent.post(at(lesson, 'attempts')).send({ answers: { one: 'b' } })
    const own = await one.agent.get(at(lesson, 'attempts')).expect(200)
    expect(own.body).toMatchObject({ count: 1, results: [{ number: 1, score: 20, answers: { one: 'a' } }] })
    const asked = await one.agent.get(`${at(lesson, 'attempts')}?user=${other.user.id}`).expect(200)
    expect(asked.body).toEqual({ ...own.body })
    const all = await room.teacher.agent.get(at(lesson, 'attempts')).expect(200)
    expect(all.body.count).toBe(2)
    const ofOther = await room.teacher.agent.get(`${at(lesson, 'attempts')}?user=${other.user.id}`).expect(200)
    expect(ofOther.body.results).toMatchObject([{ user: { id: other.user.id }, answers: { one: 'b' } }])

    const assistant = await room.stranger()
    const em = room.em()
    await aStaffMember(em, await em.findOneOrFail(Course, { id: room.course.id }), assistant.user, 'assistant', {
      edit_content: true,
    })
    expect((await assistant.agent.get(at(lesson, 'attempts')).expect(200)).body.count).toBe(0)
  })

  it('is closed to who may not learn, and takes no attempt of a guest', async () => {
    const [paid, free, hidden, draft] = [
      await aQuiz(),
      await aQuiz({}, { isFree: true }),
      await aQuiz({}, { isPublished: false }),
      await room.lesson(),
    ]
    const { agent: stranger } = await room.stranger()
    const { agent: learner } = await room.learner()
    const guest = room.server.visitor()
    for (const visitor of [guest, stranger]) {
      const refused = await visitor.get(at(paid, 'quiz')).expect(403)
      expect(refused.body).toMatchObject({ code: 'enrollment_required', course: room.course.id, price: '100.00' })
      expect(refused.text).not.toMatch(/Толстой|Paris/)
      await visitor.get(at(hidden, 'quiz')).expect(404)
    }
    await stranger.post(at(paid, 'attempts')).send({ answers: right }).expect(403)
    await stranger.get(at(paid, 'attempts')).expect(403)
    await learner.post(at(hidden, 'attempts')).send({ answers: right }).expect(404)
    expect((await guest.get(at(free, 'quiz')).expect(200)).body.attempts_used).toBe(0)
    await guest.post(at(free, 'attempts')).send({ answers: right }).expect(401)
    await guest.post(at(free, 'attempts/start')).expect(401)
    await stranger.post(at(paid, 'attempts/start')).expect(403)
    await stranger.post(at(free, 'attempts')).send({ answers: right }).expect(201)
    expect((await learner.get(at(draft, 'quiz')).expect(404)).body.code).toBe('quiz_not_found')
    await learner.post(at(draft, 'attempts')).send({ answers: {} }).expect(404)
    await learner.get('/api/lessons/999999/quiz/').expect(404)
    await learner.get('/api/lessons/99999999999/quiz/').expect(400)
  })

  it('takes answers and nothing else', async () => {
    const lesson = await aQuiz()
    const { user, agent } = await room.learner()
    for (const body of [
      {},
      { answers: [] },
      { answers: { one: { $ne: 1 } } },
      { answers: { one: 'x'.repeat(2001) } },
      { answers: {}, score: 100 },
      { answers: {}, user: 1 },
      { answers: {}, is_passed: true },
      { answers: Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`q${index}`, 'a'])) },
    ]) {
      await agent.post(at(lesson, 'attempts')).send(body).expect(400)
    }
    await agent
      .post(at(lesson, 'attempts'))
      .set('content-type', 'application/json')
      .send('{"answers":{"__proto__":"a","one":"a"}}')
      .expect(400)
    await agent
      .post(at(lesson, 'attempts'))
      .send({ answers: { constructor: 'a', one: 'a' } })
      .expect(201)
    const [attempt] = await room.em().find(QuizAttempt, { lesson: lesson.id, user: user.id })
    expect(attempt?.answers).toEqual({ one: 'a' })
    await room.em().nativeDelete(Lesson, { id: lesson.id })
    expect(await room.em().count(QuizAttempt, { lesson: lesson.id })).toBe(0)
  })
})
