import request from 'supertest'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { openDatabase, type TestDatabase } from '../support/database.ts'
import { aLiveShow, aPublisher } from '../support/factories.ts'
import { openDoor, postgresSocket, redisSocket, type ServiceDoor, throughProxy } from '../support/proxy.ts'
import { PASSWORD, startServer, type TestServer } from '../support/server.ts'

describe('while Redis is away', () => {
  let proxy: ServiceDoor
  let server: TestServer
  beforeAll(async () => {
    proxy = await openDoor(redisSocket(inject('redisUrl')), 'redis.sock')
    server = await startServer({ redisUrl: `unix://${proxy.directory}/redis.sock?db=0` })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
  })

  it.each(['cut', 'freeze'] as const)('reads, logins and sessions go on: %s', async (how) => {
    const { user, channel, streamKey } = await aPublisher(server)
    await aLiveShow(server, streamKey)
    const before = await server.signIn(user)
    await before.get('/api/auth/me/').expect(200)
    await proxy[how]()
    await vi.waitFor(() => expect(server.context.redis.isReady).toBe(false), { timeout: 6000 })

    await before.get('/api/auth/me/').expect(200)
    const page = await server.visitor().get(`/api/channels/${channel.slug}/`).expect(200)
    expect(page.body.broadcast).toMatchObject({ status: 'live', viewers: 0 })
    const during = await server.signIn(user)
    await during.get('/api/auth/me/').expect(200)
    await during.patch('/api/channels/me/').send({ title: 'Still here' }).expect(200)
    await during.post('/api/auth/logout/').expect(204)
    await during.get('/api/auth/me/').expect(401)
    const ready = await request(server.server).get('/readyz').expect(503)
    expect(ready.body).toMatchObject({ database: true, redis: false })
    await request(server.server).get('/healthz').expect(200)

    await proxy.restore()
    await vi.waitFor(() => expect(server.context.redis.isReady).toBe(true), { timeout: 6000 })
    await request(server.server).get('/readyz').expect(200)
  })

  it('guessing is still slowed', async () => {
    await using strict = await startServer({ limitFactor: 1, redisUrl: `unix://${proxy.directory}/redis.sock?db=0` })
    const user = await strict.register()
    await proxy.cut()
    await vi.waitFor(() => expect(strict.context.redis.isReady).toBe(false), { timeout: 6000 })
    const visitor = strict.visitor()
    const statuses = []
    for (let time = 0; time < 7; time++) {
      statuses.push(
        (await visitor.post('/api/auth/login/').send({ email: user.email, password: `wrong ${time}` })).status,
      )
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
    await proxy.restore()
  })

  it('a process starts without it, and uses it when it comes', async () => {
    await proxy.cut()
    await using late = await startServer({ redisUrl: `unix://${proxy.directory}/redis.sock?db=0` })
    const user = await late.register()
    await late.signIn(user)
    await proxy.restore()
    await vi.waitFor(() => expect(late.context.redis.isReady).toBe(true), { timeout: 6000 })
  })
})

describe('while PostgreSQL is away', () => {
  let database: TestDatabase
  let proxy: ServiceDoor
  let server: TestServer
  beforeAll(async () => {
    database = await openDatabase()
    proxy = await openDoor(postgresSocket(database.url), '.s.PGSQL.5432')
    server = await startServer({ databaseUrl: throughProxy(database.url, proxy) })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  it('says so with a code, in mid-request too, and recovers by itself', async () => {
    const { user, channel, streamKey } = await aPublisher(server)
    const agent = await server.signIn(user)
    const login = () => server.visitor().post('/api/auth/login/').send({ email: user.email, password: PASSWORD })
    // Some of these are in the middle of a query when the server goes.
    const under = Array.from({ length: 20 }, () => login())
    const [answers] = await Promise.all([Promise.all(under), proxy.cut()])
    for (const answer of answers) expect([200, 503]).toContain(answer.status)

    for (const call of [login(), server.visitor().get(`/api/channels/${channel.slug}/`), agent.get('/api/auth/me/')]) {
      const answer = await call
      expect([answer.status, answer.body.code, answer.get('retry-after')]).toEqual([503, 'database_unavailable', '2'])
    }
    const publisher = await server.internal('/ingest/authorize', {
      stream_key: streamKey,
      node: 'm1',
      address: '192.0.2.1',
    })
    // Not 403: nobody said no, so the publisher may try again.
    expect(publisher.status).toBe(503)
    expect((await request(server.server).get('/readyz').expect(503)).body).toMatchObject({
      database: false,
      redis: true,
    })
    await request(server.server).get('/health').expect(200)

    await proxy.restore()
    await login().expect(200)
    await agent.get('/api/auth/me/').expect(200)
    await aLiveShow(server, streamKey)
  })
})
