import { once } from 'node:events'
import { request as call, createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { Registry } from 'prom-client'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ObjectStore, ObjectStoreError } from '../../../media/storage/object-store.ts'
import { type PathToken, signPathToken } from '../../../media/storage/signed-path.ts'
import { createApp } from '../../../server/app.ts'
import { MediaNode } from '../../../server/live/media-node.ts'
import { Video } from '../../../server/videos/video.ts'
import { aLiveShow, aPublisher, aRecording, closed, type TestShow } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let stored: TestShow
let waiting: TestShow
beforeAll(async () => {
  server = await startServer()
  stored = await aRecording(server, (await aPublisher(server)).streamKey)
  waiting = await aRecording(server, (await aPublisher(server)).streamKey, { isUploaded: false })
})
afterAll(() => server[Symbol.asyncDispose]())

const now = () => Math.floor(Date.now() / 1000)
const sign = (differences: Partial<PathToken> = {}, secret = server.config.secrets.token) =>
  signPathToken(
    {
      kind: 'recording',
      id: stored.recording,
      subject: 'gguest',
      enrollment: null,
      issuedAt: now() - 10,
      expiresAt: now() + 100,
      ...differences,
    },
    secret,
  )
const get = (path: string) => request(server.server).get(path)
const url = (path: string, token = sign()) => `/vod/${token}/${stored.recording}/${path}`

describe('a recording on disk', () => {
  it('is sent by nginx, with its type and a lifetime', async () => {
    for (const [path, type] of [
      ['index.m3u8', 'application/vnd.apple.mpegurl'],
      ['720p/index.m3u8', 'application/vnd.apple.mpegurl'],
      ['720p/init-0.mp4', 'video/mp4'],
      ['720p/17.m4s', 'video/iso.segment'],
      ['thumbnail.jpg', 'image/jpeg'],
      ['thumbnail-640.avif', 'image/avif'],
      ['thumbnail-640.webp', 'image/webp'],
      ['storyboard.vtt', 'text/vtt; charset=utf-8'],
      ['storyboard-3.jpg', 'image/jpeg'],
    ] as const) {
      const answer = await get(url(path)).expect(200)
      expect(answer.get('x-accel-redirect')).toBe(`/_store/recordings/${stored.recording}/${path}`)
      expect(answer.get('content-type')).toBe(type)
      expect(answer.get('cache-control')).toMatch(/^private, max-age=\d+/)
      expect(answer.get('access-control-allow-origin')).toBe('*')
      expect(answer.get('set-cookie')).toBeUndefined()
    }
    await request(server.server).head(url('index.m3u8')).expect(200)
  })

  it('leaves ranges to nginx', async () => {
    const answer = await get(url('720p/17.m4s')).set('range', 'bytes=0-99').expect(200)
    expect(answer.get('x-accel-redirect')).toBeDefined()
    expect(answer.get('content-range')).toBeUndefined()
  })

  it('is played by the URL that the API gives, by whoever has it', async () => {
    const { body } = await server.visitor().get(`/api/recordings/${stored.recording}/`).expect(200)
    for (const path of [body.playback_url, body.thumbnail_url, body.storyboard_url]) await get(path).expect(200)
  })
})

describe('a recording that is not uploaded whole', () => {
  const path = () => `/vod/${sign({ id: waiting.recording })}/${waiting.recording}/720p/3.m4s`

  it('comes from its media process, under the same URL', async () => {
    const answer = await get(path()).expect(200)
    expect(answer.get('x-accel-redirect')).toBe(`/_media/m1${path()}`)
  })

  it('comes from the store when that process is gone', async () => {
    await using own = await startServer()
    const show = await aRecording(own, (await aPublisher(own)).streamKey, { isUploaded: false })
    await own.context.orm.em
      .fork()
      .nativeUpdate(MediaNode, { name: 'm1' }, { lastBeatAt: new Date(Date.now() - 120_000) })
    const token = sign({ id: show.recording }, own.config.secrets.token)
    const answer = await request(own.server).get(`/vod/${token}/${show.recording}/index.m3u8`).expect(200)
    expect(answer.get('x-accel-redirect')).toBe(`/_store/recordings/${show.recording}/index.m3u8`)
  })
})

describe('the place of a recording, which nginx asks for', () => {
  const place = (token = sign(), id = stored.recording) => get(`/vod-place/${token}/${id}`)

  it('is told for a second, of what lies in the store whole', async () => {
    const answer = await place().expect(204)
    expect(answer.get('x-vod-folder')).toBe('recordings')
    expect(answer.get('x-accel-expires')).toBe('1')
  })

  it('is not told of what a media process has, of what there is not, nor to whom it is not opened', async () => {
    const lost = 'f'.repeat(24)
    const user = await server.register()
    const agent = await server.signIn(user)
    const path = (await agent.get(`/api/recordings/${stored.recording}/`)).body.playback_url as string
    const token = path.split('/')[2] ?? ''
    await place(token).expect(204)
    await agent.post('/api/auth/logout/').expect(204)
    for (const [of, id] of [
      [sign({ id: waiting.recording }), waiting.recording],
      [sign({ id: lost }), lost],
      [sign({ expiresAt: now() - 1 }), stored.recording],
      [sign({ id: waiting.recording }), stored.recording],
      [sign({ kind: 'broadcast' }), stored.recording],
      [sign({ kind: 'video' }), stored.recording],
      ['nonsense', stored.recording],
      [token, stored.recording],
    ] as const) {
      const answer = await place(of, id).expect(403)
      expect(answer.get('x-vod-folder')).toBeUndefined()
      // Kept as well: what was said before must not be used again.
      expect(answer.get('x-accel-expires')).toBe('1')
    }
  })
})

