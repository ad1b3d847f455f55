import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { ChannelFollow } from '../../../server/channels/channel-follow.ts'
import { aLiveShow, aPublisher, type TestPublisher } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let publisher: TestPublisher
let fan: User
let path: string

beforeAll(async () => {
  server = await startServer()
  publisher = await aPublisher(server)
  fan = await server.register('student', 'Fan')
  path = `/api/channels/${publisher.channel.slug}/follow/`
})

afterAll(() => server?.[Symbol.asyncDispose]())

describe('following a channel', () => {
  it('is for those who are signed in, and for channels of others that exist', async () => {
    await server.visitor().post(path).expect(401)
    await server.visitor().delete(path).expect(401)
    await server.visitor().get('/api/channels/following/').expect(401)
    const agent = await server.signIn(fan)
    await agent.post('/api/channels/nobody-here/follow/').expect(404)
    const owner = await server.signIn(publisher.user)
    const { body } = await owner.post(path).expect(409)
    expect(body.code).toBe('own_channel')
  })

  it('counts once, however often and however much at once it is asked for', async () => {
    const agent = await server.signIn(fan)
    const answers = await Promise.all(Array.from({ length: 50 }, () => agent.post(path)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await server.context.orm.em.fork().count(ChannelFollow, { channel: publisher.channel })).toBe(1)
    const { body } = await agent.get(path).expect(200)
    expect(body).toEqual({ is_following: true, followers_count: 1 })
    expect((await server.visitor().get(path).expect(200)).body).toEqual({ is_following: false, followers_count: 1 })
    const page = await server.visitor().get(`/api/channels/${publisher.channel.slug}/`).expect(200)
    expect(page.body.followers_count).toBe(1)
    expect(page.body).not.toHaveProperty('is_following')
  })

  it('is listed for oneself alone, with what is on air', async () => {
    const agent = await server.signIn(fan)
    const before = await agent.get('/api/channels/following/').expect(200)
    expect(before.body).toMatchObject({ count: 1, results: [{ slug: publisher.channel.slug, is_live: false }] })
    await aLiveShow(server, publisher.streamKey)
    const during = await agent.get('/api/channels/following/').expect(200)
    expect(during.body.results[0]).toMatchObject({ is_live: true, owner: { id: publisher.user.id } })
    const other = await server.signIn(await server.register('student'))
    expect((await other.get('/api/channels/following/').expect(200)).body.count).toBe(0)
  })

  it('ends, and ends again without harm, for oneself alone', async () => {
    const other = await server.signIn(await server.register('student'))
    expect((await other.delete(path).expect(200)).body).toEqual({ is_following: false, followers_count: 1 })
    const agent = await server.signIn(fan)
    expect((await agent.delete(path).expect(200)).body).toEqual({ is_following: false, followers_count: 0 })
    expect((await agent.delete(path).expect(200)).body).toEqual({ is_following: false, followers_count: 0 })
  })
})
