import request from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AuthToken } from '../../../server/accounts/auth-token.ts'
import { mailLinkTo } from '../../../server/accounts/mail-link.job.ts'
import { User } from '../../../server/accounts/user.ts'
import { hashSecret } from '../../../server/accounts/viewer.ts'
import { takeMails, tokenIn } from '../../support/mail.ts'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ isHashing: true })
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  await takeMails(server)
})

let made = 0
const anAddress = () => `reader-${++made}@example.org`
const newcomer = (email: string) => ({ email, password: PASSWORD, first_name: 'Айгуль', last_name: 'Ахметова' })
const post = (path: string, body: object) => server.visitor().post(`/api/auth${path}`).send(body)
const rows = <Row>(sql: string, values: unknown[] = []) => server.context.orm.em.fork().execute<Row[]>(sql, values)

const openSignIns = (email: string) =>
  server.context.orm.em
    .fork()
    .count(AuthToken, { user: { email }, purpose: { $in: ['session', 'refresh'] }, revokedAt: null })

/** Signed up over the web, with the token of the mail that came. */
async function aNewcomer() {
  const email = anAddress()
  await post('/register/', newcomer(email)).expect(202)
  const [mail] = await takeMails(server)
  return { email, token: tokenIn(mail), mail }
}

async function resetToken(email: string): Promise<string> {
  await post('/reset-password/', { email }).expect(202)
  return tokenIn((await takeMails(server)).at(-1))
}

describe('a forgotten password', () => {
  const NEXT = 'violet umbrella 9'

  it.each(['/reset-password/', '/reset-password/confirm/'])('is replaced over %s, once', async (path) => {
    const { email } = await server.register()
    const token = await resetToken(email)
    await post(path, { token, new_password: NEXT }).expect(200)
    const again = await post(path, { token, new_password: 'another umbrella 9' })
    expect([again.status, again.body.code]).toEqual([400, 'token_used'])
    await post('/login/', { email, password: PASSWORD }).expect(401)
    await post('/login/', { email, password: NEXT }).expect(200)
    expect((await takeMails(server)).map(({ template }) => template)).toEqual(['password-changed'])
  })

  it('ends every session, every family of tokens and every access token', async () => {
    const user = await server.register()
    const browser = await server.signIn(user)
    const client = (await post('/login/', { email: user.email, password: PASSWORD })).body
    const token = await resetToken(user.email)
    await post('/reset-password/', { token, new_password: NEXT }).expect(200)
    await browser.get('/api/auth/me/').expect(401)
    await post('/refresh/', { refresh: client.refresh }).expect(401)
    await request(server.server).get('/api/auth/me/').set('authorization', `Bearer ${client.access}`).expect(401)
    const now = await server.context.orm.em.fork().findOneOrFail(User, { id: user.id })
    expect([now.tokenVersion, now.isVerified]).toEqual([1, true])
    const open = { user: user.id, purpose: { $in: ['session' as const, 'refresh' as const] }, revokedAt: null }
    expect(await server.context.orm.em.fork().count(AuthToken, open)).toBe(0)
  })

  it('is set by one of fifty equal requests', async () => {
    const { email } = await server.register()
    const token = await resetToken(email)
    const visitor = server.visitor()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        visitor.post('/api/auth/reset-password/').send({ token, new_password: `umbrella number ${index}` }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.code === 'token_used')).toHaveLength(49)
    const winner = answers.findIndex(({ status }) => status === 200)
    await post('/login/', { email, password: `umbrella number ${winner}` }).expect(200)
  })

  it('takes the newest link only, for an hour', async () => {
    const { email } = await server.register()
    const [older, newer] = [await resetToken(email), await resetToken(email)]
    expect((await post('/reset-password/', { token: older, new_password: NEXT }).expect(400)).body.code).toBe(
      'link_invalid',
    )
    const [{ seconds } = { seconds: 0 }] = await rows<{ seconds: number }>(
      'select extract(epoch from expires_at - created_at)::int as seconds from auth_token where hash = ?',
      [hashSecret(newer)],
    )
    expect(Math.abs(seconds - 3600)).toBeLessThan(5)
    await rows(`update auth_token set expires_at = now() - interval '1 second' where hash = ?`, [hashSecret(newer)])
    expect((await post('/reset-password/', { token: newer, new_password: NEXT }).expect(400)).body.code).toBe(
      'link_invalid',
    )
  })

  it('is no longer replaced by a link from before it was changed', async () => {
    const user = await server.register()
    const token = await resetToken(user.email)
    const browser = await server.signIn(user)
    await browser
      .post('/api/auth/change-password/')
      .send({ current_password: PASSWORD, new_password: NEXT })
      .expect(200)
    const late = await post('/reset-password/', { token, new_password: 'another umbrella 9' })
    expect([late.status, late.body.code]).toEqual([400, 'link_invalid'])
  })

  it('is refused when bad, and the token stays good', async () => {
    const { email } = await server.register()
    const token = await resetToken(email)
    for (const new_password of ['short', 'password123', 'x'.repeat(201)]) {
      const answer = await post('/reset-password/', { token, new_password }).expect(400)
      expect(Object.keys(answer.body)).toEqual(['new_password'])
    }
    const mixed = await post('/reset-password/', { email, token, new_password: NEXT }).expect(400)
    expect(Object.keys(mixed.body)).toEqual(['email'])
    const half = await post('/reset-password/', { token }).expect(400)
    expect(Object.keys(half.body)).toEqual(['new_password'])
    await post('/reset-password/', { token, new_password: NEXT }).expect(200)
  })

  it('opens nothing any more for who signs in or refreshes while it is replaced', async () => {
    for (let round = 0; round < 8; round++) {
      const { email } = await server.register()
      const client = (await post('/login/', { email, password: PASSWORD }).expect(200)).body
      const token = await resetToken(email)
      await Promise.all([
        ...Array.from({ length: 6 }, () => post('/login/', { email, password: PASSWORD, session: true })),
        ...Array.from({ length: 6 }, () => post('/refresh/', { refresh: client.refresh })),
        post('/reset-password/', { token, new_password: NEXT }).expect(200),
      ])
      expect(await openSignIns(email)).toBe(0)
    }
  })

  it('may be replaced, asked for, confirmed and refreshed at once: nobody waits for each other for ever', async () => {
    for (let round = 0; round < 8; round++) {
      const { email, token: confirmation } = await aNewcomer()
      const client = (await post('/login/', { email, password: PASSWORD }).expect(200)).body
      const token = await resetToken(email)
      const [answers] = await Promise.all([
        Promise.all([
          ...Array.from({ length: 4 }, () => post('/refresh/', { refresh: client.refresh })),
          post('/reset-password/', { token, new_password: NEXT }),
          post('/verify-email/', { token: confirmation }),
          post('/login/', { email, password: PASSWORD }),
        ]),
        ...(['verify_email', 'reset_password'] as const).map((purpose) =>
          mailLinkTo(server.context, { purpose, email }),
        ),
      ])
      expect(answers.filter(({ status }) => status >= 500).map(({ text }) => text)).toEqual([])
    }
  })
})