describe('a token', () => {
  it.each<[string, () => string]>([
    ['that is none', () => 'nonsense'],
    ['with an edited character', () => sign().replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['with an edited time', () => sign().replace(String(now() + 100), String(now() + 99_999))],
    ['that has expired', () => sign({ expiresAt: now() - 1 })],
    ['of another secret', () => sign({}, 'x'.repeat(40))],
    ['of another recording', () => sign({ id: waiting.recording })],
    ['of a broadcast with the same id', () => sign({ kind: 'broadcast' })],
  ])('%s is refused', async (_, token) => {
    const answer = await get(url('index.m3u8', token()))
    expect([answer.status, answer.body.code]).toEqual([403, 'playback_refused'])
    expect(answer.get('x-accel-redirect')).toBeUndefined()
  })

  it('of a video opens no recording with the same id, and the other way round', async () => {
    const video = await get(url('index.m3u8', sign({ kind: 'video' })))
    expect([video.status, video.body.code]).toEqual([404, 'video_not_found'])
    expect(video.get('x-accel-redirect')).toBeUndefined()
    const em = server.context.orm.em.fork()
    const { user: owner, streamKey } = await aPublisher(server)
    const { recording: id } = await aRecording(server, streamKey)
    em.create(Video, { id, owner, title: 'Twin', fileName: 'twin.mp4', sourceBytes: 1, status: 'ready' })
    await em.flush()
    for (const [kind, folder] of [
      ['video', 'videos'],
      ['recording', 'recordings'],
    ] as const) {
      const answer = await get(`/vod/${sign({ kind, id })}/${id}/thumbnail.jpg`).expect(200)
      expect(answer.get('x-accel-redirect')).toBe(`/_store/${folder}/${id}/thumbnail.jpg`)
    }
  })

  it('is revoked with the session behind it, and a new sign-in plays again', async () => {
    const user = await server.register()
    const [browser, other] = [await server.signIn(user), await server.signIn(user)]
    const playback = async (agent: typeof browser) =>
      (await agent.get(`/api/recordings/${stored.recording}/`)).body.playback_url as string
    const [path, elsewhere] = [await playback(browser), await playback(other)]
    await get(path).expect(200)
    await browser.post('/api/auth/logout/').expect(204)
    await get(path).expect(403)
    await get(elsewhere).expect(200)
    await other.post('/api/auth/logout-all/').expect(204)
    await get(elsewhere).expect(403)
    await get(await playback(await server.signIn(user))).expect(200)
  })

  it('never outlives the session', async () => {
    const expiresAtMs = Date.now() + 600_000
    const path = server.context.playback.ofRecording({ id: stored.recording }, 'index.m3u8', {
      subject: 'u1s1',
      expiresAtMs,
    })
    expect(Number(path.split('.')[5])).toBe(Math.floor(expiresAtMs / 1000))
  })

  it('is in no line of the log', async () => {
    const token = sign()
    await get(url('index.m3u8', token)).expect(200)
    await get(url('nothing', token)).expect(404)
    expect(server.log()).not.toContain(token)
  })
})

describe('a path', () => {
  it.each([
    '../../secrets.json',
    '..%2f..%2fsecrets.json',
    '%2e%2e/index.m3u8',
    '720p/../../x/index.m3u8',
    '720p//index.m3u8',
    '720p/%2e%2e/index.m3u8',
    '720p/index.m3u8%00.jpg',
    '720p/17.m4s/..',
    '.env',
    'index.m3u8/',
    '720P/17.m4s',
    '720p/17.mp4',
    'storyboard-.jpg',
    'chat-1.json',
    '%',
  ])('%s is nothing', async (path) => {
    // As it is: a client library would tidy it up.
    const { port } = server.server.address() as AddressInfo
    const raw = call({ port, host: '127.0.0.1', path: url(path) }).end()
    const [answer] = (await once(raw, 'response')) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).toBe(404)
    expect(answer.headers['x-accel-redirect']).toBeUndefined()
  })

  it('of a recording that is not there is nothing', async () => {
    const id = 'd'.repeat(24)
    const answer = await get(`/vod/${sign({ id })}/${id}/index.m3u8`)
    expect([answer.status, answer.body.code]).toEqual([404, 'recording_not_found'])
  })

  it('is only read', async () => {
    for (const method of ['post', 'put', 'delete', 'patch'] as const) {
      await request(server.server)[method](url('index.m3u8')).expect(405)
    }
    const answer = await request(server.server).options(url('index.m3u8')).expect(204)
    expect(answer.get('access-control-allow-headers')).toMatch(/Range/)
  })
})

