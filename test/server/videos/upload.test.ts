import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processVideo } from '../../../server/videos/process-video.job.ts'
import { turned } from '../../support/mp4.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { announce, metadata, offset, tus, upload } from './uploading.ts'

let server: TestServer
let root: string
let clip: Buffer
beforeAll(async () => {
  server = await startServer()
  root = mkdtempSync(join(tmpdir(), 'ustat-upload-'))
  const file = join(root, 'clip.mp4')
  execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=5'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', file],
  ])
  clip = readFileSync(file)
})
afterAll(async () => {
  rmSync(root, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

const run = (id: string) => processVideo(server.context, id, new AbortController().signal)

describe('a video', () => {
  it('is uploaded in pieces, processed, and played', async () => {
    const agent = await server.signIn(await server.register())
    const { id, upload_url } = await announce(agent, clip.length)
    const half = Math.floor(clip.length / 2)
    await agent
      .patch(upload_url)
      .set({ ...offset, 'Upload-Offset': '0' })
      .send(clip.subarray(0, half))
      .expect(204)
      .expect('Upload-Offset', String(half))
    await agent.head(upload_url).set(tus).expect(200).expect('Upload-Offset', String(half))
    await agent
      .patch(upload_url)
      .set({ ...offset, 'Upload-Offset': String(half) })
      .send(clip.subarray(half))
      .expect(204)
    expect((await agent.get(`/api/videos/${id}/`)).body).toMatchObject({ status: 'queued', upload_url: null })
    await run(id)
    const { body } = await agent.get(`/api/videos/${id}/`)
    expect(body).toMatchObject({
      ...{ status: 'ready', progress: 100, failure: '', title: 'clip' },
      ...{ width: 320, height: 240, renditions: ['240p'] },
    })
    expect(body.duration_seconds).toBeCloseTo(5, 0)
    const playlist = await server.visitor().get(body.playback_url).expect(200)
    expect(playlist.headers['x-accel-redirect']).toBe(`/_store/videos/${id}/index.m3u8`)
    const jobs = await server.context.orm.em
      .fork()
      .execute<{ id: string }[]>(
        `select data->>'id' as id from pgboss.job where name = 'size-thumbnail' and data->>'kind' = 'video'`,
      )
    expect(jobs).toEqual([{ id }])
  })

  it('of a phone that was held upright stands upright: in what is told, in the playlist, on its thumbnail', async () => {
    const agent = await server.signIn(await server.register())
    const file = join(root, 'IMG_0001.MOV')
    // As the sensor sees it, lying: what is white on the left here is above for who looks.
    execFileSync('ffmpeg', [
      ...[
        '-v',
        'error',
        '-f',
        'lavfi',
        '-i',
        'color=black:size=640x480:rate=30:duration=4,drawbox=w=320:color=white:t=fill',
      ],
      ...[
        '-f',
        'lavfi',
        '-i',
        'sine=frequency=440:sample_rate=44100:duration=4',
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
      ],
      ...['-pix_fmt', 'yuv420p', '-c:a', 'aac', '-f', 'mov', file],
    ])
    const id = await upload(agent, turned(readFileSync(file)), 'IMG_0001.MOV')
    await run(id)
    const { body } = await agent.get(`/api/videos/${id}/`)
    expect(body).toMatchObject({ status: 'ready', width: 480, height: 640, renditions: ['480p', '360p'] })
    const { store } = server.context
    const playlist = await text((await store.get(`videos/${id}/index.m3u8`)).body)
    expect(playlist.match(/RESOLUTION=\d+x\d+/g)).toEqual(['RESOLUTION=480x640', 'RESOLUTION=360x480'])
    const thumbnail = sharp(await buffer((await store.get(`videos/${id}/thumbnail.jpg`)).body))
    expect(await thumbnail.metadata()).toMatchObject({ width: 360, height: 480 })
    const { data, info } = await thumbnail.greyscale().raw().toBuffer({ resolveWithObject: true })
    const greyAt = (x: number, y: number) => data[(y * info.width + x) * info.channels] ?? 0
    for (const x of [20, 340]) {
      expect(greyAt(x, 100)).toBeGreaterThan(200)
      expect(greyAt(x, 380)).toBeLessThan(50)
    }
  })

  it('that its owner has already is the one that was there', async () => {
    const agent = await server.signIn(await server.register())
    const first = await upload(agent, clip)
    await run(first)
    const second = await upload(agent, clip, 'again.mp4')
    await run(second)
    expect((await agent.get(`/api/videos/${second}/`)).body.id).toBe(first)
    expect((await agent.get('/api/videos/')).body.results.map(({ id }: { id: string }) => id)).toEqual([first])
  })

  it('is its owner’s: nobody else sees the upload or writes to it', async () => {
    const agent = await server.signIn(await server.register())
    const other = await server.signIn(await server.register())
    const { id, upload_url } = await announce(agent, clip.length)
    await other.get(`/api/videos/${id}/`).expect(404)
    await other.head(upload_url).set(tus).expect(404)
    await other
      .patch(upload_url)
      .set({ ...offset, 'Upload-Offset': '0' })
      .send(clip)
      .expect(404)
    await server.visitor().head(upload_url).set(tus).expect(401)
    await other.delete(`/api/videos/${id}/`).expect(404)
    await agent.delete(`/api/videos/${id}/`).expect(204)
    await agent.head(upload_url).set(tus).expect(404)
  })

  it.each([
    ['a text that is called a video', Buffer.from('hello '.repeat(1000)), 'not_media'],
    ['a file of nothing', Buffer.alloc(9000), 'not_media'],
    ['a picture', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(5000)]), 'not_media'],
    ['a playlist', Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n`), 'not_media'],
  ])('fails with a reason when it is %s', async (_what, bytes, failure) => {
    const agent = await server.signIn(await server.register())
    const id = await upload(agent, bytes, 'film.mp4')
    await run(id)
    expect((await agent.get(`/api/videos/${id}/`)).body).toMatchObject({
      status: 'failed',
      failure,
      playback_url: null,
    })
  })

  it('says so when an offset is wrong, and goes on from the right one', async () => {
    const agent = await server.signIn(await server.register())
    const { upload_url } = await announce(agent, clip.length)
    await agent
      .patch(upload_url)
      .set({ ...offset, 'Upload-Offset': '7' })
      .send(clip)
      .expect(409)
    await agent.head(upload_url).set(tus).expect('Upload-Offset', '0')
  })
})

it('an upload without a video makes one by its file’s name', async () => {
  const agent = await server.signIn(await server.register())
  const { headers } = await agent
    .post('/api/uploads/')
    .set({
      ...tus,
      'Upload-Length': String(clip.length),
      'Upload-Metadata': metadata({ filename: '../../etc/Урок 1.mp4' }),
    })
    .expect(201)
  const id = headers.location?.split('/').at(-1)
  expect((await agent.get(`/api/videos/${id}/`)).body).toMatchObject({
    file_name: 'Урок 1.mp4',
    title: 'Урок 1',
    status: 'uploading',
  })
})
