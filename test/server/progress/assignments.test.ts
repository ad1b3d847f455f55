import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { Course } from '../../../server/courses/course.ts'
import type { Lesson } from '../../../server/courses/lesson.ts'
import { assignmentDefinition } from '../../../server/courses/lesson-definition.ts'
import { MediaAsset } from '../../../server/library/media-asset.ts'
import { Submission } from '../../../server/progress/submission.ts'
import { aStaffMember } from '../../support/courses.ts'
import { type Classroom, type Learner, openClassroom } from './support.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

let room: Classroom
beforeAll(async () => {
  room = await openClassroom()
})
afterAll(() => room[Symbol.asyncDispose]())

const anAssignment = (given: object = {}, lesson: object = {}) =>
  room.lesson({ contentType: 'assignment', assignment: assignmentDefinition.parse(given), ...lesson })
const at = (lesson: Lesson) => `/api/lessons/${lesson.id}/submissions/`
const handIn = (learner: Learner, lesson: Lesson, name = 'Работа №1.png', body: Buffer = png) =>
  learner.agent.post(at(lesson)).field('text', 'Смотрите').attach('files', body, name)

/** How many objects the store has. */
async function stored(): Promise<number> {
  let count = 0
  for await (const _ of room.server.context.store.list('assets/')) count += 1
  return count
}

