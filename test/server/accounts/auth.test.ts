import { createHash } from 'node:crypto'
import jwt from 'jsonwebtoken'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthToken } from '../../../server/accounts/auth-token.ts'
import { User } from '../../../server/accounts/user.ts'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ isHashing: true })
})
afterAll(() => server[Symbol.asyncDispose]())

const newcomer = (email: string) => ({ email, password: PASSWORD, first_name: 'Айгуль', last_name: 'Ахметова' })
const hash = (secret: string) => createHash('sha256').update(secret).digest('hex')

async function clientTokens() {
  const user = await server.register()
  const answer = await server
    .visitor()
    .post('/api/auth/login/')
    .send({ email: user.email, password: PASSWORD })
    .expect(200)
  return { user, access: answer.body.access as string, refresh: answer.body.refresh as string, answer }
}

describe('signing up', () => {
  it('answers the same whether the address was new or not, and keeps the first account', async () => {
    const first = await server.visitor().post('/api/auth/register/').send(newcomer(' Same@Example.org '))
    const second = await server
      .visitor()
      .post('/api/auth/register')
      .send({ ...newcomer('same@example.ORG'), password: 'another password' })
    expect(first.status).toBe(202)
    expect([second.status, second.body]).toEqual([first.status, first.body])
    const login = (password: string) =>
      server.visitor().post('/api/auth/login/').send({ email: 'same@example.org', password })
    await login(PASSWORD).expect(200)
    await login('another password').expect(401)
  })

  it('makes one account of fifty equal requests', async () => {
    const visitor = server.visitor()
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => visitor.post('/api/auth/register/').send(newcomer('fifty@example.org'))),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(await server.context.orm.em.fork().count(User, { email: 'fifty@example.org' })).toBe(1)
  })

  it('lets nobody make themselves producer, admin or verified', async () => {
    for (const extra of [{ role: 'admin' }, { role: 'producer' }, { is_verified: true }, { id: 1 }]) {
      const answer = await server
        .visitor()
        .post('/api/auth/register/')
        .send({ ...newcomer('up@example.org'), ...extra })
      expect(answer.status).toBe(400)
      expect(Object.keys(answer.body)).toEqual(Object.keys(extra))
    }
    expect(await server.context.orm.em.fork().count(User, { email: 'up@example.org' })).toBe(0)
  })

  it('names every bad field, in the language asked for', async () => {
    const bad = { email: 'nobody', password: 'short', first_name: '', last_name: 'x\u0007', phone: '12' }
    const english = await server.visitor().post('/api/auth/register/').send(bad).expect(400)
    expect(Object.keys(english.body).sort()).toEqual(['email', 'first_name', 'last_name', 'password', 'phone'])
    const russian = await server
      .visitor()
      .post('/api/auth/register/')
      .set('accept-language', 'ru')
      .send(bad)
      .expect(400)
    expect(russian.body.email[0]).toMatch(/[а-я]/)
  })

  it('gives a teacher a channel at once and a student none', async () => {
    const teacher = await server.signIn(await server.register('teacher'))
    expect((await teacher.get('/api/auth/me/').expect(200)).body.channel).toEqual(expect.any(String))
    const student = await server.signIn(await server.register('student'))
    expect((await student.get('/api/auth/me/').expect(200)).body.channel).toBeNull()
  })
})

