import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { notify } from '../../../server/notices/notify.ts'
import { PushSubscription } from '../../../server/notices/push-subscription.ts'
import { takeJobs } from '../../support/mail.ts'
import { type PushService, startPushService } from '../../support/push-service.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { noticesOf, vapid } from './support.ts'

type Agent = Awaited<ReturnType<TestServer['signIn']>>

let service: PushService
let server: TestServer
let user: User
let agent: Agent
beforeAll(async () => {
  service = await startPushService()
  server = await startServer({ env: vapid, pushAgent: service.agent })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})
beforeEach(async () => {
  user = await server.register()
  agent = await server.signIn(user)
})

/** Notices of somebody, and their ids. */
async function tell(to: User, count = 1): Promise<number[]> {
  const em = server.context.orm.em.fork()
  for (let i = 1; i <= count; i++) {
    const notice = { kind: 'live' as const, cause: `live:${i}`, data: { channel: `Channel ${i}` }, url: '/c/one' }
    await em.transactional((tx) => notify(tx, server.context.queue, [to.id], notice))
  }
  return (await noticesOf(server, to)).map(({ id }) => Number(id))
}
const path = '/api/notifications/'
const devices = '/api/push-subscriptions/'
const subscriptions = (of: User) =>
  server.context.orm.em.fork().find(PushSubscription, { user: of.id }, { orderBy: { id: 'asc' } })

describe('one’s notices', () => {
  it('come newest first, a page at a time, with how many are unread', async () => {
    const ids = await tell(user, 3)
    const { body } = await agent.get(`${path}?page_size=2`).expect(200)
    expect(body).toMatchObject({ count: 3, unread: 3, previous: null, next: expect.stringContaining('page=2') })
    expect(body.results).toEqual(
      [2, 1].map((i) => ({
        ...{ id: ids[i], kind: 'live', cause: `live:${i + 1}`, data: { channel: `Channel ${i + 1}` }, url: '/c/one' },
        ...{ read_at: null, created_at: expect.stringMatching(/Z$/) },
      })),
    )
    expect((await agent.get(path)).headers['cache-control']).toBe('no-store')
  })

  it('are read one by one, some, or all; again is harmless', async () => {
    const [first, second, third] = await tell(user, 4)
    for (let time = 0; time < 2; time++) {
      expect((await agent.post(`${path}${first}/read/`).expect(200)).body).toEqual({ unread: 3 })
    }
    expect((await agent.post(`${path}read/`).send({ ids: [first, second, third] })).body).toEqual({ unread: 1 })
    const before = await noticesOf(server, user)
    expect((await agent.post(`${path}read/`).send({ all: true })).body).toEqual({ unread: 0 })
    // When they were read does not change.
    expect((await noticesOf(server, user)).slice(0, 3)).toEqual(before.slice(0, 3))
  })

  it('are nobody else’s: not listed, not read, not there', async () => {
    const [id] = await tell(user)
    const stranger = await server.signIn(await server.register('admin'))
    expect((await stranger.get(path)).body).toMatchObject({ count: 0, unread: 0, results: [] })
    expect((await stranger.post(`${path}${id}/read/`).expect(404)).body.code).toBe('not_found')
    await stranger
      .post(`${path}read/`)
      .send({ ids: [id] })
      .expect(200)
    await stranger.post(`${path}read/`).send({ all: true }).expect(200)
    expect(await noticesOf(server, user)).toMatchObject([{ read_at: null }])
    const guest = server.visitor()
    for (const ask of [guest.get(path), guest.post(`${path}read/`), guest.post(`${path}${id}/read/`)]) {
      await ask.expect(401)
    }
  })

  it('read elsewhere are so on the pages that one has open', async () => {
    await tell(user, 2)
    const heard: unknown[] = []
    const subscriber = server.context.redis.duplicate()
    await subscriber.connect()
    await subscriber.subscribe('chat:ctl', (message) => void heard.push(JSON.parse(message)))
    await agent.post(`${path}read/`).send({ all: true }).expect(200)
    const told = { kind: 'people', uids: [`u:${user.id}`], frame: { t: 'unread', n: 0 } }
    await expect.poll(() => heard).toContainEqual(told)
    subscriber.destroy()
  })

  it.each([
    {},
    { ids: [] as number[], all: true },
    { all: false },
    { ids: [1.5] },
    { ids: ['1'] },
    { ids: [99_999_999_999] },
    { ids: Array.from({ length: 101 }, (_, i) => i + 1) },
    { ids: [1], user: 2 },
  ])('refuse to be read by %j', async (body) => {
    await agent.post(`${path}read/`).send(body).expect(400)
  })

  it('are there if, and only if, what they tell of is', async () => {
    const em = server.context.orm.em.fork()
    await takeJobs(server, 'deliver-notices')
    const notice = { kind: 'live' as const, cause: 'live:x', data: {}, url: '/' }
    const undone = em.transactional(async (tx) => {
      await notify(tx, server.context.queue, [user.id], notice)
      throw new Error('taken back')
    })
    await expect(undone).rejects.toThrow('taken back')
    expect(await noticesOf(server, user)).toEqual([])
    expect(await takeJobs(server, 'deliver-notices')).toEqual([])
  })
})