describe('handing in', () => {
  it('completes an assignment that asks for no grade', async () => {
    const lesson = await anAssignment()
    const { user, agent } = await room.learner()
    expect((await agent.get(`/api/lessons/${lesson.id}/progress/`)).body.completion_rule).toEqual({ type: 'submitted' })
    const { body } = await agent.post(at(lesson)).send({ text: ' My <b>answer</b> ' }).expect(201)
    expect(body).toMatchObject({
      lesson: lesson.id,
      user: { id: user.id },
      text: 'My <b>answer</b>',
      files: [],
      grade: null,
      graded_at: null,
    })
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'completed', progress: 100, attempts: 1 })
    await agent.post(at(lesson)).send({ text: 'Again' }).expect(201)
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'completed', attempts: 2 })
    const list = await agent.get(at(lesson)).expect(200)
    expect(list.body.results.map((one: { text: string }) => one.text)).toEqual(['Again', 'My <b>answer</b>'])
  })

  it('takes files, keeps them private, and gives them back under their names', async () => {
    const lesson = await anAssignment({ max_files: 2 })
    const learner = await room.learner()
    const { body } = await handIn(learner, lesson)
      .attach('files', Buffer.from('1;2\n'), '../../etc/таблица.csv')
      .expect(201)
    expect(body).toMatchObject({
      text: 'Смотрите',
      files: [
        { name: 'Работа №1.png', mime: 'image/png', size: png.length },
        { name: 'таблица.csv', mime: 'text/plain', size: 4 },
      ],
    })
    const asset = await room.em().findOneOrFail(MediaAsset, { id: body.files[0].id })
    expect(asset).toMatchObject({ visibility: 'private', mime: 'image/png' })
    expect(asset.owner?.id).toBe(learner.user.id)
    expect(asset.key).toMatch(/^assets\/[0-9a-f]{32}$/)

    const answer = await learner.agent.get(body.files[0].url).expect(200)
    expect(answer.body).toEqual(png)
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    })
    expect(answer.headers['content-disposition']).toMatch(/^attachment; .*filename\*=UTF-8''%D0%A0/)
    const part = await learner.agent.get(body.files[0].url).set('range', 'bytes=1-3').expect(206)
    expect(part.body.toString('latin1')).toBe('PNG')
    expect(part.headers['content-range']).toBe(`bytes 1-3/${png.length}`)
    await learner.agent.get(body.files[0].url).set('range', 'bytes=9999-').expect(200)
    await room.teacher.agent.get(body.files[1].url).expect(200, '1;2\n')

    // The same files again, by their ids.
    const again = await learner.agent
      .post(at(lesson))
      .send({ files: [body.files[0].id, body.files[0].id] })
      .expect(201)
    expect(again.body.files).toHaveLength(1)
  })

  it.each([
    ['a program', Buffer.concat([Buffer.from('7f454c46020101', 'hex'), Buffer.alloc(64)]), 'notes.pdf', 415],
    ['a program of another system', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]), 'a.png', 415],
    ['bytes of no kind', Buffer.from([0, 1, 2, 3, 255, 254, 0]), 'a.txt', 415],
    ['a file that is too large', Buffer.concat([png, Buffer.alloc(20 * 1024 * 1024)]), 'a.png', 413],
  ])('refuses %s by what it is, and keeps nothing of it', async (_, bytes, name, status) => {
    const lesson = await anAssignment()
    const learner = await room.learner()
    const before = await stored()
    await handIn(learner, lesson, name, bytes).expect(status)
    expect(await stored()).toBe(before)
    expect(await room.em().count(Submission, { lesson: lesson.id })).toBe(0)
    expect(await room.rowOf(lesson, learner.user)).toBeNull()
  })

  it('gives markup back as text that no browser opens as a page', async () => {
    const lesson = await anAssignment()
    const learner = await room.learner()
    for (const [name, text] of [
      ['a.html', '<html><script>alert(1)</script>'],
      ['a.svg', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ] as const) {
      const { body } = await handIn(learner, lesson, name, Buffer.from(text)).expect(201)
      const file = await learner.agent.get(body.files[0].url).expect(200)
      expect(file.headers['content-type']).toMatch(/^text\/plain/)
      expect(file.headers['content-disposition']).toMatch(/^attachment/)
    }
  })

  it('refuses too many files, nothing at all, and forms that break off', async () => {
    const lesson = await anAssignment({ max_files: 1 })
    const learner = await room.learner()
    const two = await handIn(learner, lesson).attach('files', png, 'b.png').expect(400)
    expect(two.body).toMatchObject({ code: 'too_many_files', max_files: 1 })
    expect((await learner.agent.post(at(lesson)).send({}).expect(400)).body).toHaveProperty('text')
    await learner.agent.post(at(lesson)).send({ text: '   ' }).expect(400)
    await learner.agent
      .post(at(lesson))
      .send({ text: 'x'.repeat(20_001) })
      .expect(400)
    await learner.agent.post(at(lesson)).send({ text: 'x', user: 1 }).expect(400)
    await learner.agent.post(at(lesson)).send({ text: 'x', grade: 100 }).expect(400)
    await learner.agent.post(at(lesson)).field('text', 'x').field('grade', '100').expect(400)
    const head = '--b\r\ncontent-disposition: form-data; name="text"\r\n\r\n'
    for (const body of [
      '',
      'x',
      '--b',
      '--b--',
      head,
      `${head}half`,
      `${head}half\r\n--b`,
      '--b\r\n\r\nno name\r\n--b--\r\n',
      `--b\r\n${'x'.repeat(9000)}`,
    ]) {
      await learner.agent.post(at(lesson)).set('content-type', 'multipart/form-data; boundary=b').send(body).expect(400)
    }
    await learner.agent.post(at(lesson)).set('content-type', 'multipart/form-data').send('x').expect(400)
    await learner.agent
      .post(at(lesson))
      .set('content-type', 'application/x-www-form-urlencoded')
      .send('a=b')
      .expect(415)
    expect(await room.em().count(Submission, { lesson: lesson.id })).toBe(0)
  })

  it("does not take another's files, nor say that they are there", async () => {
    const lesson = await anAssignment()
    const [owner, thief] = [await room.learner(), await room.learner()]
    const { body } = await handIn(owner, lesson).expect(201)
    const refused = await thief.agent
      .post(at(lesson))
      .send({ files: [body.files[0].id] })
      .expect(404)
    const missing = await thief.agent
      .post(at(lesson))
      .send({ files: [999_999] })
      .expect(404)
    expect(refused.body).toEqual(missing.body)
  })

  it('needs the CSRF token also with a form', async () => {
    const lesson = await anAssignment()
    const { agent, user } = await room.learner()
    const answer = await agent.post(at(lesson)).set('x-csrf-token', 'wrong').field('text', 'x').expect(403)
    expect(answer.body.code).toBe('csrf_failed')
    expect(await room.rowOf(lesson, user)).toBeNull()
  })
})

