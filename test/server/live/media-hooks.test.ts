import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { User } from '../../../server/accounts/user.ts'
import { Broadcast } from '../../../server/live/broadcast.ts'
import { MediaEvent } from '../../../server/live/media-event.ts'
import { MediaNode } from '../../../server/live/media-node.ts'
import { Recording } from '../../../server/vod/recording.ts'
import { aLiveShow, aPublisher, aRecording, authorize, beat, closed } from '../../support/factories.ts'
import { INTERNAL_SECRET, startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const countOf = (channel: number) => {
  const em = server.context.orm.em.fork()
  return Promise.all([em.count(Broadcast, { channel }), em.count(Recording, { channel })])
}
const findBroadcast = (id: string) => server.context.orm.em.fork().findOneOrFail(Broadcast, { id })
const findRecording = (id: string) => server.context.orm.em.fork().findOneOrFail(Recording, { id })

describe('the internal endpoints', () => {
  it('are not there for whoever lacks the secret', async () => {
    for (const secret of ['', 'wrong', INTERNAL_SECRET.slice(1), `${INTERNAL_SECRET}x`]) {
      await request(server.server)
        .post('/internal/ingest/authorize')
        .set('x-internal-secret', secret)
        .send({ stream_key: 'x', node: 'm1', address: '::1' })
        .expect(404)
    }
  })

  it('refuse what is malformed', async () => {
    await server.internal('/ingest/authorize', { node: 'm1' }).expect(400)
    await server.internal('/broadcasts/short/started', {}).expect(400)
    await server.internal('/nodes/..%2f/beat', { url: 'x', rtmp_url: 'y', broadcasts: [] }).expect(400)
    await server.internal('/nodes/m1/beat', { url: 'x', rtmp_url: 'y', broadcasts: ['x'] }).expect(400)
  })
})

describe('a publisher at the door', () => {
  it('with an unknown key is refused in one sentence', async () => {
    const answer = await server.internal('/ingest/authorize', { stream_key: 'nope', node: 'm1', address: '192.0.2.20' })
    expect([answer.status, answer.body]).toEqual([
      403,
      { detail: 'This stream key is not known. Copy it again from the studio.', code: 'stream_key_refused' },
    ])
  })

  it('that keeps trying is slowed, others are not', async () => {
    await using strict = await startServer({ limitFactor: 1 })
    const { streamKey } = await aPublisher(strict)
    const attempt = (stream_key: string, address: string) =>
      strict.internal('/ingest/authorize', { stream_key, node: 'm1', address })
    for (let time = 0; time < 5; time++) {
      expect((await attempt(`wrong ${time}`, '192.0.2.66')).body.code).toBe('stream_key_refused')
    }
    expect((await attempt('wrong again', '192.0.2.66')).body.code).toBe('publish_slowed')
    await attempt(streamKey, '192.0.2.67').expect(200)
  })

  it('whose account is closed is refused', async () => {
    const { user, streamKey } = await aPublisher(server)
    await server.context.orm.em.fork().nativeUpdate(User, { id: user.id }, { isActive: false })
    await server.internal('/ingest/authorize', { stream_key: streamKey, node: 'm1', address: '192.0.2.1' }).expect(403)
  })

  it('opens a new public broadcast with its recording', async () => {
    const { channel, streamKey } = await aPublisher(server)
    const show = await authorize(server, streamKey)
    expect(show).toEqual({
      channel: channel.slug,
      broadcast: expect.stringMatching(/^[0-9a-f]{24}$/),
      recording: expect.stringMatching(/^[0-9a-f]{24}$/),
      title: channel.title,
    })
    expect(await findBroadcast(show.broadcast)).toMatchObject({ status: 'live', visibility: 'public', node: 'm1' })
    expect(await findRecording(show.recording)).toMatchObject({ status: 'live', node: 'm1' })
  })

  it('twenty at once with one key make one broadcast and one recording', async () => {
    const { channel, streamKey } = await aPublisher(server)
    const shows = await Promise.all(Array.from({ length: 20 }, () => authorize(server, streamKey)))
    expect(new Set(shows.map((show) => JSON.stringify(show))).size).toBe(1)
    expect(await countOf(channel.id)).toEqual([1, 1])
  })

  it('who returns gets the running broadcast', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    expect(await authorize(server, streamKey)).toEqual(show)
  })

  it('opens the announced broadcast that is due, with its title and visibility', async () => {
    const { user, streamKey } = await aPublisher(server)
    const agent = await server.signIn(user)
    const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
    const announce = async (title: string, minutes: number) =>
      (
        await agent
          .post('/api/broadcasts/')
          .send({ title, starts_at: at(minutes), visibility: 'unlisted' })
          .expect(201)
      ).body
    await announce('Tomorrow', 24 * 60)
    await announce('Just missed', -40)
    const due = await announce('Now', 10)
    const show = await authorize(server, streamKey)
    expect(show).toMatchObject({ broadcast: due.id, title: 'Now' })
    expect(await findRecording(show.recording)).toMatchObject({ title: 'Now', visibility: 'unlisted' })
  })

  it('is refused while the channel is live on another node that lives, and let in when that node is gone', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey, 'm1')
    const elsewhere = () =>
      server.internal('/ingest/authorize', { stream_key: streamKey, node: 'm2', address: '192.0.2.1' })
    expect((await elsewhere().expect(403)).body.code).toBe('live_elsewhere')
    await server.context.orm.em
      .fork()
      .nativeUpdate(MediaNode, { name: 'm1' }, { lastBeatAt: new Date(Date.now() - 61_000) })
    const next = await elsewhere().expect(200)
    expect(next.body.broadcast).not.toBe(show.broadcast)
    expect(await findBroadcast(show.broadcast)).toMatchObject({ status: 'ended', cause: 'node_lost' })
  })

  it('is not let in by reflex right after the show was ended in the studio', async () => {
    const { user, streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    await (await server.signIn(user)).post(`/api/broadcasts/${show.broadcast}/end/`).expect(200)
    const reflex = () =>
      server.internal('/ingest/authorize', { stream_key: streamKey, node: 'm1', address: '192.0.2.1' })
    expect((await reflex()).body.code).toBe('show_just_ended')
    const em = server.context.orm.em.fork()
    await em.nativeUpdate(Broadcast, { id: show.broadcast }, { endedAt: new Date(Date.now() - 11_000) })
    await reflex().expect(200)
  })
})

