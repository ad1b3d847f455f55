import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import { signUp } from '../../../server/accounts/sign-up.ts'
import { User } from '../../../server/accounts/user.ts'
import { hashSecret } from '../../../server/accounts/viewer.ts'
import { takeJobs, takeMails, tokenIn } from '../../support/mail.ts'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
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

describe('signing up', () => {
  it('mails the owner a link, in the language of the form', async () => {
    const [russian, english] = [anAddress(), anAddress()]
    await post('/register/', newcomer(russian)).set('accept-language', 'ru-RU,ru;q=0.9,en;q=0.5').expect(202)
    await post('/register/', newcomer(english)).set('accept-language', 'en-GB').expect(202)
    const mails = await takeMails(server)
    expect(mails.map(({ to, template, subject }) => [to, template, subject])).toEqual([
      [russian, 'verify-email', 'Подтвердите адрес почты'],
      [english, 'verify-email', 'Confirm your e-mail address'],
    ])
    expect(mails[0]?.text).toMatch(/http:\/\/ustat\.test\/account\/verify\?token=[\w-]{43}\n/)
  })

  it('tells the owner of a taken address by mail, and nobody else anything', async () => {
    const { email } = await aNewcomer()
    const fresh = await post('/register/', newcomer(anAddress()))
    await takeMails(server)
    const again = await post('/register/', { ...newcomer(email), first_name: 'Evil', last_name: 'Person' })
    expect([again.status, again.body]).toEqual([fresh.status, fresh.body])
    expect(Object.keys(again.headers).sort()).toEqual(Object.keys(fresh.headers).sort())
    const [mail, ...more] = await takeMails(server)
    expect([mail?.to, mail?.template, more]).toEqual([email, 'already-registered', []])
    expect(mail?.text).not.toMatch(/Evil|token=/)
  })

  it('keeps no account whose mail could not be queued, and no mail whose account could not be kept', async () => {
    const { passwords, streamKeys, orm } = server.context
    const email = anAddress()
    const account = { email, password: PASSWORD, firstName: 'A', lastName: 'B', phone: null, role: 'student' as const }
    const failing = signUp(orm.em.fork(), account, { passwords, streamKeys }, async () => {
      throw new Error('the queue is away')
    })
    await expect(failing).rejects.toThrow('the queue is away')
    expect(await orm.em.fork().count(User, { email })).toBe(0)
    expect(await orm.em.fork().count(Profile, { user: { email } })).toBe(0)
    expect(await takeJobs(server, 'send-mail')).toEqual([])
  })

  it('does not fill the mailbox of somebody who is here already', async () => {
    await using strict = await startServer({ limitFactor: 1 })
    const { email } = await strict.register()
    const answers = []
    for (let time = 0; time < 5; time++) {
      answers.push(await strict.visitor().post('/api/auth/register/').send(newcomer(email)))
    }
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202])
    expect(await takeMails(strict)).toHaveLength(3)
  })

  it('takes none of the passwords that are guessed first, and says so', async () => {
    for (const password of [
      'password123',
      '1234567890',
      'qwertyuiop',
      'Пароль12345',
      'P@ssw0rd2024!',
      'aaaaaaaaaaaa',
    ]) {
      const answer = await post('/register/', { ...newcomer(anAddress()), password }).set('accept-language', 'ru')
      expect([password, answer.status, answer.body]).toEqual([
        password,
        400,
        { password: ['Такой пароль подбирают первым. Придумайте другой.'] },
      ])
    }
  })
})