describe('a submission', () => {
  it('is for its learner and who may grade it; for anybody else it is not there', async () => {
    const lesson = await anAssignment()
    const owner = await room.learner()
    const { body } = await handIn(owner, lesson).expect(201)
    const one = `/api/submissions/${body.id}/`
    const file = body.files[0].url
    const others = [await room.learner(), await room.stranger(), await room.stranger('teacher')]
    for (const { agent } of others) {
      for (const path of [one, file]) {
        expect((await agent.get(path).expect(404)).body.code).toBe('submission_not_found')
      }
      expect((await agent.patch(one).send({ grade: 1 }).expect(404)).body.code).toBe('submission_not_found')
    }
    const guest = room.server.visitor()
    await guest.get(one).expect(401)
    await guest.get(file).expect(401)
    await guest.patch(one).send({ grade: 1 }).expect(401)
    await guest.get(at(lesson)).expect(401)
    expect((await others[0]?.agent.get(at(lesson)))?.body).toMatchObject({ count: 0 })
    expect((await others[0]?.agent.get(`${at(lesson)}?user=${owner.user.id}`))?.body).toMatchObject({ count: 0 })
    await others[1]?.agent.get(at(lesson)).expect(403)
    await others[1]?.agent.post(at(lesson)).send({ text: 'x' }).expect(403)

    // A file of another submission does not come with this one.
    const mine = await handIn(others[0] as Learner, lesson).expect(201)
    const crossed = `/api/submissions/${mine.body.id}/files/${body.files[0].id}/`
    expect((await others[0]?.agent.get(crossed))?.body).toMatchObject({ code: 'file_missing' })
    await owner.agent.get(one).expect(200)
    await owner.agent.get(file).expect(200)
    await room.teacher.agent.get(one).expect(200)
  })

  it('takes its files along when its lesson is deleted, but for those that are needed elsewhere', async () => {
    const [hidden, other] = [await anAssignment({ max_files: 3 }), await anAssignment()]
    const learner = await room.learner()
    const { body } = await handIn(learner, hidden).attach('files', Buffer.from('a;b\n'), 'kept.csv').expect(201)
    const [gone, kept] = body.files as { id: number }[]
    await learner.agent
      .post(at(other))
      .send({ text: 'The same', files: [kept?.id] })
      .expect(201)
    const assets = await room.em().find(MediaAsset, { id: { $in: [gone?.id ?? 0, kept?.id ?? 0] } })
    const keyOf = (file: { id: number } | undefined) => assets.find(({ id }) => id === file?.id)?.key ?? ''

    // Shown, it is refused: what learners did would go with it.
    await room.teacher.agent.delete(`/api/lessons/${hidden.id}/`).expect(409)
    await room.teacher.agent.patch(`/api/lessons/${hidden.id}/`).send({ is_published: false }).expect(200)
    await room.teacher.agent.delete(`/api/lessons/${hidden.id}/`).expect(204)
    expect(await room.em().count(Submission, { lesson: hidden.id })).toBe(0)
    expect(await room.em().find(MediaAsset, { id: { $in: assets.map(({ id }) => id) } })).toMatchObject([
      { id: kept?.id },
    ])
    const queued = await room
      .em()
      .execute<{ data: { keys: string[] } }[]>(`select data from pgboss.job where name = 'delete-objects'`)
    const keys = queued.flatMap(({ data }) => data.keys)
    expect([keys.includes(keyOf(gone)), keys.includes(keyOf(kept))]).toEqual([true, false])
  })

  it('leaves a file with the course that shows it as its preview', async () => {
    const lesson = await anAssignment({}, { isPublished: false })
    const { body } = await handIn(room.teacher, lesson).expect(201)
    const file = room.em().getReference(MediaAsset, body.files[0].id)
    await room.em().nativeUpdate(Course, { id: room.course.id }, { previewAsset: file })
    await room.teacher.agent.delete(`/api/lessons/${lesson.id}/`).expect(204)
    expect(await room.em().count(MediaAsset, { id: file.id })).toBe(1)
    await room.em().nativeUpdate(Course, { id: room.course.id }, { previewAsset: null })
  })

  it('is graded by staff who look after learners, and the grade completes the lesson', async () => {
    const lesson = await anAssignment({ completion: 'graded', pass_grade: 60, max_grade: 100 })
    const { user, agent } = await room.learner()
    expect((await agent.get(`/api/lessons/${lesson.id}/progress/`)).body.completion_rule).toEqual({
      type: 'graded',
      grade: 60,
    })
    const { body } = await agent.post(at(lesson)).send({ text: 'Work' }).expect(201)
    const one = `/api/submissions/${body.id}/`
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'in_progress', progress: 50 })
    expect((await agent.patch(one).send({ grade: 100 }).expect(403)).body.code).toBe('forbidden')
    expect((await room.teacher.agent.get(`${at(lesson)}?ungraded=true`)).body).toMatchObject({ count: 1 })

    await room.teacher.agent.patch(one).send({ grade: 59, comment: 'Almost' }).expect(200)
    expect((await agent.get(one)).body).toMatchObject({ grade: 59, comment: 'Almost' })
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'in_progress' })
    expect((await room.teacher.agent.get(`${at(lesson)}?ungraded=true`)).body).toMatchObject({ count: 0 })

    const em = room.em()
    const assistant = await room.stranger()
    const course = await em.findOneOrFail(Course, { id: room.course.id })
    await aStaffMember(em, course, assistant.user, 'assistant', { manage_students: true })
    const graded = await assistant.agent.patch(one).send({ grade: 60 }).expect(200)
    expect(graded.body).toMatchObject({ grade: 60, comment: 'Almost' })
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'completed', progress: 100 })

    await room.teacher.agent.patch(one).send({ grade: 0 }).expect(200)
    expect(await room.rowOf(lesson, user)).toMatchObject({ status: 'completed', progress: 100 })
    const audit = await room.em().find(AuditLog, { object: `submission:${body.id}` }, { orderBy: { id: 'asc' } })
    expect(audit.map(({ details }) => details.grade)).toEqual([
      [null, 59],
      [59, 60],
      [60, 0],
    ])
    const other = await room.stranger()
    await aStaffMember(em, course, other.user, 'assistant', { edit_content: true })
    await other.agent.patch(one).send({ grade: 1 }).expect(404)
  })

  it('takes no grade that is none', async () => {
    const lesson = await anAssignment({ max_grade: 10, pass_grade: 5 })
    const { agent } = await room.learner()
    const { body } = await agent.post(at(lesson)).send({ text: 'Work' }).expect(201)
    for (const wrong of [
      {},
      { grade: -1 },
      { grade: 11 },
      { grade: 5.5 },
      { grade: '5' },
      { grade: null },
      { grade: 5, user: 1 },
      { grade: 5, text: 'other' },
      { grade: 5, graded_by: 1 },
    ]) {
      await room.teacher.agent.patch(`/api/submissions/${body.id}/`).send(wrong).expect(400)
    }
    const above = await room.teacher.agent.patch(`/api/submissions/${body.id}/`).send({ grade: 11 })
    expect(above.body).toHaveProperty('grade')
    await room.teacher.agent.patch('/api/submissions/999999/').send({ grade: 1 }).expect(404)
  })

  it('is none of a lesson without an assignment', async () => {
    const { agent } = await room.learner()
    const text = await room.lesson()
    expect((await agent.post(at(text)).send({ text: 'x' }).expect(404)).body.code).toBe('assignment_not_found')
    await agent.get(at(text)).expect(404)
  })
})

