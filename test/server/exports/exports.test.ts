import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { Export } from '../../../server/exports/export.ts'
import { makeExport } from '../../../server/exports/make-export.job.ts'
import { purgeExports } from '../../../server/exports/purge-exports.job.ts'
import { processVideo } from '../../../server/videos/process-video.job.ts'
import { uploadPath } from '../../../server/videos/uploads.ts'
import { Video } from '../../../server/videos/video.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let root: string
let clip: string
let owner: User
let video: string

/** Eight seconds at 25 frames a second, whose picture says the frame's number by its grey. */
beforeAll(async () => {
  server = await startServer()
  root = mkdtempSync(join(tmpdir(), 'ustat-exports-'))
  clip = join(root, 'clip.mp4')
  execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=8'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=8'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-c:a', 'aac', clip],
  ])
  owner = await server.register('teacher')
  const em = server.context.orm.em.fork()
  const made = em.create(Video, {
    owner: owner.id,
    title: 'Урок: №1?',
    fileName: 'clip.mp4',
    sourceBytes: 1,
    status: 'queued',
  })
  await em.flush()
  video = made.id
  copyFileSync(clip, uploadPath(server.config.dataDir, video))
  await processVideo(server.context, video, new AbortController().signal)
}, 60_000)
afterAll(async () => {
  rmSync(root, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

const run = (id: string) => makeExport(server.context, id, new AbortController().signal)

function probe(bytes: Buffer): { codec: string; width: number; frames: number; seconds: number } {
  const file = join(root, 'probed')
  writeFileSync(file, bytes)
  const { streams, format } = JSON.parse(
    execFileSync('ffprobe', [
      '-v',
      'error',
      '-count_frames',
      '-show_streams',
      '-show_format',
      '-of',
      'json',
      file,
    ]).toString(),
  )
  const [first] = streams
  return {
    codec: first.codec_name,
    width: first.width,
    frames: Number(first.nb_read_frames),
    seconds: Number(format.duration),
  }
}

async function download(agent: Awaited<ReturnType<TestServer['signIn']>>, url: string) {
  return agent
    .get(url)
    .buffer(true)
    .parse((answer, done) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => done(null, Buffer.concat(chunks)))
    })
}

describe('a piece of a video', () => {
  it.each([
    ['gif', { start: 1.5, duration: 2 }, { codec: 'gif', width: 480, frames: 24 }],
    ['gif', { start: 5, duration: 3, width: 200, fps: 5 }, { codec: 'gif', width: 200, frames: 15 }],
    ['mp4', { start: 1.2, duration: 2 }, { codec: 'h264', width: 640, frames: 50 }],
    ['mp4', { start: 4, duration: 2 }, { codec: 'h264', width: 640, frames: 50 }],
    ['mp3', { start: 1, duration: 3 }, { codec: 'mp3' }],
  ] as const)('comes as %s of %o, exact to the frame', async (format, piece, expected) => {
    const agent = await server.signIn(owner)
    const { body } = await agent
      .post('/api/exports/')
      .send({ video, format, ...piece })
      .expect(202)
    expect(body).toMatchObject({ status: 'queued', download_url: null, file_name: `Урок №1.${format}` })
    await run(body.id)
    const { body: made } = await agent.get(`/api/exports/${body.id}/`).expect(200)
    expect(made).toMatchObject({ status: 'ready', progress: 100, failure: '' })
    const file = await download(agent, made.download_url)
    expect(file.status).toBe(200)
    expect(file.headers).toMatchObject({ 'content-length': String(made.size_bytes), 'accept-ranges': 'bytes' })
    expect(file.headers['content-disposition']).toContain("filename*=UTF-8''%D0%A3%D1%80%D0%BE%D0%BA%20%E2%84%961")
    const found = probe(file.body)
    expect(found).toMatchObject(expected)
    expect(Math.abs(found.seconds - piece.duration)).toBeLessThan(0.15)
  })

  it('is gone on with where a download broke off, and is deleted ten minutes after a whole one', async () => {
    const agent = await server.signIn(owner)
    const { body } = await agent.post('/api/exports/').send({ video, format: 'mp4', start: 0, duration: 2 }).expect(202)
    await run(body.id)
    const url = `/api/exports/${body.id}/download/`
    const whole = (await download(agent, url)).body as Buffer
    const rest = await agent.get(url).set('Range', 'bytes=1000-').buffer(true)
    expect(rest.status).toBe(206)
    expect(rest.headers['content-range']).toBe(`bytes 1000-${whole.length - 1}/${whole.length}`)
    await agent.get(url).set('Range', `bytes=${whole.length}-`).expect(416)
    const em = server.context.orm.em
    await vi.waitFor(async () => {
      const { expiresAt } = await em.fork().findOneOrFail(Export, { id: body.id })
      expect(expiresAt.getTime()).toBeLessThan(Date.now() + 11 * 60_000)
    })
    const key = `exports/${body.id}.mp4`
    await purgeExports(server.context)
    expect(await server.context.store.head(key)).not.toBeNull()
    await purgeExports(server.context, new Date(Date.now() + 12 * 60_000))
    expect(await server.context.store.head(key)).toBeNull()
    await agent.get(url).expect(404)
  })

  it('is for who manages the video, and its file for who asked for it', async () => {
    const agent = await server.signIn(owner)
    const stranger = await server.signIn(await server.register())
    await stranger.post('/api/exports/').send({ video, format: 'gif', duration: 2 }).expect(403)
    await server.visitor().post('/api/exports/').send({ video, format: 'gif', duration: 2 }).expect(401)
    const { body } = await agent.post('/api/exports/').send({ video, format: 'mp3', duration: 2 }).expect(202)
    await stranger.get(`/api/exports/${body.id}/`).expect(404)
    await stranger.get(`/api/exports/${body.id}/download/`).expect(404)
    await stranger.delete(`/api/exports/${body.id}/`).expect(404)
    await agent.delete(`/api/exports/${body.id}/`).expect(204)
    await run(body.id)
    expect(await server.context.store.head(`exports/${body.id}.mp3`)).toBeNull()
  })

  it.each([
    [{ format: 'gif', duration: 31 }, 'duration'],
    [{ format: 'exe', duration: 3 }, 'format'],
    [{ format: 'gif', duration: 3, width: 1e9 }, 'width'],
    [{ format: 'gif', duration: -1 }, 'duration'],
    [{ format: 'gif', duration: 3, recording: 'both' }, 'video'],
  ])('is refused as %o', async (piece, field) => {
    const agent = await server.signIn(owner)
    const { body } = await agent
      .post('/api/exports/')
      .send({ video, ...piece })
      .expect(400)
    expect(Object.keys(body)).toEqual([field])
  })

  it('behind its end is said to be so', async () => {
    const agent = await server.signIn(owner)
    const { body } = await agent
      .post('/api/exports/')
      .send({ video, format: 'gif', start: 60, duration: 2 })
      .expect(202)
    await run(body.id)
    expect((await agent.get(`/api/exports/${body.id}/`)).body).toMatchObject({
      status: 'failed',
      failure: 'export_out_of_range',
    })
  })
})

it('is asked for five at a time by one person, whoever asks at once; the sixth is told when to come back', async () => {
  const user = await server.register('teacher')
  const em = server.context.orm.em.fork()
  const own = em.create(Video, {
    ...{
      owner: user.id,
      title: 'Mine',
      fileName: 'mine.mp4',
      sourceBytes: 1,
      status: 'ready',
      durationSeconds: 8,
      renditions: ['360p'],
    },
  })
  await em.flush()
  const agent = await server.signIn(user)
  const ask = () => agent.post('/api/exports/').send({ video: own.id, format: 'gif', start: 0, duration: 1 })
  const answers = await Promise.all(Array.from({ length: 20 }, ask))
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(5).fill(202), ...Array(15).fill(429)])
  const refused = answers.find(({ status }) => status === 429)
  expect(refused?.body).toMatchObject({ code: 'too_many_exports', max: 5 })
  expect(Number(refused?.get('retry-after'))).toBeGreaterThan(0)
  await em.nativeUpdate(Export, { id: answers.find(({ status }) => status === 202)?.body.id }, { status: 'ready' })
  await ask().expect(202)
})

