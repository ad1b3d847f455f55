import { randomUUID } from 'node:crypto'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { openDoor, redisSocket, type ServiceDoor } from '../../support/proxy.ts'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ limitFactor: 1, isHashing: true })
})
afterAll(() => server[Symbol.asyncDispose]())

describe('how often somebody may do something', () => {
  it.each([
    ['login_address', 5, 60],
    ['login_account', 10, 3600],
    ['register', 5, 3600],
    ['reset_account', 3, 3600],
    ['resend_account', 3, 3600],
    ['resend_soon', 1, 60],
    ['check_url', 30, 60],
    ['write', 60, 60],
    ['refresh', 60, 60],
    ['custom_url', 10, 86_400],
    ['avatar', 20, 3600],
    ['submission', 30, 3600],
    ['payment_status', 20, 60],
    ['convert', 5, 3600],
    ['report', 30, 3600],
    ['publish', 5, 60],
  ] as const)('%s: %i times in %i seconds, also of 100 at once', async (name, times, seconds) => {
    const key = randomUUID()
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => server.context.limits.take(name, key)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(times)
    const refusal = results.find((result) => result.status === 'rejected')?.reason
    expect(refusal).toMatchObject({ code: 'too_many_requests' })
    expect(refusal.details.retry_after).toBeGreaterThan(seconds - 10)
    expect(refusal.details.retry_after).toBeLessThanOrEqual(seconds)
    await server.context.limits.take(name, randomUUID())
  })

  it('counts over all processes', async () => {
    await using other = await startServer({ limitFactor: 1 })
    const key = randomUUID()
    for (let time = 0; time < 3; time++) await server.context.limits.take('register', key)
    for (let time = 0; time < 2; time++) await other.context.limits.take('register', key)
    await expect(other.context.limits.take('register', key)).rejects.toMatchObject({ code: 'too_many_requests' })
    await expect(server.context.limits.take('register', key)).rejects.toMatchObject({ code: 'too_many_requests' })
  })

  it('is said in the answer, with the seconds to wait', async () => {
    const visitor = server.visitor()
    const answers = []
    for (let time = 0; time < 6; time++) {
      answers.push(await visitor.post('/api/auth/login/').send({ email: `${time}@example.org`, password: PASSWORD }))
    }
    const last = answers.at(-1)
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429])
    expect(Number(last?.get('retry-after'))).toBeGreaterThan(0)
    expect(last?.body).toMatchObject({ code: 'too_many_requests', retry_after: Number(last?.get('retry-after')) })
  })

  it('is 60 writes a minute of one person, from whatever address, and 600 reads', async () => {
    const user = await server.register()
    const agent = await server.signIn(user)
    const write = () => agent.patch('/api/channels/me/').send({}).set('x-forwarded-for', address())
    const writes = await Promise.all(Array.from({ length: 70 }, write))
    expect(writes.filter(({ status }) => status === 429)).toHaveLength(10)
    // Somebody else goes on, and so do this one's reads.
    await server.visitor().post('/api/auth/login/').send({ email: user.email, password: PASSWORD }).expect(200)
    const reads = await Promise.all(
      Array.from({ length: 610 }, () => agent.get('/api/auth/csrf/').set('x-forwarded-for', address())),
    )
    expect(reads.filter(({ status }) => status === 200)).toHaveLength(600)
    const refused = reads.find(({ status }) => status === 429)
    expect(Number(refused?.get('retry-after'))).toBeGreaterThan(0)
  })

  it('never slows a payment provider', async () => {
    const visitor = server.visitor()
    const answers = await Promise.all(
      Array.from({ length: 80 }, () => visitor.post('/api/payments/webhooks/sandbox/').send({})),
    )
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(0)
  })
})