describe('the file of a lesson', () => {
  it('comes to who may learn the lesson, and to nobody else', async () => {
    const em = room.em()
    const file = em.create(MediaAsset, {
      key: 'assets/0123456789abcdef01234567',
      sha256: '0'.repeat(64),
      sizeBytes: png.length,
      mime: 'image/png',
      fileName: 'Схема.png',
      owner: room.teacher.user.id,
    })
    await em.flush()
    await room.server.context.store.put(file.key, png)
    const [paid, free, hidden, none] = [
      await room.lesson({ file: file.id }),
      await room.lesson({ file: file.id, isFree: true }),
      await room.lesson({ file: file.id, isPublished: false }),
      await room.lesson(),
    ]
    const path = (lesson: Lesson) => `/api/lessons/${lesson.id}/file/`
    const guest = room.server.visitor()
    const { agent: stranger } = await room.stranger()
    const { agent: learner } = await room.learner()
    const { agent: refunded } = await room.learner({ status: 'refunded' })
    for (const visitor of [guest, stranger, refunded]) {
      expect((await visitor.get(path(paid)).expect(403)).body.code).toBe('enrollment_required')
      await visitor.get(path(hidden)).expect(404)
      expect((await visitor.get(path(free)).expect(200)).body).toEqual(png)
    }
    const answer = await learner.get(path(paid)).expect(200)
    expect(answer.body).toEqual(png)
    expect(answer.headers['content-disposition']).toMatch(/filename\*=UTF-8''%D0%A1%D1%85%D0%B5%D0%BC%D0%B0\.png/)
    await learner.head(path(paid)).expect(200)
    await learner.get(path(hidden)).expect(404)
    await room.teacher.agent.get(path(hidden)).expect(200)
    expect((await learner.get(path(none)).expect(404)).body.code).toBe('file_missing')
    await room.server.context.store.delete([file.key])
    expect((await learner.get(path(paid)).expect(404)).body.code).toBe('file_missing')
  })
})
