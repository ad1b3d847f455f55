import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { ensureDatabase, startPostgres } from '../../config/local/postgres.ts'
import { AuthToken } from '../../server/accounts/auth-token.ts'
import { Profile } from '../../server/accounts/profile.ts'
import { User } from '../../server/accounts/user.ts'
import { Viewers } from '../../server/accounts/viewers.ts'
import { AuditLog } from '../../server/admin/audit-log.ts'
import { migrateDatabase } from '../../server/db/migrate.ts'
import { openOrm } from '../../server/db/orm.ts'
import { Queue } from '../../server/jobs/queue.ts'
import { createMailer } from '../../server/mail/mailer.ts'
import { sendMail } from '../../server/mail/send-mail.job.ts'
import { openDatabase, type TestDatabase } from '../support/database.ts'
import { aLiveShow, aPublisher } from '../support/factories.ts'
import { startMailServer } from '../support/mail.ts'
import { freePort } from '../support/ports.ts'
import { openDoor, postgresSocket, redisSocket, type ServiceDoor, throughProxy } from '../support/proxy.ts'
import { quickFolder } from '../support/quick-folder.ts'
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

  it('a sign-out and a demotion meanwhile hold at once, and when it is back', async () => {
    const admin = await server.signIn(await server.register('admin'))
    const [leaver, demoted] = [await server.register(), await server.register('producer')]
    const agents = [await server.signIn(leaver), await server.signIn(demoted)] as const
    // Redis remembers both for a minute.
    for (const agent of agents) await agent.get('/api/auth/me/').expect(200)
    await proxy.cut()
    await vi.waitFor(() => expect(server.context.redis.isReady).toBe(false), { timeout: 6000 })
    await agents[0].post('/api/auth/logout/').expect(204)
    await admin.put(`/api/admin/users/${demoted.id}/`).send({ role: 'student' }).expect(200)
    for (const agent of agents) await agent.get('/api/auth/me/').expect(401)
    await proxy.restore()
    await vi.waitFor(() => expect(server.context.redis.isReady).toBe(true), { timeout: 6000 })
    for (const agent of agents) await agent.get('/api/auth/me/').expect(401)
    // Another process believes Redis, where the news has come.
    const elsewhere = new Viewers(server.context.orm, server.context.redis)
    const tokens = await server.context.orm.em.fork().find(AuthToken, { user: { $in: [leaver.id, demoted.id] } })
    expect(tokens.length).toBe(2)
    await vi.waitFor(async () => {
      for (const { hash } of tokens) expect(await elsewhere.findBySession(hash)).toBe(null)
    })
  })

  it('settings, tags and the administration go on', async () => {
    const admin = await server.signIn(await server.register('admin'))
    await proxy.cut()
    await vi.waitFor(() => expect(server.context.redis.isReady).toBe(false), { timeout: 6000 })
    expect((await admin.patch('/api/admin/settings/').send({ refund_days: 5 }).expect(200)).body.refund_days).toBe(5)
    for (const path of ['/api/tags/', '/api/live/']) await server.visitor().get(path).expect(200)
    for (const path of ['users', 'jobs', 'audit-log', 'settings']) await admin.get(`/api/admin/${path}/`).expect(200)
    await proxy.restore()
    await vi.waitFor(() => expect(server.context.redis.isReady).toBe(true), { timeout: 6000 })
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

describe('when PostgreSQL is restarted in the middle of requests', () => {
  it('each has happened whole or not at all, and those after it go through', async () => {
    await using stack = new AsyncDisposableStack()
    const directory = mkdtempSync(join(quickFolder(), 'ustat-restart-'))
    stack.defer(() => rmSync(directory, { recursive: true, force: true }))
    chmodSync(directory, 0o711)
    const dataDir = join(directory, 'cluster')
    const events: string[] = []
    const url = await startPostgres(
      {
        dataDir,
        socketDir: join(directory, 'socket'),
        logFile: join(directory, 'log'),
        report: (line) => void events.push(line),
      },
      stack,
    )
    await ensureDatabase(url, 'ustat')
    const orm = await openOrm(url('ustat'))
    await migrateDatabase(orm, url('ustat'))
    await orm.close(true)
    const server = stack.use(await startServer({ databaseUrl: url('ustat') }))
    const admin = await server.signIn(await server.register('admin'))
    const people = await Promise.all(Array.from({ length: 40 }, () => server.register()))

    const rename = (id: number) => admin.put(`/api/admin/users/${id}/`).send({ last_name: 'Renamed' })
    const postmaster = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])
    const answers = await Promise.all(
      people.map(async ({ id }, index) => {
        // "Fast": whoever is in a transaction is thrown out of it.
        if (index === 15) process.kill(postmaster, 'SIGINT')
        return rename(id)
      }),
    )
    for (const { status, body } of answers)
      expect([status, body.code]).toEqual(status === 200 ? [200, undefined] : [503, 'database_unavailable'])
    expect(answers.some(({ status }) => status === 503)).toBe(true)
    await vi.waitFor(() => expect(events.join()).toContain('postgres runs again'), { timeout: 20_000 })

    const em = server.context.orm.em
    await expect
      .poll(
        () =>
          request(server.server)
            .get('/readyz')
            .then(({ status }) => status),
        { timeout: 10_000 },
      )
      .toBe(200)
    const renamed = await em.fork().find(User, { lastName: 'Renamed' })
    const lines = await em.fork().find(AuditLog, { action: 'user.edit' })
    expect(lines.map(({ object }) => object).sort()).toEqual(renamed.map(({ id }) => `user:${id}`).sort())
    // What was answered with 200 is there; of the others some may be, too: only the answer was lost.
    const told = people.filter((_, index) => answers[index]?.status === 200).map(({ id }) => id)
    expect(renamed.map(({ id }) => id)).toEqual(expect.arrayContaining(told))

    for (const { id } of people) await rename(id).expect(200)
    expect(await em.fork().count(AuditLog, { action: 'user.edit' })).toBe(people.length)
    // Jobs go through connections of their own.
    await server.context.queue.add('purge-stale-rows', {})
  })
})