describe('a report', () => {
  it('counts once, however often it is sent', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await authorize(server, streamKey)
    const report = (started_at: string) =>
      server.internal(`/broadcasts/${show.broadcast}/started`, {
        event_id: `${show.broadcast}:started`,
        node: 'm1',
        started_at,
      })
    const answers = await Promise.all(Array.from({ length: 10 }, () => report('2026-01-01T10:00:00.000Z')))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(204))
    await report('2026-01-01T11:00:00.000Z').expect(204)
    expect((await findBroadcast(show.broadcast)).startedAt).toEqual(new Date('2026-01-01T10:00:00.000Z'))
    expect(await server.context.orm.em.fork().count(MediaEvent, { id: `${show.broadcast}:started` })).toBe(1)
  })

  it('of something that is gone is taken, or it would be repeated for ever', async () => {
    const nothing = 'f'.repeat(24)
    const head = { event_id: 'gone-1', node: 'm1' }
    await server.internal(`/broadcasts/${nothing}/started`, { ...head, started_at: '2026-01-01T10:00:00Z' }).expect(204)
    await server
      .internal(`/broadcasts/${nothing}/ended`, {
        ...head,
        event_id: 'gone-2',
        ended_at: '2026-01-01T10:00:00Z',
        cause: null,
      })
      .expect(204)
    await server
      .internal(
        `/recordings/${nothing}/closed`,
        closed({ channel: '', title: '', broadcast: nothing, recording: nothing } as never),
      )
      .expect(204)
  })

  it('of an end before any picture came makes broadcast and recording failed', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await authorize(server, streamKey)
    await server
      .internal(`/broadcasts/${show.broadcast}/ended`, {
        event_id: `${show.broadcast}:ended`,
        node: 'm1',
        ended_at: '2026-01-01T10:00:00Z',
        cause: 'publisher_lost',
      })
      .expect(204)
    expect(await findBroadcast(show.broadcast)).toMatchObject({ status: 'failed', cause: 'publisher_lost' })
    expect(await findRecording(show.recording)).toMatchObject({ status: 'failed', node: null })
  })

  it('of a closed recording makes it ready, from its node until it is uploaded, in whatever order the two come', async () => {
    const { streamKey } = await aPublisher(server)
    const early = await aRecording(server, streamKey, { isUploaded: false })
    expect(await findRecording(early.recording)).toMatchObject({
      status: 'ready',
      node: 'm1',
      width: 1280,
      renditions: ['720p', '480p'],
    })
    await server.internal(`/recordings/${early.recording}/closed`, closed(early, { is_uploaded: true })).expect(204)
    expect(await findRecording(early.recording)).toMatchObject({ status: 'ready', node: null })
    await server.internal(`/recordings/${early.recording}/closed`, closed(early, { is_uploaded: false })).expect(204)
    expect(await findRecording(early.recording)).toMatchObject({ status: 'ready', node: null })
  })

  it('of a recording with nothing in it makes it failed, with nothing to play', async () => {
    const { user, streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    await server.internal(`/recordings/${show.recording}/closed`, closed(show, { is_playable: false })).expect(204)
    const answer = await (await server.signIn(user)).get(`/api/recordings/${show.recording}/`).expect(200)
    expect(answer.body).toMatchObject({
      status: 'failed',
      playback_url: null,
      thumbnail_url: null,
      storyboard_url: null,
    })
  })
})

