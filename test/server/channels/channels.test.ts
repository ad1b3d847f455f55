import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Channel } from '../../../server/channels/channel.ts'
import { slugify } from '../../../server/channels/slug.ts'
import { StreamKeys } from '../../../server/channels/stream-key.ts'
import { aLiveShow, aPublisher, authorize, beat } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

describe('a stream key', () => {
  it('has at least 128 random bits and is never the same twice', () => {
    const keys = new StreamKeys('s'.repeat(40))
    const made = Array.from({ length: 100 }, () => keys.reveal(keys.create().streamKeyCipher))
    expect(new Set(made).size).toBe(100)
    for (const key of made) expect(key).toMatch(/^[\w-]{32}$/)
  })

  it('is kept encrypted, and found by a keyed hash', async () => {
    const { channel, streamKey } = await aPublisher(server)
    const [row] = await server.context.orm.em
      .fork()
      .execute<{ stream_key_hash: string }[]>('select * from channel where id = ?', [channel.id])
    expect(JSON.stringify(row)).not.toContain(streamKey)
    expect(row?.stream_key_hash).toBe(server.context.streamKeys.hash(streamKey))
    expect(new StreamKeys('another secret').hash(streamKey)).not.toBe(row?.stream_key_hash)
    expect(() => new StreamKeys('another secret').reveal(channel.streamKeyCipher)).toThrow()
  })

  it('is shown to its owner alone', async () => {
    const { user, streamKey } = await aPublisher(server)
    const owner = await server.signIn(user)
    const answer = await owner.get('/api/channels/me/stream-key/').expect(200)
    expect(answer.body).toEqual({ rtmp_url: expect.stringMatching(/^rtmp:/), stream_key: streamKey })
    expect(answer.get('cache-control')).toBe('no-store')
    await server.visitor().get('/api/channels/me/stream-key/').expect(401)
    const admin = await server.signIn(await server.register('admin'))
    expect((await admin.get('/api/channels/me/stream-key/').expect(200)).body.stream_key).not.toBe(streamKey)
    const student = await server.signIn(await server.register('student'))
    await student.get('/api/channels/me/stream-key/').expect(404)
  })

  it('is refused at once when rotated, and what runs with it is cut', async () => {
    const { user, streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const owner = await server.signIn(user)
    const { body } = await owner.post('/api/channels/me/stream-key/').expect(200)
    expect(body.stream_key).not.toBe(streamKey)
    const refused = await server.internal('/ingest/authorize', {
      stream_key: streamKey,
      node: 'm1',
      address: '192.0.2.7',
    })
    expect([refused.status, refused.body.code]).toEqual([403, 'stream_key_refused'])
    expect(await beat(server, [show.broadcast])).toEqual([show.broadcast])
    expect((await owner.get(`/api/broadcasts/${show.broadcast}/`)).body).toMatchObject({
      status: 'ended',
      cause: 'key_rotated',
    })
    expect((await authorize(server, body.stream_key)).broadcast).not.toBe(show.broadcast)
  })

  it('is in no line of the log', async () => {
    const { user, streamKey } = await aPublisher(server)
    await aLiveShow(server, streamKey)
    await server.internal('/ingest/authorize', { stream_key: 'wrong-but-secret', node: 'm1', address: '192.0.2.8' })
    await (await server.signIn(user)).get('/api/channels/me/stream-key/')
    expect(server.log()).toContain('a publisher was refused')
    expect(server.log()).not.toContain(streamKey)
    expect(server.log()).not.toContain('wrong-but-secret')
  })
})

describe('a channel', () => {
  it('is a student’s on request, once', async () => {
    const student = await server.signIn(await server.register('student'))
    await student.get('/api/channels/me/').expect(404)
    const asked = await Promise.all(Array.from({ length: 10 }, () => student.post('/api/channels/me/')))
    expect(new Set(asked.map(({ body }) => body.slug)).size).toBe(1)
    await student.get('/api/channels/me/').expect(200)
  })

  it('has an address of letters that anybody can type', () => {
    expect(slugify('Марат Ыбыраев')).toBe('marat-ybyraev')
    expect(slugify('Zoë & José')).toBe('zoe-jose')
    expect(slugify('🎉')).toBeNull()
  })

  it('gets another address when two owners have one name', async () => {
    const [one, two] = [await server.register('teacher', 'Twin'), await server.register('teacher', 'Twin')]
    await server.context.orm.em.fork().nativeUpdate(Channel, { owner: one }, { slug: 'twin' })
    const agent = await server.signIn(two)
    const taken = await agent.patch('/api/channels/me/').send({ slug: 'twin' })
    expect([taken.status, taken.body.code]).toEqual([409, 'slug_taken'])
    const reserved = await agent.patch('/api/channels/me/').send({ slug: 'me' })
    expect([reserved.status, reserved.body.code]).toEqual([409, 'slug_reserved'])
    for (const slug of ['a', '-ab', 'ab-', 'a b', '../x', 'a/b', 'ы']) {
      expect((await agent.patch('/api/channels/me/').send({ slug })).status).toBe(400)
    }
    expect(
      (await agent.patch('/api/channels/me/').send({ slug: 'Twin-2', title: ' T ' }).expect(200)).body,
    ).toMatchObject({
      slug: 'twin-2',
      title: 'T',
    })
  })

  it('changes only what may be changed', async () => {
    const { user, streamKey } = await aPublisher(server)
    const agent = await server.signIn(user)
    for (const body of [
      { owner: 1 },
      { stream_key_hash: 'x' },
      { id: 5 },
      JSON.parse('{"__proto__": {"title": "x"}}'),
    ]) {
      expect((await agent.patch('/api/channels/me/').send(body)).status).toBe(400)
    }
    expect((await agent.get('/api/channels/me/stream-key/')).body.stream_key).toBe(streamKey)
    await server.visitor().patch('/api/channels/me/').send({ title: 'x' }).expect(401)
  })
})

describe('the page of a channel', () => {
  it('is unchanged for whoever has it: 304, and the same signed URL', async () => {
    const { channel, streamKey } = await aPublisher(server)
    await aLiveShow(server, streamKey)
    const viewer = server.visitor()
    const first = await viewer.get(`/api/channels/${channel.slug}/`).expect(200)
    expect(first.body.broadcast.playback_url).toMatch(/^\/live\/m1\/b\.[0-9a-f]{24}\.g[0-9a-f]{22}\..*\/index\.m3u8$/)
    expect(first.get('cache-control')).toBe('private, no-cache')
    const etag = first.get('etag') ?? ''
    const again = await viewer.get(`/api/channels/${channel.slug}`).set('if-none-match', etag).expect(304)
    expect(again.text).toBe('')
    await viewer.head(`/api/channels/${channel.slug}/`).expect(200)
    const stranger = await server.visitor().get(`/api/channels/${channel.slug}/`).set('if-none-match', etag).expect(200)
    expect(stranger.body.broadcast.playback_url).not.toBe(first.body.broadcast.playback_url)
  })

  it('counts the viewers that the media process counted, and 0 when it is silent', async () => {
    const { channel, streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const viewers = async () => (await server.visitor().get(`/api/channels/${channel.slug}/`)).body.broadcast.viewers
    expect(await viewers()).toBe(0)
    await server.context.redis.set(`live:${show.broadcast}`, JSON.stringify({ viewers: 42 }), { PX: 10_000 })
    expect(await viewers()).toBe(42)
  })

  it('asks the database once for a thousand viewers at a time', async () => {
    await using busy = await startServer({ pageMs: 60_000 })
    const { channel } = await aPublisher(busy)
    const answers = await Promise.all(Array.from({ length: 100 }, () => busy.context.channelPages.find(channel.slug)))
    expect(new Set(answers).size).toBe(1)
  })

  it('shows an announced broadcast until the show begins, then the show', async () => {
    const { user, channel, streamKey } = await aPublisher(server)
    const agent = await server.signIn(user)
    const starts_at = new Date(Date.now() + 600_000).toISOString()
    const { body } = await agent.post('/api/broadcasts/').send({ title: 'Lesson one', starts_at }).expect(201)
    const page = async () => (await server.visitor().get(`/api/channels/${channel.slug}/`)).body.broadcast
    expect(await page()).toMatchObject({
      id: body.id,
      status: 'scheduled',
      starts_at,
      playback_url: null,
      started_at: null,
    })
    const show = await aLiveShow(server, streamKey)
    expect(show.broadcast).toBe(body.id)
    expect(await page()).toMatchObject({ id: body.id, title: 'Lesson one', status: 'live', recording: show.recording })
  })

  it('does not say live before there is something to watch', async () => {
    const { channel, streamKey } = await aPublisher(server)
    await authorize(server, streamKey)
    expect((await server.visitor().get(`/api/channels/${channel.slug}/`)).body.broadcast).toBeNull()
  })

  it('is missing for a channel that is not there', async () => {
    const answer = await server.visitor().get('/api/channels/no-such-channel/').expect(404)
    expect(answer.body).toEqual({ detail: 'There is no such channel.', code: 'channel_not_found' })
  })
})
