import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aCategory, aCourse } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let agent: Awaited<ReturnType<TestServer['signIn']>>
beforeAll(async () => {
  server = await startServer()
  agent = await server.signIn(await server.register('admin'))
})
afterAll(() => server[Symbol.asyncDispose]())
const em = () => server.context.orm.em.fork()
const add = (name: string, parent: number | null = null) => agent.post('/api/categories/').send({ name, parent })

describe('categories', () => {
  it('are shown to anybody as a tree, and changed by an admin alone', async () => {
    const { body: top } = await add('Программирование').expect(201)
    expect(top).toMatchObject({ slug: 'programmirovanie', parent: null })
    const { body: child } = await add('Базы данных', top.id).expect(201)
    const { body: tree } = await server.visitor().get('/api/categories/').expect(200)
    const { etag } = (await server.visitor().get('/api/categories/')).headers
    await server.visitor().get('/api/categories/').set('If-None-Match', String(etag)).expect(304)
    expect(tree.find(({ id }: { id: number }) => id === top.id).children).toMatchObject([
      { id: child.id, children: [] },
    ])
    for (const role of ['student', 'teacher', 'producer'] as const) {
      const other = await server.signIn(await server.register(role))
      await other.post('/api/categories/').send({ name: 'X' }).expect(403)
      await other.put(`/api/categories/${top.id}/`).send({ name: 'X' }).expect(403)
      await other.delete(`/api/categories/${top.id}/`).expect(403)
    }
    await server.visitor().post('/api/categories/').send({ name: 'X' }).expect(401)
  })

  it('are three levels deep at most, also when a branch moves', async () => {
    const [a, b, c] = [(await add('D1')).body.id, (await add('D2')).body.id, (await add('D3')).body.id]
    await agent.put(`/api/categories/${b}/`).send({ name: 'D2', parent: a }).expect(200)
    await agent.put(`/api/categories/${c}/`).send({ name: 'D3', parent: b }).expect(200)
    expect(Object.keys((await add('D4', c).expect(400)).body)).toEqual(['parent'])
    const top = (await add('D0')).body.id
    await agent.put(`/api/categories/${a}/`).send({ name: 'D1', parent: top }).expect(400)
  })

  it('make no circle, not even when two move at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [(await add(`Left ${round}`)).body.id, (await add(`Right ${round}`)).body.id]
      await agent.put(`/api/categories/${a}/`).send({ name: 'Own', parent: a }).expect(400)
      const [one, two] = await Promise.all([
        agent.put(`/api/categories/${a}/`).send({ name: `Left ${round}`, parent: b }),
        agent.put(`/api/categories/${b}/`).send({ name: `Right ${round}`, parent: a }),
      ])
      expect([one.status, two.status].toSorted()).toEqual([200, 400])
    }
  })

  it('with courses in them, or below them, stay', async () => {
    const fork = em()
    const top = await aCategory(fork)
    const below = await aCategory(fork, { parent: top })
    await aCourse(fork, await server.register('teacher'), { category: below })
    for (const { id } of [top, below]) {
      expect((await agent.delete(`/api/categories/${id}/`).expect(409)).body.code).toBe('category_in_use')
    }
    const empty = await aCategory(fork)
    await aCategory(fork, { parent: empty })
    await agent.delete(`/api/categories/${empty.id}/`).expect(204)
    await agent.delete(`/api/categories/${empty.id}/`).expect(404)
  })

  it('have addresses of their own: the same name gets another, a given one is refused when it is taken', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => add('Дизайн')))
    expect(new Set(made.map(({ body }) => body.slug)).size).toBe(10)
    await agent.post('/api/categories/').send({ name: 'X', slug: 'dizayn' }).expect(409)
    await agent.post('/api/categories/').send({ name: 'X', slug: 'search' }).expect(409)
    await agent.post('/api/categories/').send({ name: 'X', slug: '12' }).expect(400)
  })
})

describe('tags', () => {
  it('are added, renamed and deleted by an admin; two never differ in case alone', async () => {
    const { body: tag } = await agent.post('/api/tags/').send({ name: 'Java' }).expect(201)
    expect((await agent.post('/api/tags/').send({ name: 'JAVA' }).expect(409)).body.code).toBe('tag_taken')
    const { body: other } = await agent.post('/api/tags/').send({ name: 'Jаva (кир.)' }).expect(201)
    await agent.put(`/api/tags/${other.id}/`).send({ name: 'java' }).expect(409)
    expect((await agent.put(`/api/tags/${tag.id}/`).send({ name: 'JavaScript' }).expect(200)).body).toEqual({
      id: tag.id,
      name: 'JavaScript',
      slug: 'java',
    })
    expect((await server.visitor().get('/api/tags/?search=javas').expect(200)).body).toHaveLength(1)
    await (await server.signIn(await server.register('producer'))).delete(`/api/tags/${tag.id}/`).expect(403)
    await agent.delete(`/api/tags/${tag.id}/`).expect(204)
    await agent.delete(`/api/tags/${tag.id}/`).expect(404)
  })
})
