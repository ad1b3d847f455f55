import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Broadcast } from '../../../server/live/broadcast.ts'
import { aLiveShow, aPublisher } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

describe('announcing a broadcast', () => {
  it('is for those who have a channel', async () => {
    const body = { title: 'Lesson', starts_at: inAnHour() }
    await server.visitor().post('/api/broadcasts/').send(body).expect(401)
    await (await server.signIn(await server.register('student'))).post('/api/broadcasts/').send(body).expect(404)
    for (const role of ['teacher', 'producer', 'admin'] as const) {
      const answer = await (await server.signIn(await server.register(role)))
        .post('/api/broadcasts/')
        .send(body)
        .expect(201)
      expect(answer.body).toMatchObject({
        title: 'Lesson',
        status: 'scheduled',
        visibility: 'public',
        playback_url: null,
      })
    }
  })

  it('refuses what makes no sense', async () => {
    const agent = await server.signIn(await server.register('teacher'))
    for (const body of [
      {},
      { title: 'x', starts_at: 'tomorrow' },
      { title: '', starts_at: inAnHour() },
      { title: 'x'.repeat(201), starts_at: inAnHour() },
      { title: 'x', starts_at: inAnHour(), visibility: 'secret' },
      { title: 'x', starts_at: inAnHour(), status: 'live' },
    ]) {
      await agent.post('/api/broadcasts/').send(body).expect(400)
    }
  })

  it('can be changed and taken back by its owner, until it begins', async () => {
    const { user, streamKey } = await aPublisher(server)
    const owner = await server.signIn(user)
    const stranger = await server.signIn(await server.register('producer'))
    const { body } = await owner.post('/api/broadcasts/').send({ title: 'One', starts_at: inAnHour() }).expect(201)
    const path = `/api/broadcasts/${body.id}/`
    await stranger.patch(path).send({ title: 'Taken' }).expect(403)
    await stranger.delete(path).expect(403)
    await owner.patch(path).send({ title: 'Two' }).expect(200)
    await owner.patch(path).send({ starts_at: new Date().toISOString() }).expect(200)
    const show = await aLiveShow(server, streamKey)
    expect(show.broadcast).toBe(body.id)
    await owner.patch(path).send({ starts_at: inAnHour() }).expect(409)
    await owner.delete(path).expect(409)
    await owner.patch(path).send({ title: 'Three' }).expect(200)
    expect((await owner.get(`/api/recordings/${show.recording}/`)).body.title).toBe('Three')
    const second = await owner.post('/api/broadcasts/').send({ title: 'Later', starts_at: inAnHour() }).expect(201)
    await owner.delete(`/api/broadcasts/${second.body.id}/`).expect(204)
    await owner.get(`/api/broadcasts/${second.body.id}/`).expect(404)
  })
})

describe('what is live', () => {
  it('is listed for everybody, newest first, in pages; unlisted and unfinished starts are not', async () => {
    await using own = await startServer()
    const shows = []
    for (const visibility of ['public', 'public', 'public', 'unlisted', 'enrolled'] as const) {
      const { streamKey } = await aPublisher(own)
      const show = await aLiveShow(own, streamKey)
      await own.context.orm.em.fork().nativeUpdate(Broadcast, { id: show.broadcast }, { visibility })
      shows.push(show.broadcast)
    }
    const first = await own.visitor().get('/api/live/?page_size=2&colour=red').expect(200)
    expect(first.body.count).toBe(3)
    expect(first.body.results.map(({ id }: { id: string }) => id)).toEqual([shows[2], shows[1]])
    expect(first.body.previous).toBeNull()
    const next = new URL(first.body.next)
    expect([next.pathname, next.searchParams.get('page'), next.searchParams.get('colour')]).toEqual([
      '/api/live/',
      '2',
      'red',
    ])
    const last = await own.visitor().get('/api/live/?page_size=2&page=last').expect(200)
    expect(last.body.results.map(({ id }: { id: string }) => id)).toEqual([shows[0]])
    for (const page of ['3', '0', '-1', 'x', '99999999999999999999']) {
      const answer = await own.visitor().get(`/api/live/?page_size=2&page=${page}`)
      expect([answer.status, answer.body.detail]).toEqual([404, 'Invalid page.'])
    }
    expect((await own.visitor().get('/api/live/?page_size=100000').expect(200)).body.results).toHaveLength(3)
  })

  it('is watched by id when unlisted, and by its managers alone when it is for enrolled learners', async () => {
    const { user, channel, streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const path = `/api/broadcasts/${show.broadcast}/`
    const em = server.context.orm.em.fork()
    const onPage = async (agent = server.visitor()) =>
      (await agent.get(`/api/channels/${channel.slug}/`)).body.broadcast?.id
    const owner = await server.signIn(user)
    const admin = await server.signIn(await server.register('admin'))
    const student = await server.signIn(await server.register('student'))

    await em.nativeUpdate(Broadcast, { id: show.broadcast }, { visibility: 'unlisted' })
    expect((await server.visitor().get(path).expect(200)).body.playback_url).toContain('/live/m1/')
    expect([await onPage(), await onPage(owner)]).toEqual([undefined, show.broadcast])

    await em.nativeUpdate(Broadcast, { id: show.broadcast }, { visibility: 'enrolled' })
    await server.visitor().get(path).expect(404)
    await student.get(path).expect(404)
    await owner.get(path).expect(200)
    await admin.get(path).expect(200)
    expect([await onPage(student), await onPage(admin)]).toEqual([undefined, show.broadcast])
  })
})

describe('the health of a show', () => {
  it('is what the media process last said, for those who manage it', async () => {
    const { user, streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const path = `/api/broadcasts/${show.broadcast}/health/`
    const owner = await server.signIn(user)
    expect((await owner.get(path).expect(200)).body).toEqual({ broadcast: show.broadcast, health: null })
    const health = {
      status: 'live',
      viewers: 3,
      encoder: 'OBS',
      bitrateBps: 2_500_000,
      frameRate: 30,
      keyframeIntervalSeconds: 8.3,
      width: 1280,
      height: 720,
      droppedFrames: 2,
      speed: 1.01,
      ladder: [{ name: '720p', width: 1280, height: 720, bitrateBps: 2_500_000, isCopied: false, isShed: false }],
      warnings: ['keyframe_interval_long'],
    }
    await server.context.redis.set(`live:${show.broadcast}`, JSON.stringify(health), { PX: 10_000 })
    expect((await owner.get(path).expect(200)).body.health).toEqual({
      status: 'live',
      viewers: 3,
      encoder: 'OBS',
      bitrate_bps: 2_500_000,
      frame_rate: 30,
      keyframe_interval_seconds: 8.3,
      width: 1280,
      height: 720,
      dropped_frames: 2,
      speed: 1.01,
      ladder: [{ name: '720p', width: 1280, height: 720, bitrate_bps: 2_500_000, is_copied: false, is_shed: false }],
      warnings: ['keyframe_interval_long'],
    })
    await server.visitor().get(path).expect(401)
    await (await server.signIn(await server.register('teacher'))).get(path).expect(403)
    await (await server.signIn(await server.register('admin'))).get(path).expect(200)
  })
})