describe('a browser', () => {
  it('is given the site’s key, subscribes, changes its language, and goes again', async () => {
    expect((await server.visitor().get(`${devices}key/`)).body).toEqual({ public_key: vapid.VAPID_PUBLIC_KEY })
    const browser = service.aBrowser('en')
    const { body } = await agent.post(devices).send(browser).expect(201)
    expect(body).toEqual({ id: expect.any(Number), language: 'en', created_at: expect.any(String) })
    await agent
      .post(devices)
      .send({ ...browser, language: 'ru' })
      .expect(201)
    expect(await subscriptions(user)).toMatchObject([{ id: body.id, language: 'ru' }])
    await agent.delete(devices).send({ endpoint: browser.endpoint }).expect(204)
    await agent.delete(devices).send({ endpoint: browser.endpoint }).expect(204)
    expect(await subscriptions(user)).toEqual([])
  })

  it('of somebody else stays theirs, unless it is that very browser', async () => {
    const browser = service.aBrowser()
    await agent.post(devices).send(browser).expect(201)
    const other = await server.register()
    const theirs = await server.signIn(other)
    await theirs.delete(devices).send({ endpoint: browser.endpoint }).expect(204)
    const { keys } = service.aBrowser()
    const taken = await theirs.post(devices).send({ ...browser, keys })
    expect([taken.status, taken.body.code]).toEqual([403, 'forbidden'])
    expect(await subscriptions(user)).toHaveLength(1)
    await theirs.post(devices).send(browser).expect(201)
    expect([(await subscriptions(user)).length, (await subscriptions(other)).length]).toEqual([0, 1])
  })

  it('that subscribes fifty times at once is one; of many the newest ten are kept', async () => {
    const browser = service.aBrowser()
    const answers = await Promise.all(Array.from({ length: 50 }, () => agent.post(devices).send(browser)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(await subscriptions(user)).toHaveLength(1)
    const more = Array.from({ length: 11 }, () => service.aBrowser())
    for (const each of more) await agent.post(devices).send(each).expect(201)
    expect((await subscriptions(user)).map(({ endpoint }) => endpoint)).toEqual(
      more.slice(1).map(({ endpoint }) => endpoint),
    )
  })

  it('is pushed to as long as its sign-in lasts, and no longer', async () => {
    const [first, second] = [service.aBrowser(), service.aBrowser()]
    const other = await server.signIn(user)
    await agent.post(devices).send(first).expect(201)
    await other.post(devices).send(second).expect(201)
    await agent.post('/api/auth/logout/').expect(204)
    expect((await subscriptions(user)).map(({ endpoint }) => endpoint)).toEqual([second.endpoint])
    await other.post('/api/auth/logout-all/').expect(204)
    expect(await subscriptions(user)).toEqual([])
  })

  it('of a guest is not taken', async () => {
    await server.visitor().post(devices).send(service.aBrowser()).expect(401)
    await server.visitor().delete(devices).send({ endpoint: 'https://push.example.org/x' }).expect(401)
  })

  it.each([
    'http://push.example.org/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://localhost/x',
    'https://169.254.169.254/latest/meta-data',
    'https://push.example.org:6379/x',
    'https://redis.internal/x',
  ])('that is not at a push service is refused: %s', async (endpoint) => {
    const { body } = await agent
      .post(devices)
      .send({ ...service.aBrowser(), endpoint })
      .expect(400)
    expect(body).toEqual({ endpoint: ['This is not the address of a push service.'] })
    expect(await subscriptions(user)).toEqual([])
  })

  it('with keys that no browser makes is refused', async () => {
    const good = service.aBrowser()
    const off = `${Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]).toString('base64url')}`
    for (const keys of [
      { ...good.keys, p256dh: off },
      { ...good.keys, p256dh: good.keys.p256dh.slice(0, 40) },
      { ...good.keys, p256dh: 'no base64!' },
      { ...good.keys, auth: 'c2hvcnQ' },
      { ...good.keys, auth: '' },
      { ...good.keys, extra: 'x' },
      { p256dh: good.keys.p256dh },
    ]) {
      await agent
        .post(devices)
        .send({ ...good, keys })
        .expect(400)
    }
    for (const language of ['de', '', null, undefined]) {
      await agent
        .post(devices)
        .send({ ...good, language })
        .expect(400)
    }
    expect(await subscriptions(user)).toEqual([])
  })
})
