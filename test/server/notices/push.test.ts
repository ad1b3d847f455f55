import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { createContext } from '../../../server/context.ts'
import { startJobs } from '../../../server/jobs/schedule.ts'
import { PushSubscription } from '../../../server/notices/push-subscription.ts'
import { aLiveShow, aPublisher } from '../../support/factories.ts'
import { takeJobs } from '../../support/mail.ts'
import { type BrowserSubscription, type PushService, startPushService } from '../../support/push-service.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { follow, noticesOf, subscribe, vapid, work } from './support.ts'

let service: PushService
let server: TestServer
beforeAll(async () => {
  service = await startPushService()
  server = await startServer({ env: vapid, pushAgent: service.agent })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})
beforeEach(() => {
  service.received.length = 0
})

/** Somebody who follows a channel with a browser that may be pushed to, and that channel. */
async function aFollower(language: 'ru' | 'en' = 'en') {
  const publisher = await aPublisher(server)
  const user = await server.register()
  const browser = service.aBrowser(language)
  await follow(server, publisher.channel, user)
  await subscribe(server, user, browser)
  return { publisher, user, browser }
}

const subscriptionsOf = (user: User) => server.context.orm.em.fork().count(PushSubscription, { user: user.id })
const pushesTo = ({ endpoint }: BrowserSubscription) => service.received.filter((push) => push.endpoint === endpoint)

/** Pushes that wait, and for how many seconds. */
async function waiting(): Promise<{ attempt: number; seconds: number }[]> {
  return server.context.orm.em.fork().execute(
    `select (data->>'attempt')::int as attempt, round(extract(epoch from start_after - created_on))::int as seconds
       from pgboss.job where name = 'send-pushes' and state = 'created' order by 2`,
  )
}

describe('a follower with a closed page', () => {
  it('is pushed to within moments of the show, by a real worker, so that their browser alone can read it', async () => {
    const { publisher, user, browser } = await aFollower()
    const worker = await createContext(server.config, { role: 'worker', pushAgent: service.agent })
    try {
      using _jobs = await startJobs(worker)
      const show = await aLiveShow(server, publisher.streamKey)
      await vi.waitFor(() => expect(pushesTo(browser)).toHaveLength(1), { timeout: 20_000 })
      const [push] = pushesTo(browser)
      expect(push?.payload).toEqual({
        id: `live:${show.broadcast}`,
        title: `${publisher.channel.title} is live`,
        body: '',
        url: `/c/${publisher.channel.slug}`,
        lang: 'en',
      })
      expect(push?.publicKey).toBe(vapid.VAPID_PUBLIC_KEY)
      expect(push?.claims.sub).toBe('mailto:no-reply@ustat.test')
      // RFC 8292, 2: at most 24 hours.
      expect((push?.claims.exp ?? 0) - Date.now() / 1000).toBeLessThan(24 * 3600)
      expect(push?.headers).toMatchObject({
        'content-encoding': 'aes128gcm',
        ttl: '7200',
        urgency: 'normal',
        topic: expect.stringMatching(/^[\w-]{32}$/),
      })
      expect(await noticesOf(server, user)).toHaveLength(1)
    } finally {
      await worker[Symbol.asyncDispose]()
    }
  })

  it('reads it in the language of that browser, without what is too long for a screen', async () => {
    const { publisher, browser } = await aFollower('ru')
    const em = server.context.orm.em.fork()
    await em.execute('update channel set title = ? where id = ?', ['Ж'.repeat(100), publisher.channel.id])
    await aLiveShow(server, publisher.streamKey)
    await work(server)
    const { title, lang } = pushesTo(browser)[0]?.payload ?? {}
    expect([title, lang]).toEqual([`${'Ж'.repeat(100)} в эфире`, 'ru'])
  })

  it('hears nothing of a show that has ended meanwhile, nor of what they have read', async () => {
    const { publisher, user, browser } = await aFollower()
    const other = await aFollower()
    const show = await aLiveShow(server, publisher.streamKey)
    await aLiveShow(server, other.publisher.streamKey, 'm2')
    const em = server.context.orm.em.fork()
    const sending = server.context.queue.add.bind(server.context.queue)
    vi.spyOn(server.context.queue, 'add').mockImplementation(async (name, ...rest) => {
      if (name === 'send-pushes') {
        await em.execute(`update broadcast set status = 'ended' where id = ?`, [show.broadcast])
        await em.execute('update notification set read_at = now() where user_id = ?', [other.user.id])
      }
      return sending(name, ...rest)
    })
    await work(server)
    vi.restoreAllMocks()
    expect(await noticesOf(server, user)).toHaveLength(1)
    expect([pushesTo(browser), pushesTo(other.browser)]).toEqual([[], []])
  })

  it('of a browser at which somebody else has signed in meanwhile, is not told to that person', async () => {
    const { publisher, browser } = await aFollower()
    await aLiveShow(server, publisher.streamKey)
    await work(server)
    service.received.length = 0
    const late = await takeLate(publisher.channel.id)
    await subscribe(server, await server.register(), browser)
    await server.context.queue.add('send-pushes', { pushes: late, attempt: 1 })
    await work(server)
    expect(pushesTo(browser)).toEqual([])
  })

  /** What a worker that was slow would still send. */
  function takeLate(channel: number): Promise<{ notice: number; subscription: number }[]> {
    return server.context.orm.em.fork().execute(
      `select n.id as notice, s.id as subscription from channel_follow f
         join notification n on n.user_id = f.user_id join push_subscription s on s.user_id = f.user_id
        where f.channel_id = ?`,
      [channel],
    )
  }
})

