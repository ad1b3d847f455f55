import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import type { User } from '../../../server/accounts/user.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const em = () => server.context.orm.em.fork()
const profileOf = (user: User) => em().findOneOrFail(Profile, { user: user.id })

describe('education and work', () => {
  const study = { institution: 'KNU', degree: 'BA', field_of_study: 'Felt', start_date: '2010-09-01' }
  const work = { company: 'Tumar', position: 'Maker', start_date: '2015-01-01', end_date: '2016-01-01' }

  it('are listed with what goes on first, then by their end', async () => {
    const user = await server.register('teacher')
    const browser = await server.signIn(user)
    for (const [institution, end_date] of [
      ['earlier', '2014-06-30'],
      ['goes on', null],
      ['later', '2020-06-30'],
    ]) {
      await browser
        .post('/api/profiles/me/education/')
        .send({ ...study, institution, end_date })
        .expect(201)
    }
    const { body } = await browser.get('/api/profiles/me/education/').expect(200)
    expect(body).toMatchObject({ count: 3, next: null, previous: null })
    const order = ['goes on', 'later', 'earlier']
    expect(body.results.map(({ institution }: { institution: string }) => institution)).toEqual(order)
    const shown = await server
      .visitor()
      .get(`/api/profiles/${(await profileOf(user)).id}/`)
      .expect(200)
    expect(shown.body.education.map(({ institution }: { institution: string }) => institution)).toEqual(order)
  })

  it('can be replaced and removed', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const html = '<b>felt</b><script>x()</script>'
    const { body } = await browser
      .post('/api/profiles/me/work-experience')
      .send({ ...work, description: html })
      .expect(201)
    expect(body).toEqual({ id: expect.any(Number), ...work, description: '<b>felt</b>' })
    const replaced = await browser
      .put(`/api/profiles/me/work-experience/${body.id}/`)
      .send({ company: 'Kiyiz', position: 'Master', start_date: '2017-01-01' })
      .expect(200)
    expect(replaced.body).toEqual({
      id: body.id,
      company: 'Kiyiz',
      position: 'Master',
      description: '',
      start_date: '2017-01-01',
      end_date: null,
    })
    await browser.delete(`/api/profiles/me/work-experience/${body.id}/`).expect(204)
    await browser.delete(`/api/profiles/me/work-experience/${body.id}/`).expect(404)
    const entry = await browser.post('/api/profiles/me/education/').send(study).expect(201)
    const again = { ...study, degree: 'MA', end_date: '2012-01-01' }
    await browser.put(`/api/profiles/me/education/${entry.body.id}/`).send(again).expect(200)
    await browser.delete(`/api/profiles/me/education/${entry.body.id}/`).expect(204)
  })

  it('of others cannot be touched by their id, nor given to others', async () => {
    const [owner, stranger] = [
      await server.signIn(await server.register('teacher')),
      await server.signIn(await server.register('teacher')),
    ]
    for (const [path, entry] of [
      ['education', study],
      ['work-experience', work],
    ] as const) {
      const { id } = (await owner.post(`/api/profiles/me/${path}/`).send(entry).expect(201)).body
      await stranger.put(`/api/profiles/me/${path}/${id}/`).send(entry).expect(404)
      await stranger.delete(`/api/profiles/me/${path}/${id}/`).expect(404)
      expect((await stranger.get(`/api/profiles/me/${path}/`)).body.count).toBe(0)
      await stranger
        .post(`/api/profiles/me/${path}/`)
        .send({ ...entry, profile: 1 })
        .expect(400)
      await server.visitor().get(`/api/profiles/me/${path}/`).expect(401)
      expect((await owner.get(`/api/profiles/me/${path}/`)).body.count).toBe(1)
    }
  })

  it('end after they begin, on days that there are', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    for (const [change, field] of [
      [{ end_date: '2010-08-31' }, 'end_date'],
      [{ start_date: '2010-02-30' }, 'start_date'],
      [{ start_date: '0001-01-01' }, 'start_date'],
      [{ institution: ' ' }, 'institution'],
    ] as const) {
      const answer = await browser
        .post('/api/profiles/me/education/')
        .send({ ...study, ...change })
        .expect(400)
      expect(Object.keys(answer.body)).toEqual([field])
    }
    await browser
      .post('/api/profiles/me/education/')
      .send({ ...study, end_date: study.start_date })
      .expect(201)
  })

  it('are fifty at most, however many come at once', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => browser.post('/api/profiles/me/education/').send(study)),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50)
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('too_many_entries')
  })
})
