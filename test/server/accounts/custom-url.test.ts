import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CustomUrlHistory } from '../../../server/accounts/custom-url-history.ts'
import { Profile } from '../../../server/accounts/profile.ts'
import { User } from '../../../server/accounts/user.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const em = () => server.context.orm.em.fork()
const aTeacher = async () => server.signIn(await server.register('teacher'))
type Browser = Awaited<ReturnType<typeof aTeacher>>
const choose = (browser: Browser, custom_url: string) => browser.put('/api/profiles/custom-url/').send({ custom_url })
let made = 0
const aUrl = () => `maker-of-felt-${++made}`

describe('the address of a page', () => {
  it('is chosen by teachers, producers and admins, and by no student', async () => {
    for (const role of ['teacher', 'producer', 'admin'] as const) {
      const browser = await server.signIn(await server.register(role))
      await browser.get('/api/profiles/custom-url/').expect(200, { custom_url: null })
      const url = aUrl()
      await choose(browser, ` ${url.toUpperCase()} `).expect(200, { custom_url: url })
      await browser.get('/api/profiles/custom-url').expect(200, { custom_url: url })
    }
    const student = await server.signIn(await server.register('student'))
    await student.get('/api/profiles/custom-url/').expect(403)
    await choose(student, aUrl()).expect(403)
    await server.visitor().get('/api/profiles/custom-url/').expect(401)
    await server.visitor().put('/api/profiles/custom-url/').send({ custom_url: 'x-y-z' }).expect(401)
  })

  it('is one of fifty teachers who choose it at once', async () => {
    const url = aUrl()
    const browsers: Browser[] = []
    for (let index = 0; index < 50; index++) browsers.push(await aTeacher())
    const answers = await Promise.all(browsers.map((browser) => choose(browser, url)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status, body }) => status === 409 && body.code === 'slug_taken')).toHaveLength(49)
  })

  it('is nobody else’s after it was left, and its owner can take it back', async () => {
    const [owner, other] = [await aTeacher(), await aTeacher()]
    const [first, second] = [aUrl(), aUrl()]
    await choose(owner, first).expect(200)
    await choose(owner, second).expect(200)
    expect((await choose(other, first).expect(409)).body.code).toBe('slug_taken')
    await choose(owner, first).expect(200)
    const rows = await em().find(CustomUrlHistory, { customUrl: { $in: [first, second] } })
    expect(rows.map(({ customUrl }) => customUrl)).toEqual([second])
  })

  it('is never both the old one of one and the new one of another', async () => {
    for (let round = 0; round < 10; round++) {
      const [owner, other] = [await aTeacher(), await aTeacher()]
      const [wanted, next] = [aUrl(), aUrl()]
      await choose(owner, wanted).expect(200)
      await Promise.all([choose(owner, next), choose(other, wanted)])
      const former = await em().count(CustomUrlHistory, { customUrl: wanted })
      const current = await em().count(Profile, { customUrl: wanted })
      expect(former + current).toBe(1)
    }
  })

  it.each(['me', 'check-url', 'search', 'featured', 'price_ranges', 'reorder', 'admin', 'api', 'moderator', 'ustat'])(
    'is not the reserved word %s',
    async (word) => {
      const answer = await choose(await aTeacher(), word)
      expect([400, 409]).toContain(answer.status)
      expect(await em().count(Profile, { customUrl: word })).toBe(0)
    },
  )

  it.each([
    'Айгуль',
    'а-cyrillic-a',
    '😀😀😀',
    'a',
    'ab',
    '-ab',
    'ab-',
    'a--b',
    'a b c',
    '12345',
    'a/b/c',
    '../x',
    'x'.repeat(51),
    '',
  ])('is not %j', async (url) => {
    const answer = await choose(await aTeacher(), url).expect(400)
    expect(Object.keys(answer.body)).toEqual(['custom_url'])
  })

  it('moves ten times a day at most', async () => {
    await using strict = await startServer({ limitFactor: 1 })
    const browser = await strict.signIn(await strict.register('teacher'))
    const answers = []
    for (let index = 0; index < 11; index++) {
      answers.push((await browser.put('/api/profiles/custom-url/').send({ custom_url: `often-${index}-x` })).status)
    }
    expect(answers).toEqual([...Array(10).fill(200), 429])
  })
})

