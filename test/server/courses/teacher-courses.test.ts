import { afterAll, beforeAll, expect, it } from 'vitest'
import { aCategory, aCourse, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const titles = (body: { results: { title: string }[] }) => body.results.map(({ title }) => title).sort()

async function aTeacher(custom_url: string) {
  const user = await server.register('teacher')
  const browser = await server.signIn(user)
  await browser.put('/api/profiles/custom-url/').send({ custom_url }).expect(200)
  return { user, browser }
}

it('lists what a teacher has published and nothing else, also for the teacher, by pages', async () => {
  const [{ user, browser }, other] = [await aTeacher('felt-maker'), await aTeacher('wool-maker')]
  const em = server.context.orm.em.fork()
  const category = await aCategory(em)
  const given = { category, price: '10.00', currency: 'RUB' }
  for (const title of ['Felt one', 'Felt two', 'Felt three']) await aCourse(em, user, { ...given, title })
  for (const status of ['draft', 'review', 'archived'] as const) {
    await aCourse(em, user, { ...given, title: `A ${status}`, status })
  }
  const theirs = await aCourse(em, other.user, { ...given, title: 'Wool' })
  await aStaffMember(em, theirs, user, 'assistant')
  const taught = await aCourse(em, other.user, { ...given, title: 'Together', price: '0.00' })
  await aStaffMember(em, taught, user, 'teacher')
  await server.context.catalogCache.bump()

  const path = '/api/teachers/Felt-Maker/courses'
  const expected = ['Felt one', 'Felt three', 'Felt two', 'Together']
  for (const visitor of [server.visitor(), browser]) {
    const { body } = await visitor.get(path).expect(200)
    expect(titles(body)).toEqual(expected)
    expect(body).toMatchObject({ count: 4, next: null, previous: null })
    expect(titles((await visitor.get(`${path}/?status=draft`).expect(200)).body)).toEqual(expected)
  }
  const page = (await server.visitor().get(`${path}/?page_size=3&page=2`).expect(200)).body
  expect(page).toMatchObject({ count: 4, next: null, previous: expect.stringContaining('/api/teachers/') })
  expect(page.results).toHaveLength(1)
  expect(titles((await server.visitor().get(`${path}/?price_max=5`).expect(200)).body)).toEqual(['Together'])
  expect(titles((await server.visitor().get(`${path}/?search=felt%20two`).expect(200)).body)).toEqual(['Felt two'])
})

it('says to each visitor which of them are theirs, and to no other', async () => {
  const { user } = await aTeacher('silk-maker')
  const student = await server.register('student')
  const em = server.context.orm.em.fork()
  await anEnrollment(em, await aCourse(em, user, { title: 'Silk' }), student)
  await server.context.catalogCache.bump()
  const path = '/api/teachers/silk-maker/courses/'
  const [mine] = (await (await server.signIn(student)).get(path).expect(200)).body.results
  expect(mine.enrollment).toMatchObject({ status: 'active' })
  const [shown] = (await server.visitor().get(path).expect(200)).body.results
  expect(shown).not.toHaveProperty('enrollment')
})

it('leads on from an old address, and is missing under an unknown one', async () => {
  const { browser } = await aTeacher('before-this')
  await browser.put('/api/profiles/custom-url/').send({ custom_url: 'after-that' }).expect(200)
  const answer = await server.visitor().get('/api/teachers/before-this/courses/?ordering=price').expect(301)
  expect(answer.get('location')).toBe('/api/teachers/after-that/courses/?ordering=price')
  expect(answer.body).toEqual({ moved_to: '/api/teachers/after-that/courses/?ordering=price' })
  await server.visitor().get('/api/teachers/nobody-at-all/courses/').expect(404)
  await server.visitor().get('/api/teachers/after-that/courses/').expect(200)
})
