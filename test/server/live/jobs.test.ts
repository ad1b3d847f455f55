import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthToken } from '../../../server/accounts/auth-token.ts'
import type { Context } from '../../../server/context.ts'
import { purgeStaleRows } from '../../../server/jobs/purge-stale-rows.job.ts'
import { Broadcast } from '../../../server/live/broadcast.ts'
import { endLostBroadcasts } from '../../../server/live/end-lost-broadcasts.job.ts'
import { MediaNode } from '../../../server/live/media-node.ts'
import { WebhookEvent } from '../../../server/payments/webhook-event.ts'
import { Recording } from '../../../server/vod/recording.ts'
import { aLiveShow, aPublisher, beat } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
/** The worker's, which reaches the api over TCP here. */
let context: Context
beforeAll(async () => {
  server = await startServer()
  const { port } = server.server.address() as AddressInfo
  context = { ...server.context, config: { ...server.config, apiUrl: `http://127.0.0.1:${port}` } }
})
afterAll(() => server[Symbol.asyncDispose]())

const check = async (times: number) => {
  for (let time = 0; time < times; time++) await endLostBroadcasts(context)
}
const findBroadcast = (id: string) => server.context.orm.em.fork().findOneOrFail(Broadcast, { id })

describe('a media process that is gone', () => {
  it('for more than a minute: its broadcast is ended, its recording closed', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    await check(6)
    expect((await findBroadcast(show.broadcast)).status).toBe('live')
    await check(1)
    expect(await findBroadcast(show.broadcast)).toMatchObject({ status: 'ended', cause: 'node_lost' })
    const recording = await server.context.orm.em.fork().findOneOrFail(Recording, { id: show.recording })
    expect(recording).toMatchObject({ status: 'failed', node: null })
  })

  it('for less: a beat that names the broadcast starts the count anew', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    for (let round = 0; round < 3; round++) {
      await check(6)
      await beat(server, [show.broadcast])
    }
    expect((await findBroadcast(show.broadcast)).status).toBe('live')
    // It lives, but has lost this one.
    for (let round = 0; round < 7; round++) {
      await beat(server, [])
      await check(1)
    }
    expect((await findBroadcast(show.broadcast)).cause).toBe('node_lost')
  })

  it('after its show was ended in the studio, too: the recording does not stay on air for ever', async () => {
    const { user, streamKey } = await aPublisher(server)
    const agent = await server.signIn(user)
    const show = await aLiveShow(server, streamKey)
    const em = server.context.orm.em.fork()
    await agent.post(`/api/broadcasts/${show.broadcast}/end/`).expect(200)
    const statusOf = async () => (await em.fork().findOneOrFail(Recording, { id: show.recording })).status
    const ended = (minutesAgo: number) =>
      em.nativeUpdate(Broadcast, { id: show.broadcast }, { endedAt: new Date(Date.now() - minutesAgo * 60_000) })
    const beaten = (minutesAgo: number) =>
      em.nativeUpdate(MediaNode, { name: 'm1' }, { lastBeatAt: new Date(Date.now() - minutesAgo * 60_000) })
    await beat(server, [])
    // Its media process has told of the end, and is about to tell of the recording; then it was restarted.
    for (const [end, silence] of [
      [0, 0],
      [11, 0],
      [0, 11],
    ] as const) {
      await ended(end)
      await beaten(silence)
      await check(1)
      expect(await statusOf()).toBe('live')
    }
    await ended(11)
    await check(1)
    expect(await statusOf()).toBe('failed')
  })

  it('and came back without the show: what it never told of is closed after a day', async () => {
    const { user, streamKey } = await aPublisher(server)
    const agent = await server.signIn(user)
    const show = await aLiveShow(server, streamKey)
    const em = server.context.orm.em.fork()
    await agent.post(`/api/broadcasts/${show.broadcast}/end/`).expect(200)
    await em.nativeUpdate(Broadcast, { id: show.broadcast }, { endedAt: new Date(Date.now() - 25 * 3600_000) })
    await beat(server, [])
    await check(1)
    expect((await em.fork().findOneOrFail(Recording, { id: show.recording })).status).toBe('failed')
  })

  it('is not missed while the api is away, since no beat could arrive', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const away = { ...context, config: { ...context.config, apiUrl: `http://127.0.0.1:${port}` } }
    for (let time = 0; time < 10; time++) await endLostBroadcasts(away)
    expect((await findBroadcast(show.broadcast)).status).toBe('live')
  })
})

describe('the purge', () => {
  it('removes tokens a week after their end, and no open one', async () => {
    const user = await server.register()
    const agent = await server.signIn(user)
    const em = server.context.orm.em.fork()
    const week = new Date(Date.now() - 8 * 24 * 3600_000)
    const gone = await server.register()
    await server.signIn(gone)
    await em.nativeUpdate(AuthToken, { user: gone.id }, { expiresAt: week })
    await purgeStaleRows(server.context.orm)
    expect(await em.count(AuthToken, { user: gone.id })).toBe(0)
    await agent.get('/api/auth/me/').expect(200)
  })

  it('forgets after 90 days what a payment provider wrote, but not that it did', async () => {
    const em = server.context.orm.em.fork()
    const long = new Date(Date.now() - 91 * 24 * 3600_000)
    const event = (eventId: string, given: object) =>
      em.create(WebhookEvent, { provider: 'x', eventId, type: 't', payload: { card: 'of somebody' }, ...given })
    event('old', { createdAt: long, processedAt: long })
    event('unseen', { createdAt: long, processedAt: null })
    event('new', { processedAt: new Date() })
    await em.flush()
    await purgeStaleRows(server.context.orm)
    const kept = await server.context.orm.em.fork().find(WebhookEvent, {}, { orderBy: { id: 'asc' } })
    expect(kept.map(({ eventId, payload }) => [eventId, Object.keys(payload).length])).toEqual([
      ['old', 0],
      ['unseen', 1],
      ['new', 1],
    ])
  })
})