describe('asking whether an address is free', () => {
  const check = (browser: Browser, url: string) => browser.get('/api/teachers/check-url/').query({ url })

  it('says why not, and what is', async () => {
    const [owner, other] = [await aTeacher(), await aTeacher()]
    const [url, former] = [aUrl(), aUrl()]
    await choose(owner, former).expect(200)
    await choose(owner, url).expect(200)
    const free = aUrl()
    expect((await check(other, ` ${free.toUpperCase()}`)).body).toEqual({
      url: free,
      available: true,
      reason: null,
      suggestions: [],
    })
    for (const [asked, reason] of [
      [url, 'taken'],
      [former, 'taken'],
      ['check-url', 'reserved'],
      ['Айгуль Ахметова', 'invalid'],
      ['😀', 'invalid'],
    ] as const) {
      const { body } = await check(other, asked).expect(200)
      expect(body).toMatchObject({ available: false, reason })
      expect(body.suggestions.length).toBeGreaterThan(0)
      expect(body.suggestions.length).toBeLessThanOrEqual(3)
      for (const suggestion of body.suggestions) {
        expect((await check(other, suggestion)).body).toMatchObject({ available: true })
      }
    }
    expect((await check(other, 'Айгуль Ахметова')).body.suggestions[0]).toBe('aygul-akhmetova')
    for (const own of [url, former]) expect((await check(owner, own)).body.available).toBe(true)
  })

  it('is for people who are signed in, thirty times a minute', async () => {
    await server.visitor().get('/api/teachers/check-url/?url=x-y-z').expect(401)
    await using strict = await startServer({ limitFactor: 1 })
    const browser = await strict.signIn(await strict.register('teacher'))
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => browser.get('/api/teachers/check-url/?url=x-y-z')),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30)
    expect(Number(answers.find(({ status }) => status === 429)?.get('retry-after'))).toBeGreaterThan(0)
  })

  it('needs an address', async () => {
    expect(Object.keys((await (await aTeacher()).get('/api/teachers/check-url/').expect(400)).body)).toEqual(['url'])
  })
})

describe('a teacher’s page', () => {
  it('shows what others may see, under any case of its address', async () => {
    const teacher = await server.register('teacher')
    const browser = await server.signIn(teacher)
    const url = aUrl()
    await choose(browser, url).expect(200)
    await browser
      .post('/api/profiles/me/work-experience/')
      .send({ company: 'Tumar', position: 'Maker', start_date: '2015-01-01' })
      .expect(201)
    const { body, text } = await server.visitor().get(`/api/teachers/${url.toUpperCase()}/profile/`).expect(200)
    expect(body).toMatchObject({ user_id: teacher.id, custom_url: url, rating: '0.00', courses_count: 0 })
    expect(body.work_experience[0]).toMatchObject({ company: 'Tumar' })
    expect(text).not.toMatch(/example\.org|"phone"|"email"/)
  })

  it('is remembered for everybody, and looked up again after every change of it', async () => {
    const browser = await aTeacher()
    const url = aUrl()
    await choose(browser, url).expect(200)
    const look = async () => {
      const answer = await server.visitor().get(`/api/teachers/${url}/profile/`).expect(200)
      return { cache: answer.get('x-cache'), body: answer.body, etag: answer.get('etag') ?? '' }
    }
    expect((await look()).cache).toBe('miss')
    const { cache, etag } = await look()
    expect(cache).toBe('hit')
    await server.visitor().get(`/api/teachers/${url}/profile/`).set('if-none-match', etag).expect(304)
    await browser.patch('/api/profiles/me/').send({ bio: 'New' }).expect(200)
    expect(await look()).toMatchObject({ cache: 'miss', body: { bio: 'New' } })
    const study = { institution: 'KNU', degree: 'BA', field_of_study: 'Felt', start_date: '2010-09-01' }
    const entry = await browser.post('/api/profiles/me/education/').send(study).expect(201)
    expect((await look()).body.education).toHaveLength(1)
    await browser.delete(`/api/profiles/me/education/${entry.body.id}/`).expect(204)
    expect((await look()).body.education).toHaveLength(0)
  })

  it('answers under an old address with where it is now', async () => {
    const browser = await aTeacher()
    const [first, second, third] = [aUrl(), aUrl(), aUrl()]
    for (const url of [first, second, third]) await choose(browser, url).expect(200)
    for (const old of [first, second]) {
      const answer = await server.visitor().get(`/api/teachers/${old}/profile/`).expect(301)
      expect(answer.get('location')).toBe(`/api/teachers/${third}/profile/`)
      expect(answer.body).toEqual({ moved_to: `/api/teachers/${third}/profile/` })
    }
  })

  it('is missing for nobody, for who is a student now, and for who is gone', async () => {
    await server.visitor().get('/api/teachers/nobody-at-all/profile/').expect(404)
    for (const change of [{ role: 'student' as const }, { isActive: false }]) {
      const teacher = await server.register('teacher')
      const browser = await server.signIn(teacher)
      const [former, url] = [aUrl(), aUrl()]
      for (const each of [former, url]) await choose(browser, each).expect(200)
      await em().nativeUpdate(User, { id: teacher.id }, change)
      await server.context.catalogCache.bump()
      for (const each of [former, url]) await server.visitor().get(`/api/teachers/${each}/profile/`).expect(404)
    }
  })
})
