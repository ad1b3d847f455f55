import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import type { Lesson } from '../../../server/courses/lesson.ts'
import type { Module } from '../../../server/courses/module.ts'
import { aCourse, aLesson, aModule } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let teacher: User
let agent: Awaited<ReturnType<TestServer['signIn']>>
beforeAll(async () => {
  server = await startServer()
  teacher = await server.register('teacher')
  agent = await server.signIn(teacher)
})
afterAll(() => server[Symbol.asyncDispose]())
const em = () => server.context.orm.em.fork()

async function ordered(table: 'module' | 'lesson', parent: number): Promise<[number, number][]> {
  const column = table === 'module' ? 'course_id' : 'module_id'
  const rows = await em().execute<{ id: number; order: number }[]>(
    `select id, "order" from ${table} where ${column} = ? order by "order"`,
    [parent],
  )
  return rows.map(({ id, order }) => [id, order])
}
const fromOne = (ids: number[]) => ids.map((id, index) => [id, index + 1])

async function aFullCourse(owner: User, modules = 3, lessons = 3) {
  const fork = em()
  const course = await aCourse(fork, owner)
  const made: { module: Module; lessons: Lesson[] }[] = []
  for (let index = 0; index < modules; index += 1) {
    const module = await aModule(fork, course)
    const inside: Lesson[] = []
    for (let lesson = 0; lesson < lessons; lesson += 1)
      inside.push(await aLesson(fork, module, { durationMinutes: 10 }))
    made.push({ module, lessons: inside })
  }
  return { course, modules: made, moduleIds: made.map(({ module }) => module.id) }
}

describe('reordering modules', () => {
  it('gives 1 to n, in either form of the order', async () => {
    const { course, moduleIds } = await aFullCourse(teacher)
    const reversed = moduleIds.toReversed()
    const { body } = await agent.post('/api/modules/reorder/').send({ course: course.id, order: reversed }).expect(200)
    expect(body).toEqual({ order: reversed })
    expect(await ordered('module', course.id)).toEqual(fromOne(reversed))
    const [a = 0, b = 0, c = 0] = moduleIds
    const pairs = [
      { id: a, order: 30 },
      { id: b, order: 10 },
      { id: c, order: 20 },
    ]
    await agent.post('/api/modules/reorder/').send({ course: course.id, order: pairs }).expect(200)
    expect(await ordered('module', course.id)).toEqual(fromOne([b, c, a]))
  })

  it('changes nothing when one is missing, foreign or named twice', async () => {
    const { course, moduleIds } = await aFullCourse(teacher)
    const other = await aFullCourse(teacher, 1)
    const [a = 0, b = 0, c = 0] = moduleIds
    for (const order of [
      [c, b],
      [c, b, a, a],
      [c, b, b],
      [c, b, a, other.moduleIds[0]],
      [c, b, 999999],
      [c, b, other.moduleIds[0]],
    ]) {
      const { body } = await agent.post('/api/modules/reorder/').send({ course: course.id, order }).expect(400)
      expect(Object.keys(body)).toEqual(['order'])
    }
    await agent.post('/api/modules/reorder/').send({ course: course.id, order: [] }).expect(400)
    expect(await ordered('module', course.id)).toEqual(fromOne(moduleIds))
  })

  it('is for those who edit the course', async () => {
    const { course, moduleIds } = await aFullCourse(teacher)
    const body = { course: course.id, order: moduleIds.toReversed() }
    await server.visitor().post('/api/modules/reorder/').send(body).expect(401)
    await (await server.signIn(await server.register('teacher'))).post('/api/modules/reorder/').send(body).expect(403)
    expect(await ordered('module', course.id)).toEqual(fromOne(moduleIds))
  })

  it('survives fifty at once, with modules added and deleted in between', async () => {
    const { course, moduleIds } = await aFullCourse(teacher, 6, 0)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        if (index % 10 === 3) return agent.post(`/api/courses/${course.id}/modules/`).send({ title: 'New', order: 2 })
        if (index === 25) return agent.delete(`/api/modules/${moduleIds[0]}/`)
        const order = moduleIds.toSorted((a, b) => ((a * (index + 7)) % 11) - ((b * (index + 7)) % 11))
        return agent.post('/api/modules/reorder/').send({ course: course.id, order })
      }),
    )
    expect(answers.filter(({ status }) => ![200, 201, 204, 400].includes(status)).map(({ body }) => body)).toEqual([])
    const rows = await ordered('module', course.id)
    expect(rows.map(([, order]) => order)).toEqual(rows.map((_, index) => index + 1))
    expect(rows).toHaveLength(10)
  })
})