describe('a visitor’s own file', () => {
  it('is converted without an account', async () => {
    const visitor = server.visitor()
    const { body } = await visitor
      .post('/api/convert/')
      .field({ format: 'webp', start: '1', duration: '2', width: '160' })
      .attach('file', clip, '../../etc/Кошка.mp4')
      .expect(202)
    expect(body.file_name).toBe('Кошка.webp')
    await run(body.id)
    const { body: made } = await visitor.get(`/api/exports/${body.id}/`)
    expect(made).toMatchObject({ status: 'ready' })
    const file = await download(visitor, made.download_url)
    expect(file.body.subarray(8, 12).toString()).toBe('WEBP')
  })

  it('is refused when it is no media', async () => {
    const { body } = await server
      .visitor()
      .post('/api/convert/')
      .field({ format: 'gif', duration: '2' })
      .attach('file', Buffer.from('just text'), 'film.mp4')
      .expect(202)
    await run(body.id)
    expect((await server.visitor().get(`/api/exports/${body.id}/`)).body).toMatchObject({ failure: 'not_media' })
  })
})

it('a download can be tried with a known file', async () => {
  const { body, headers } = await download(server.visitor(), '/api/download-test/')
  expect(headers['content-length']).toBe('5000000')
  expect((body as Buffer).every((byte, at) => byte === at % 251)).toBe(true)
  const part = await server.visitor().get('/api/download-test/').set('Range', 'bytes=4999990-').buffer(true)
  expect(part.headers['content-range']).toBe('bytes 4999990-4999999/5000000')
})