describe('confirming the address', () => {
  it('works once; then the token is used', async () => {
    const { email, token } = await aNewcomer()
    await post('/verify-email/', { token }).expect(200)
    expect((await server.context.orm.em.fork().findOneOrFail(User, { email })).isVerified).toBe(true)
    const second = await post('/verify-email/', { token })
    expect([second.status, second.body.code]).toEqual([400, 'token_used'])
  })

  it('lets one of fifty equal requests through', async () => {
    const { token } = await aNewcomer()
    const visitor = server.visitor()
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => visitor.post('/api/auth/verify-email/').send({ token })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.code === 'token_used')).toHaveLength(49)
  })

  it('is seen at once by a browser that is signed in already', async () => {
    const { email, token } = await aNewcomer()
    const user = await server.context.orm.em.fork().findOneOrFail(User, { email })
    const browser = await server.signIn(user)
    expect((await browser.get('/api/auth/me/')).body.is_verified).toBe(false)
    await post('/verify-email/', { token }).expect(200)
    expect((await browser.get('/api/auth/me/').expect(200)).body.is_verified).toBe(true)
  })

  it('is not done by following the link, as mail scanners do', async () => {
    const { email, token } = await aNewcomer()
    await server.visitor().get(`/api/auth/verify-email/?token=${token}`).expect(405)
    expect((await server.context.orm.em.fork().findOneOrFail(User, { email })).isVerified).toBe(false)
  })

  it('refuses an older link, one of another kind, an expired and a made-up one alike', async () => {
    const { email, token: older } = await aNewcomer()
    await post('/verify-email/resend/', { email }).expect(202)
    const newer = tokenIn((await takeMails(server))[0])
    expect(newer).not.toBe(older)
    const other = await resetToken(email)
    const expired = (await aNewcomer()).token
    await rows(`update auth_token set expires_at = now() - interval '1 second' where hash = ?`, [hashSecret(expired)])
    const bodies = new Set<string>()
    for (const token of [older, other, expired, randomBytes(32).toString('base64url')]) {
      const answer = await post('/verify-email/', { token })
      expect(answer.status).toBe(400)
      bodies.add(JSON.stringify(answer.body))
    }
    expect([...bodies]).toEqual([expect.stringContaining('link_invalid')])
    await post('/verify-email/', { token: newer }).expect(200)
  })

  it('has its token nowhere in the database or the log, only in the mail', async () => {
    const email = anAddress()
    await post('/register/', newcomer(email)).expect(202)
    const queued = JSON.stringify(await rows(`select data from pgboss.job where name = 'send-mail'`))
    const token = tokenIn((await takeMails(server))[0])
    expect(token).toMatch(/^[\w-]{43}$/)
    const [stored] = await rows<{ row: object }>(
      `select to_jsonb(t) as row from auth_token t join users u on u.id = t.user_id where u.email = ?`,
      [email],
    )
    expect(stored).toBeDefined()
    await post('/verify-email/', { token }).expect(200)
    for (const place of [queued, JSON.stringify(stored), server.log()]) expect(place).not.toContain(token)
  })

  it('does nothing for an account that was closed meanwhile', async () => {
    const { email, token } = await aNewcomer()
    await server.context.orm.em.fork().nativeUpdate(User, { email }, { isActive: false })
    expect((await post('/verify-email/', { token }).expect(400)).body.code).toBe('link_invalid')
  })
})

describe('asking for a mail', () => {
  it('answers the same for a known, an unknown, a confirmed and a closed address', async () => {
    const { email: known } = await aNewcomer()
    const { email: closed } = await aNewcomer()
    const { email: confirmed, token } = await aNewcomer()
    await post('/verify-email/', { token }).expect(200)
    await server.context.orm.em.fork().nativeUpdate(User, { email: closed }, { isActive: false })
    for (const path of ['/verify-email/resend/', '/reset-password/']) {
      const answers = []
      for (const email of [known, 'nobody@example.org', confirmed, closed]) answers.push(await post(path, { email }))
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
      expect(answers[0]?.status).toBe(202)
    }
    const mails = await takeMails(server)
    expect(mails.map(({ to, template }) => `${to} ${template}`).sort()).toEqual(
      [`${known} verify-email`, `${known} reset-password`, `${confirmed} reset-password`].sort(),
    )
  })

  it('does the same work for every address: a worker looks it up', async () => {
    const { email } = await server.register()
    for (const address of [email, 'nobody@example.org']) await post('/reset-password/', { email: address }).expect(202)
    const jobs = await takeJobs<{ email: string }>(server, 'mail-link')
    expect(jobs.map(({ email: asked }) => asked)).toEqual([email, 'nobody@example.org'])
  })

  it('means the own address when signed in, and needs one else', async () => {
    const user = await server.register()
    const browser = await server.signIn(user)
    await browser.post('/api/auth/verify-email/resend/').send({}).expect(202)
    expect((await takeMails(server)).map(({ to }) => to)).toEqual([user.email])
    await post('/verify-email/resend/', {}).expect(401)
    const bare = await post('/reset-password/', {}).expect(400)
    expect(Object.keys(bare.body)).toEqual(['email'])
  })

  it('sends one confirmation a minute and three of each an hour, and always answers 202', async () => {
    await using strict = await startServer({ limitFactor: 1 })
    const user = await strict.register()
    const ask = (path: string) =>
      strict
        .visitor()
        .post(`/api/auth${path}`)
        .send({ email: ` ${user.email.toUpperCase()} ` })
        .expect(202)
    for (let time = 0; time < 3; time++) await ask('/verify-email/resend/')
    expect(await takeMails(strict)).toHaveLength(1)
    for (let time = 0; time < 6; time++) await ask('/reset-password/')
    expect((await takeMails(strict)).map(({ template }) => template)).toEqual(Array(3).fill('reset-password'))
  })
})