describe('reordering lessons', () => {
  it('moves them within a module and between modules, and closes the gap they leave', async () => {
    const { modules } = await aFullCourse(teacher)
    const [first, second] = modules
    if (!first || !second) throw new Error('no modules')
    const [a, b, c] = first.lessons.map(({ id }) => id)
    const [d, e, f] = second.lessons.map(({ id }) => id)
    await agent
      .post('/api/lessons/reorder/')
      .send({ module: first.module.id, order: [c, a, b] })
      .expect(200)
    expect(await ordered('lesson', first.module.id)).toEqual(fromOne([c, a, b] as number[]))
    await agent
      .post('/api/lessons/reorder/')
      .send({ module: first.module.id, order: [e, c, b, a] })
      .expect(200)
    expect(await ordered('lesson', first.module.id)).toEqual(fromOne([e, c, b, a] as number[]))
    expect(await ordered('lesson', second.module.id)).toEqual(fromOne([d, f] as number[]))
  })

  it('between courses of one’s own counts both anew', async () => {
    const [from, to] = [await aFullCourse(teacher, 1), await aFullCourse(teacher, 1)]
    const target = to.modules[0]
    const moved = from.modules[0]?.lessons[1]?.id
    const order = [moved, ...(target?.lessons.map(({ id }) => id) ?? [])]
    await agent.post('/api/lessons/reorder/').send({ module: target?.module.id, order }).expect(200)
    const counts = async (course: Course) => {
      const { totalLessons, durationMinutes } = await em().findOneOrFail(Course, { id: course.id })
      return [totalLessons, durationMinutes]
    }
    expect(await counts(from.course)).toEqual([2, 20])
    expect(await counts(to.course)).toEqual([4, 40])
  })

  it('asks for the right on every parent it touches: of what is not theirs it takes nothing', async () => {
    const other = await server.register('teacher')
    const [mine, theirs] = [await aFullCourse(teacher, 1), await aFullCourse(other, 1)]
    const [own, foreign] = [mine.modules[0], theirs.modules[0]]
    const ownIds = own?.lessons.map(({ id }) => id) ?? []
    const foreignIds = foreign?.lessons.map(({ id }) => id) ?? []
    const reorder = (module: number | undefined, order: number[]) =>
      agent.post('/api/lessons/reorder/').send({ module, order })
    await reorder(own?.module.id, [...ownIds, foreignIds[0] ?? 0]).expect(400)
    await reorder(foreign?.module.id, [...foreignIds, ownIds[0] ?? 0]).expect(403)
    await reorder(999999, ownIds).expect(404)
    for (const order of [ownIds.slice(1), [...ownIds, 999999], [...ownIds, ownIds[0] ?? 0]]) {
      expect(Object.keys((await reorder(own?.module.id, order).expect(400)).body)).toEqual(['order'])
    }
    expect(await ordered('lesson', own?.module.id ?? 0)).toEqual(fromOne(ownIds))
    expect(await ordered('lesson', foreign?.module.id ?? 0)).toEqual(fromOne(foreignIds))
  })

  it('to and fro between two courses, fifty at once, loses none', async () => {
    const [one, two] = [await aFullCourse(teacher, 1, 2), await aFullCourse(teacher, 1, 2)]
    const places = [one.modules[0], two.modules[0]]
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const [from, to] = index % 2 ? places : places.toReversed()
        const inside = (await ordered('lesson', to?.module.id ?? 0)).map(([id]) => id)
        const [moved] = (await ordered('lesson', from?.module.id ?? 0)).map(([id]) => id)
        return agent
          .post('/api/lessons/reorder/')
          .send({ module: to?.module.id, order: moved ? [moved, ...inside] : inside })
      }),
    )
    expect(answers.filter(({ status }) => status !== 200 && status !== 400).map(({ body }) => body)).toEqual([])
    const rows = await Promise.all(places.map((place) => ordered('lesson', place?.module.id ?? 0)))
    expect(rows.flat()).toHaveLength(4)
    for (const list of rows) expect(list.map(([, order]) => order)).toEqual(list.map((_, index) => index + 1))
  })
})