describe('a push service that', () => {
  const status =
    (code: number, headers: Record<string, string> = {}) =>
    (response: ServerResponse) =>
      void response.writeHead(code, headers).end()

  it.each([404, 410])('answers %i has no such browser any more: it is forgotten', async (code) => {
    const { publisher, user, browser } = await aFollower()
    service.answer(browser.endpoint, status(code))
    await aLiveShow(server, publisher.streamKey)
    await work(server)
    expect([service.asked(browser.endpoint), await subscriptionsOf(user)]).toEqual([1, 0])
    expect(await waiting()).toEqual([])
  })

  it('is busy gets it when it says, and once', async () => {
    const { publisher, user, browser } = await aFollower()
    const date = new Date(Date.now() + 600_000).toUTCString()
    service.answer(browser.endpoint, status(429, { 'retry-after': '120' }), status(503, { 'retry-after': date }))
    await aLiveShow(server, publisher.streamKey)
    await work(server)
    expect(await waiting()).toEqual([{ attempt: 2, seconds: 120 }])
    await work(server)
    expect(await waiting()).toEqual([{ attempt: 3, seconds: 600 }])
    await work(server)
    expect(await waiting()).toEqual([])
    expect([service.asked(browser.endpoint), pushesTo(browser).length]).toEqual([3, 1])
    expect(await subscriptionsOf(user)).toBe(1)
  })

  it('fails is asked again after a while that doubles, and given up in the end', async () => {
    const { publisher, user, browser } = await aFollower()
    service.answer(browser.endpoint, ...Array.from({ length: 9 }, () => status(500)))
    await aLiveShow(server, publisher.streamKey)
    const waits: number[] = []
    for (let attempt = 0; attempt < 6; attempt++) {
      await work(server)
      waits.push(...(await waiting()).map(({ seconds }) => seconds))
    }
    expect(waits).toEqual([30, 60, 120, 240, 480])
    expect([service.asked(browser.endpoint), await subscriptionsOf(user)]).toEqual([6, 1])
  })

  it('hangs up is asked again; another, beside it, is not kept waiting by what the first asks for', async () => {
    const { publisher, browser } = await aFollower()
    const [second, third] = [await server.register(), await server.register()]
    const browsers = [service.aBrowser(), service.aBrowser()] as const
    await follow(server, publisher.channel, second, third)
    await subscribe(server, second, browsers[0])
    await subscribe(server, third, browsers[1])
    service.answer(browser.endpoint, (response) => void response.destroy())
    service.answer(browsers[0].endpoint, status(429, { 'retry-after': '999999999' }))
    await aLiveShow(server, publisher.streamKey)
    await work(server)
    expect(pushesTo(browsers[1])).toHaveLength(1)
    expect(await waiting()).toEqual([
      { attempt: 2, seconds: 30 },
      { attempt: 2, seconds: 3600 },
    ])
    await takeJobs(server, 'send-pushes')
  })

  it('leads elsewhere is not followed, and one that talks without end is not listened to', async () => {
    const { publisher, user, browser } = await aFollower()
    const talker = service.aBrowser()
    await subscribe(server, user, talker)
    let isCut = false
    service.answer(browser.endpoint, status(302, { location: 'https://push.example.org/elsewhere' }))
    service.answer(talker.endpoint, (response) => {
      response.writeHead(201)
      response.on('close', () => {
        isCut = true
      })
      const talk = () => {
        if (!response.destroyed) response.write('x'.repeat(8192), talk)
      }
      talk()
    })
    await aLiveShow(server, publisher.streamKey)
    await work(server)
    expect(await waiting()).toEqual([])
    expect(service.asked('https://push.example.org/elsewhere')).toBe(0)
    await expect.poll(() => isCut).toBe(true)
    expect(server.log()).toContain('a push was refused')
    expect(server.log()).not.toContain(browser.endpoint)
  })
})

describe('a site without a key pair', () => {
  it('offers no push and takes no browser, but has notices', async () => {
    await using plain = await startServer()
    const user = await plain.register()
    const agent = await plain.signIn(user)
    expect((await agent.get('/api/push-subscriptions/key/')).body).toEqual({ public_key: null })
    const refused = await agent.post('/api/push-subscriptions/').send(service.aBrowser())
    expect([refused.status, refused.body.code]).toEqual([409, 'push_off'])
    const publisher = await aPublisher(plain)
    await follow(plain, publisher.channel, user)
    await aLiveShow(plain, publisher.streamKey)
    await work(plain)
    expect(await noticesOf(plain, user)).toHaveLength(1)
    expect(await takeJobs(plain, 'send-pushes')).toEqual([])
  })
})