describe('signing in', () => {
  it('says the same of a wrong address, a wrong password and a closed account', async () => {
    const closed = await server.register()
    await server.context.orm.em.fork().nativeUpdate(User, { id: closed.id }, { isActive: false })
    const known = await server.register()
    const bodies = await Promise.all(
      [
        { email: 'nobody@example.org', password: PASSWORD },
        { email: known.email, password: 'wrong password' },
        { email: closed.email, password: PASSWORD },
      ].map(
        async (credentials) => (await server.visitor().post('/api/auth/login/').send(credentials).expect(401)).body,
      ),
    )
    expect(bodies[0]).toMatchObject({ code: 'bad_credentials' })
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1)
  })

  it('gives a browser an httpOnly cookie and no token', async () => {
    const user = await server.register()
    const answer = await server
      .visitor()
      .post('/api/auth/login/')
      .send({ email: user.email, password: PASSWORD, session: true })
      .expect(200)
    expect(Object.keys(answer.body).sort()).toEqual(['csrf_token', 'user'])
    const [cookie = ''] = answer.get('set-cookie') ?? []
    expect(cookie).toMatch(/^ustat_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
    const stored = await server.context.orm.em.fork().find(AuthToken, { user: user.id })
    expect(stored.map((token) => token.hash)).toEqual([hash(/=([\w-]+)/.exec(cookie)?.[1] ?? '')])
  })

  it('binds the cookie to the host and to TLS where there is TLS', async () => {
    const user = await server.register()
    const answer = await server
      .visitor()
      .post('/api/auth/login/')
      .set('x-forwarded-proto', 'https')
      .send({ email: user.email, password: PASSWORD, session: true })
      .expect(200)
    expect(answer.get('set-cookie')?.[0]).toMatch(/^__Host-ustat_session=.*; Secure$/)
  })

  it('shows an account to its owner only, without its password', async () => {
    await server.visitor().get('/api/auth/me/').expect(401, { detail: 'Sign in first.', code: 'not_signed_in' })
    const user = await server.register()
    const me = await (await server.signIn(user)).get('/api/auth/me/').expect(200)
    expect(me.body).toMatchObject({ id: user.id, email: user.email, role: 'student', is_verified: false })
    expect(me.text).not.toMatch(/argon2|password/)
  })
})

describe('a session', () => {
  it('needs its CSRF token for every write, and its own', async () => {
    const [one, other] = [await server.register('teacher'), await server.register('teacher')]
    const browser = await server.signIn(one)
    const foreign = (await (await server.signIn(other)).get('/api/auth/csrf/')).body.csrf_token
    for (const token of ['', 'x', foreign]) {
      const answer = await browser.patch('/api/channels/me/').set('x-csrf-token', token).send({ title: 'Taken over' })
      expect([answer.status, answer.body.code]).toEqual([403, 'csrf_failed'])
    }
    await browser.patch('/api/channels/me/').send({ title: 'Mine' }).expect(200)
  })

  it('takes no write from another site, nor a form', async () => {
    const user = await server.register()
    const browser = await server.signIn(user)
    const other = await browser.post('/api/auth/logout/').set('origin', 'https://evil.example')
    expect([other.status, other.body.code]).toEqual([403, 'origin_refused'])
    const form = await server
      .visitor()
      .post('/api/auth/login/')
      .type('form')
      .send({ email: user.email, password: PASSWORD })
    expect([form.status, form.body.code]).toEqual([415, 'json_only'])
    await browser.post('/api/auth/logout/').set('origin', 'http://ustat.test').expect(204)
  })

  it('ends with logout, also while it is remembered', async () => {
    const browser = await server.signIn(await server.register())
    const cookies = browser.jar.getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false })
    const kept = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    await request(server.server).get('/api/auth/me/').set('cookie', kept).expect(200)
    await browser.post('/api/auth/logout/').expect(204)
    await request(server.server).get('/api/auth/me/').set('cookie', kept).expect(401)
  })

  it('is listed, and ended one by one or all at once', async () => {
    const user = await server.register()
    const [first, second, third] = [await server.signIn(user), await server.signIn(user), await server.signIn(user)]
    const sessions = (await first.get('/api/auth/sessions/').expect(200)).body as { id: number; is_current: boolean }[]
    expect(sessions.map(({ is_current }) => is_current).filter(Boolean)).toHaveLength(1)
    expect(sessions).toHaveLength(3)
    const stranger = await server.signIn(await server.register())
    const [own] = sessions.filter(({ is_current }) => !is_current)
    await stranger.delete(`/api/auth/sessions/${own?.id}/`).expect(404)
    await first.delete(`/api/auth/sessions/${own?.id}/`).expect(204)
    const left = await Promise.all([second, third].map(async (agent) => (await agent.get('/api/auth/me/')).status))
    expect(left.sort()).toEqual([200, 401])
    await first.post('/api/auth/logout-all/').expect(204)
    for (const agent of [first, second, third]) await agent.get('/api/auth/me/').expect(401)
  })
})

