import { afterAll, beforeAll, expect, it } from 'vitest'
import { User } from '../../server/accounts/user.ts'
import { Lesson } from '../../server/courses/lesson.ts'
import { makeDemo } from '../../server/demo.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server?.[Symbol.asyncDispose]())

it('makes accounts and courses with lessons of every kind, once', async () => {
  await makeDemo(server.context)
  await makeDemo(server.context)
  const em = server.context.orm.em.fork()
  expect(await em.count(User)).toBe(4)
  const kinds = new Set((await em.findAll(Lesson)).map(({ contentType }) => contentType))
  expect([...kinds].sort()).toEqual(['assignment', 'quiz', 'text', 'video'])
  const { body } = await server.visitor().get('/api/courses/').expect(200)
  expect(body.results.map((course: { price: string }) => course.price).sort()).toEqual(['0.00', '1490.00'])
  const free = body.results.find((course: { price: string }) => course.price === '0.00')
  expect(free).toMatchObject({ students_count: 1, average_rating: '5.00', total_lessons: 4 })
})