describe('a beat', () => {
  it('names what the node must end: over, unknown, another node’s, of a closed account', async () => {
    const [running, over, foreign, closedAccount] = await Promise.all(
      Array.from({ length: 4 }, () => aPublisher(server)),
    )
    if (!running || !over || !foreign || !closedAccount) throw new Error('four publishers')
    const live = await aLiveShow(server, running.streamKey)
    const ended = await aRecording(server, over.streamKey)
    const elsewhere = await aLiveShow(server, foreign.streamKey, 'm9')
    const orphan = await aLiveShow(server, closedAccount.streamKey)
    await server.context.orm.em.fork().nativeUpdate(User, { id: closedAccount.user.id }, { isActive: false })
    const unknown = 'e'.repeat(24)
    const cut = await beat(server, [live, ended, elsewhere, orphan].map(({ broadcast }) => broadcast).concat(unknown))
    expect(cut.sort()).toEqual([ended.broadcast, elsewhere.broadcast, orphan.broadcast, unknown].sort())
  })

  it('brings back a show that was only cut off from us', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const em = server.context.orm.em.fork()
    await em.nativeUpdate(
      Broadcast,
      { id: show.broadcast },
      { status: 'ended', endedAt: new Date(), cause: 'node_lost' },
    )
    await em.nativeUpdate(Recording, { id: show.recording }, { status: 'failed', node: null })
    expect(await beat(server, [show.broadcast])).toEqual([])
    expect(await findBroadcast(show.broadcast)).toMatchObject({ status: 'live', endedAt: null, cause: null })
    expect(await findRecording(show.recording)).toMatchObject({ status: 'live', node: 'm1' })
  })
})

describe('ending a show in the studio', () => {
  it('tells the node at once, over its unix socket, with the secret', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ustat-node-'))
    const heard: { url?: string; method?: string; secret?: unknown }[] = []
    const node = createServer((call, answer) => {
      heard.push({ url: call.url, method: call.method, secret: call.headers['x-internal-secret'] })
      answer.writeHead(204).end()
    })
    await new Promise<void>((resolve) => node.listen(join(directory, 'media.sock'), resolve))
    try {
      const { user, streamKey } = await aPublisher(server)
      const show = await aLiveShow(server, streamKey)
      await beat(server, [show.broadcast], 'm1', `unix:${join(directory, 'media.sock')}`)
      const owner = await server.signIn(user)
      const { body } = await owner.post(`/api/broadcasts/${show.broadcast}/end/`).expect(200)
      expect(body).toMatchObject({ status: 'ended', cause: 'ended_in_studio', playback_url: null })
      expect(heard).toEqual([
        { url: `/internal/broadcasts/${show.broadcast}/end`, method: 'POST', secret: INTERNAL_SECRET },
      ])
      const again = await owner.post(`/api/broadcasts/${show.broadcast}/end/`)
      expect([again.status, again.body.code]).toEqual([409, 'broadcast_not_live'])
    } finally {
      await new Promise((resolve) => node.close(resolve))
      rmSync(directory, { recursive: true })
    }
  })

  it('works while the node is deaf: its next beat is told', async () => {
    const { user, streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    await (await server.signIn(user)).post(`/api/broadcasts/${show.broadcast}/end/`).expect(200)
    expect(await beat(server, [show.broadcast])).toEqual([show.broadcast])
  })

  it('is its owner’s and an admin’s', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const path = `/api/broadcasts/${show.broadcast}/end/`
    await server.visitor().post(path).expect(401)
    for (const role of ['student', 'teacher', 'producer'] as const) {
      await (await server.signIn(await server.register(role))).post(path).expect(403)
    }
    await (await server.signIn(await server.register('admin'))).post(path).expect(200)
  })
})