describe('while the mail server is away', () => {
  it('mails wait, and go out once when it is back', async () => {
    await using server = await startServer()
    const admin = await server.signIn(await server.register('admin'))
    const teacher = await server.register('teacher')
    const profile = await server.context.orm.em.fork().findOneOrFail(Profile, { user: teacher.id })
    const { config, log, orm } = server.context
    const mailerAt = (smtpUrl: string) => createMailer({ smtpUrl, from: 'Ustat <a@ustat.test>', outbox: '/nowhere' })
    let mailer = mailerAt(`smtp://127.0.0.1:${await freePort()}`)
    await using worker = new Queue(config.database.url, log, 'works')
    await worker.start()
    await worker.work('send-mail', (mail) => sendMail({ ...server.context, mailer }, mail))

    // Whoever causes a mail is not kept waiting for it.
    await admin.post(`/api/admin/profiles/${profile.id}/verification/`).send({ status: 'verified' }).expect(200)
    const states = () => orm.em.fork().execute(`select state, retry_count from pgboss.job where name = 'send-mail'`)
    await vi.waitFor(async () => expect(await states()).toEqual([{ state: 'retry', retry_count: 0 }]), {
      timeout: 15_000,
    })

    await using smtp = await startMailServer()
    mailer = mailerAt(smtp.url)
    await orm.em.fork().execute(`update pgboss.job set start_after = now() where name = 'send-mail'`)
    await vi.waitFor(() => expect(smtp.mails.map(({ to }) => to)).toEqual([[teacher.email]]), { timeout: 15_000 })
    await vi.waitFor(async () => expect(await states()).toEqual([{ state: 'completed', retry_count: 1 }]), {
      timeout: 5000,
    })
    expect(smtp.mails).toHaveLength(1)
  })
})