describe('a recording in S3', () => {
  const store: ObjectStore = {
    kind: 's3',
    put: vi.fn(),
    list: vi.fn(),
    delete: vi.fn(),
    async get(key) {
      if (key.endsWith('/none/index.m3u8')) throw new ObjectStoreError('not_found', key)
      if (key.endsWith('/away/index.m3u8')) throw new ObjectStoreError('unavailable', key)
      return { body: Readable.from(['#EXTM3U\n']), size: 8, contentType: null }
    },
    head: async () => ({ size: 8, contentType: null }),
    presign: async (key, seconds) => `https://s3.example/${key}?expires=${seconds}`,
    copy: vi.fn(),
    publicUrl: () => null,
    allowOrigins: vi.fn(),
    sweep: vi.fn(),
  }
  const at = async (path: string, of = store) => {
    const app = createServer(createApp({ ...server.context, metrics: new Registry(), store: of }).callback())
    app.listen(0, '127.0.0.1')
    await once(app, 'listening')
    try {
      return await request(app).get(path).redirects(0)
    } finally {
      app.close()
    }
  }

  it('streams playlists, so that their relative URIs stay under the token', async () => {
    const answer = await at(url('720p/index.m3u8'))
    expect([answer.status, answer.get('content-type'), answer.get('content-length')]).toEqual([
      200,
      'application/vnd.apple.mpegurl',
      '8',
    ])
  })

  it('redirects segments and pictures to a presigned URL of five minutes, remembered for less', async () => {
    for (const path of ['720p/17.m4s', '720p/init-0.mp4', 'thumbnail.jpg', 'thumbnail-640.avif', 'storyboard-0.jpg']) {
      const answer = await at(url(path))
      expect([answer.status, answer.get('location')]).toEqual([
        302,
        `https://s3.example/recordings/${stored.recording}/${path}?expires=300`,
      ])
      expect(answer.get('cache-control')).toBe('private, max-age=240')
      expect(answer.get('access-control-allow-origin')).toBe('*')
    }
  })

  it('sends by itself what is on disk as yet, of a store that is moving', async () => {
    const answer = await at(url('720p/17.m4s'), { ...store, presign: async () => null })
    expect([answer.status, answer.get('content-type'), answer.get('content-length')]).toEqual([
      200,
      'video/iso.segment',
      '8',
    ])
  })

  it('says what is missing and what is away', async () => {
    expect((await at(url('none/index.m3u8'))).body.code).toBe('not_found')
    const away = await at(url('away/index.m3u8'))
    expect([away.status, away.body.code]).toEqual([503, 'store_unavailable'])
  })
})

describe('the recordings of a channel', () => {
  it('are listed when they are ready and public; their owner sees all', async () => {
    const { user, channel, streamKey } = await aPublisher(server)
    const owner = await server.signIn(user)
    const list = async (agent = server.visitor()) =>
      (await agent.get(`/api/recordings/?channel=${channel.slug}`).expect(200)).body.results.map(
        ({ id }: { id: string }) => id,
      )
    const open = await aRecording(server, streamKey)
    const unlisted = await aRecording(server, streamKey)
    await owner.patch(`/api/recordings/${unlisted.recording}/`).send({ visibility: 'unlisted' }).expect(200)
    const failed = await aRecording(server, streamKey)
    await server.internal(`/recordings/${failed.recording}/closed`, closed(failed, { is_playable: false })).expect(204)
    expect(await list()).toEqual([open.recording])
    expect((await list(owner)).sort()).toEqual([open, unlisted, failed].map(({ recording }) => recording).sort())
    await server.visitor().get('/api/recordings/?channel=nobody-here').expect(404)
    await server.visitor().get(`/api/recordings/${unlisted.recording}/`).expect(200)
  })

  it('are deleted by their owner or an admin, files and all, and not while live', async () => {
    const { user, streamKey } = await aPublisher(server)
    const owner = await server.signIn(user)
    const show = await aRecording(server, streamKey)
    const path = `/api/recordings/${show.recording}/`
    await server.visitor().delete(path).expect(401)
    await (await server.signIn(await server.register('producer'))).delete(path).expect(403)
    await owner.delete(path).expect(204)
    await owner.get(path).expect(404)
    const jobs = await server.context.orm.em
      .fork()
      .execute(`select data from pgboss.job where name = 'delete-recording-files'`)
    expect(jobs).toContainEqual({ data: { recording: show.recording } })
    const live = await aLiveShow(server, streamKey)
    const answer = await owner.delete(`/api/recordings/${live.recording}/`)
    expect([answer.status, answer.body.code]).toEqual([409, 'recording_live'])
  })

  it('that is still live plays from its media process, back to the start', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const { body } = await server.visitor().get(`/api/recordings/${show.recording}/`).expect(200)
    expect(body.status).toBe('live')
    expect(body.playback_url).toMatch(new RegExp(`^/live/m1/b\\.${show.broadcast}\\..*/${show.broadcast}/dvr\\.m3u8$`))
    expect(body.storyboard_url).toMatch(/\/storyboard\.vtt$/)
  })
})
