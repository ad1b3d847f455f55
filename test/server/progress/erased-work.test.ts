import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { assignmentDefinition, quizDefinition } from '../../../server/courses/lesson-definition.ts'
import { deleteObjects } from '../../../server/library/delete-objects.job.ts'
import { MediaAsset } from '../../../server/library/media-asset.ts'
import { QuizAttempt } from '../../../server/progress/quiz-attempt.ts'
import { Submission } from '../../../server/progress/submission.ts'
import { submitAssignment } from '../../../server/progress/submit-assignment.ts'
import { PASSWORD } from '../../support/server.ts'
import { type Classroom, type Learner, openClassroom } from './support.ts'

let room: Classroom
beforeAll(async () => {
  room = await openClassroom()
})
afterAll(() => room[Symbol.asyncDispose]())

const anAssignment = () => room.lesson({ contentType: 'assignment', assignment: assignmentDefinition.parse({}) })
const leave = ({ agent }: Learner) => agent.delete('/api/auth/me/').send({ password: PASSWORD })
const keysToDelete = async () => {
  const jobs = await room.server.context.orm.em
    .fork()
    .execute<{ data: { keys: string[] } }[]>(`select data from pgboss.job where name = 'delete-objects'`)
  return jobs.flatMap(({ data }) => data.keys)
}

async function handIn(
  { agent }: Learner,
  lesson: { id: number },
  text: string,
): Promise<{ id: number; files: { id: number }[] }> {
  const sent = agent.post(`/api/lessons/${lesson.id}/submissions/`).field('text', text)
  return (await sent.attach('files', Buffer.from(`of ${text}\n`), 'Мой паспорт.txt').expect(201)).body
}

describe('the work of a learner whose account is deleted', () => {
  it('loses its text, its files and what was written to them; the grade stays, and what nobody graded goes', async () => {
    const [learner, other] = [await room.learner(), await room.learner()]
    const [lesson, second] = [await anAssignment(), await anAssignment()]
    const graded = await handIn(learner, lesson, 'Who I am')
    const ungraded = await handIn(learner, second, 'Where I live')
    const others = await handIn(other, lesson, 'Of somebody else')
    const comment = 'Well done, Айгуль'
    await room.teacher.agent.patch(`/api/submissions/${graded.id}/`).send({ grade: 80, comment }).expect(200)
    const ids = [graded, ungraded].flatMap(({ files }) => files.map(({ id }) => id))
    const keys = (await room.em().find(MediaAsset, { id: { $in: ids } })).map(({ key }) => key)
    expect(keys).toHaveLength(2)

    await leave(learner).expect(204)

    expect(await room.em().find(Submission, { user: learner.user.id })).toMatchObject([
      { id: graded.id, text: '', files: [], comment: '', grade: 80 },
    ])
    expect(await room.em().count(MediaAsset, { owner: learner.user.id })).toBe(0)
    expect(await room.rowOf(lesson, learner.user)).toMatchObject({ status: 'completed' })
    const doomed = await keysToDelete()
    expect(doomed).toEqual(expect.arrayContaining(keys))
    const { store } = room.server.context
    await deleteObjects(store, doomed)
    for (const key of keys) expect(await store.head(key)).toBeNull()

    const shown = (await room.teacher.agent.get(`/api/submissions/${graded.id}/`).expect(200)).body
    expect(shown).toMatchObject({ user: { display_name: 'Deleted account' }, text: '', files: [], grade: 80 })
    for (const id of ids) await room.teacher.agent.get(`/api/submissions/${graded.id}/files/${id}/`).expect(404)
    const theirs = (await room.teacher.agent.get(`/api/submissions/${others.id}/`).expect(200)).body
    expect(theirs).toMatchObject({ text: 'Of somebody else', files: [{ id: others.files[0]?.id }] })
    await other.agent.get(`/api/submissions/${others.id}/files/${others.files[0]?.id}/`).expect(200)
  })

  it('leaves a file with the course that shows it', async () => {
    const learner = await room.learner()
    const { files } = await handIn(learner, await anAssignment(), 'A trailer')
    const asset = room.em().getReference(MediaAsset, files[0]?.id ?? 0)
    await room.em().nativeUpdate(Course, { id: room.course.id }, { previewAsset: asset })
    await leave(learner).expect(204)
    expect(await room.em().count(MediaAsset, { id: asset.id })).toBe(1)
  })

  it('keeps the score of a quiz, and not the answers', async () => {
    const learner = await room.learner()
    const questions = [{ id: 'word', type: 'text', text: 'Who are you?', answer: ['Somebody'] }]
    const lesson = await room.lesson({ contentType: 'quiz', quiz: quizDefinition.parse({ questions, pass_score: 80 }) })
    const answers = { word: 'Somebody' }
    await learner.agent.post(`/api/lessons/${lesson.id}/attempts/`).send({ answers }).expect(201)
    await leave(learner).expect(204)
    expect(await room.em().findOneOrFail(QuizAttempt, { user: learner.user.id })).toMatchObject({
      answers: {},
      score: 100,
      isPassed: true,
    })
  })

  it('is not handed in after all when the account goes while its files are on their way', async () => {
    const [learner, lesson] = [await room.learner(), await anAssignment()]
    const { store, progress } = room.server.context
    const mine = await handIn(learner, lesson, 'Before')
    const file = await room.em().findOneOrFail(MediaAsset, { id: mine.files[0]?.id ?? 0 })
    const put = store.put.bind(store)
    const putting = vi.spyOn(store, 'put').mockImplementationOnce(async (...given) => {
      const kept = await put(...given)
      await leave(learner).expect(204)
      return kept
    })
    const { sha256, sizeBytes, mime, fileName } = file
    const received = [{ path: import.meta.filename, sha256, sizeBytes, mime, fileName }]
    const person = { id: learner.user.id, role: learner.user.role }
    const work = { text: 'After', assets: [], received }
    await expect(submitAssignment(room.em(), person, lesson.id, work, { store, progress })).rejects.toMatchObject({
      code: 'not_signed_in',
    })
    putting.mockRestore()
    expect(await room.em().count(Submission, { user: person.id })).toBe(0)
    expect(await room.em().count(MediaAsset, { owner: person.id })).toBe(0)
  })
})

describe('a name that is changed while its account is deleted', () => {
  it('is not there again afterwards', async () => {
    const learner = await room.learner()
    const edits = Array.from({ length: 50 }, (_, i) =>
      learner.agent.patch('/api/profiles/me/').send({ first_name: 'Айгуль', bio: `I am number ${i}` }),
    )
    const answers = await Promise.all([...edits.slice(0, 25), leave(learner), ...edits.slice(25)])
    for (const { status } of answers) expect([200, 204, 401]).toContain(status)
    const user = await room.em().findOneOrFail(User, { id: learner.user.id })
    expect(user).toMatchObject({ firstName: 'Deleted', deletedAt: expect.any(Date) })
    expect(await room.em().findOneOrFail(Profile, { user })).toMatchObject({ displayName: 'Deleted account', bio: '' })
  })
})