describe('while Redis is away', () => {
  let door: ServiceDoor
  beforeAll(async () => {
    door = await openDoor(redisSocket(inject('redisUrl')), 'redis.sock')
  })
  afterAll(() => door[Symbol.asyncDispose]())

  it('each process counts for itself, with the same allowance', async () => {
    await using alone = await startServer({ limitFactor: 1, redisUrl: `unix://${door.directory}/redis.sock?db=0` })
    await vi.waitFor(() => expect(alone.context.redis.isReady).toBe(true), { timeout: 6000 })
    await door.cut()
    await vi.waitFor(() => expect(alone.context.redis.isReady).toBe(false), { timeout: 6000 })
    for (const [name, times] of [
      ['register', 5],
      ['reset_account', 3],
      ['check_url', 30],
      ['write', 60],
    ] as const) {
      const key = randomUUID()
      const results = await Promise.allSettled(Array.from({ length: 70 }, () => alone.context.limits.take(name, key)))
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(times)
    }
    await door.restore()
  })
})

describe('behind a proxy', () => {
  it('only its own hop counts: a claimed address neither frees nor blocks anybody', async () => {
    const login = (forwarded: string) =>
      request(server.server)
        .post('/api/auth/login/')
        .set('x-forwarded-for', forwarded)
        .send({ email: `${randomUUID()}@example.org`, password: PASSWORD })
    const statuses = []
    for (let time = 0; time < 6; time++) statuses.push((await login(`192.0.2.${time}, 203.0.113.77`)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    // The address that was only claimed has done nothing.
    await login('192.0.2.1').expect(401)
    for (const header of ['forwarded', 'x-real-ip', 'x-client-ip', 'cf-connecting-ip', 'x-forwarded-host']) {
      expect((await login('203.0.113.77').set(header, '192.0.2.99')).status).toBe(429)
    }
  })

  it('tells which scheme the visitor used: HSTS and Secure cookies over TLS alone, and never a redirect', async () => {
    const user = await server.register()
    const signIn = (app: TestServer, scheme?: string) => {
      const call = request(app.server).post('/api/auth/login/').set('x-forwarded-for', address())
      if (scheme) call.set('x-forwarded-proto', scheme)
      return call.send({ email: user.email, password: PASSWORD, session: true })
    }
    const plain = await signIn(server, 'http').expect(200)
    expect(plain.get('strict-transport-security')).toBeUndefined()
    expect(String(plain.get('set-cookie'))).not.toMatch(/Secure|__Host-/)
    const secure = await signIn(server, 'https').expect(200)
    expect(secure.get('strict-transport-security')).toMatch(/^max-age=31536000/)
    expect(String(secure.get('set-cookie'))).toMatch(/__Host-ustat_session=.*HttpOnly; SameSite=Lax; Secure/)

    await using https = await startServer({ env: { PUBLIC_URL: 'https://ustat.test' } })
    for (const scheme of [undefined, 'http', 'https', 'gopher']) {
      const call = request(https.server).get('/api/auth/csrf/')
      const answer = await (scheme ? call.set('x-forwarded-proto', scheme) : call)
      expect(answer.status).toBe(200)
      expect(Boolean(answer.get('strict-transport-security'))).toBe(scheme !== 'http')
    }
  })

  it('answers for our own names alone, whatever a header says the host was', async () => {
    await using strict = await startServer({ env: { ALLOWED_HOSTS: 'www.ustat.test' } })
    const ask = (host: string) => request(strict.server).get('/api/live/').set('host', host)
    await ask('www.ustat.test').expect(200)
    for (const host of ['evil.example', 'ustat.test.evil.example', 'ustat.test@evil.example', '127.0.0.1']) {
      expect((await ask(host)).body.code).toBe('host_refused')
    }
    await ask('evil.example').set('x-forwarded-host', 'ustat.test').expect(421)
    const page = await ask('ustat.test').set('x-forwarded-host', 'evil.example').expect(200)
    expect(JSON.stringify(page.body)).not.toContain('evil')
  })
})

let addresses = 0
function address(): string {
  addresses += 1
  return `198.18.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`
}