describe('tokens of an API client', () => {
  it('open the API without cookie or CSRF token', async () => {
    const { access, user, answer } = await clientTokens()
    expect(answer.get('set-cookie')).toBeUndefined()
    const me = await request(server.server).get('/api/auth/me/').set('authorization', `Bearer ${access}`).expect(200)
    expect(me.body.id).toBe(user.id)
    await request(server.server).post('/api/channels/me/').set('authorization', `Bearer ${access}`).expect(201)
  })

  it('are refused when forged, of another algorithm, or of nobody', async () => {
    const { user, access } = await clientTokens()
    const claims = { fam: 'aaaaaaaaaaaaaaaa', ver: 0, sub: String(user.id), aud: 'ustat-api' }
    const none = `${btoa('{"alg":"none","typ":"JWT"}')}.${btoa(JSON.stringify(claims))}.`.replaceAll('=', '')
    const forged = [
      none,
      jwt.sign(claims, 'x'.repeat(40)),
      jwt.sign(claims, 'j'.repeat(40), { algorithm: 'HS512' }),
      jwt.sign(claims, 'j'.repeat(40)),
      `${access.slice(0, -3)}AAA`,
    ]
    for (const token of forged) {
      const answer = await request(server.server).get('/api/auth/me/').set('authorization', `Bearer ${token}`)
      expect([answer.status, answer.body.code]).toEqual([401, 'token_invalid'])
    }
  })

  it('die with logout-all and with the account, before they expire', async () => {
    const one = await clientTokens()
    await request(server.server).post('/api/auth/logout-all/').set('authorization', `Bearer ${one.access}`).expect(204)
    await request(server.server).get('/api/auth/me/').set('authorization', `Bearer ${one.access}`).expect(401)
    await server.visitor().post('/api/auth/refresh/').send({ refresh: one.refresh }).expect(401)
  })

  it('are rotated: twenty refreshes at once all go on, a later reuse ends the family', async () => {
    const { refresh, user } = await clientTokens()
    const visitor = server.visitor()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => visitor.post('/api/auth/refresh/').send({ refresh })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    const successors = answers.map(({ body }) => body.refresh as string)
    expect(new Set([...successors, refresh]).size).toBe(21)

    const em = server.context.orm.em.fork()
    await em.nativeUpdate(AuthToken, { hash: hash(refresh) }, { usedAt: new Date(Date.now() - 60_000) })
    const [next = ''] = successors
    const access = answers[0]?.body.access as string
    await visitor.post('/api/auth/refresh/').send({ refresh }).expect(401)
    await visitor.post('/api/auth/refresh/').send({ refresh: next }).expect(401)
    await request(server.server).get('/api/auth/me/').set('authorization', `Bearer ${access}`).expect(401)
    expect(await em.count(AuthToken, { user: user.id, revokedAt: null })).toBe(0)
  })

  it('are ended by logout with the refresh token alone', async () => {
    const { refresh } = await clientTokens()
    await server.visitor().post('/api/auth/logout/').send({ refresh }).expect(204)
    await server.visitor().post('/api/auth/refresh/').send({ refresh }).expect(401)
  })
})

describe('guessing', () => {
  it('is slowed by address and by account, and signing in rightly is not', async () => {
    await using strict = await startServer({ limitFactor: 1, isHashing: true })
    const user = await strict.register()
    const visitor = strict.visitor()
    const login = (password: string) => visitor.post('/api/auth/login/').send({ email: user.email, password })
    for (let time = 0; time < 8; time++) await login(PASSWORD).expect(200)
    const guesses = await Promise.all(Array.from({ length: 12 }, (_, index) => login(`guess number ${index}`)))
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5)
    const refused = guesses.find(({ status }) => status === 429)
    expect(Number(refused?.get('retry-after'))).toBeGreaterThan(0)
    // From many addresses the account itself is guarded.
    const many = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        strict
          .visitor()
          .post('/api/auth/login/')
          .send({ email: user.email, password: `more guesses ${index}` }),
      ),
    )
    expect(many.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(5)
    expect(many.some(({ status }) => status === 429)).toBe(true)
  })
})
