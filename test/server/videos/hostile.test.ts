import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ObjectStoreError } from '../../../media/storage/object-store.ts'
import { deleteVideoFiles } from '../../../server/videos/delete-video-files.job.ts'
import { processVideo } from '../../../server/videos/process-video.job.ts'
import { Video } from '../../../server/videos/video.ts'
import { withMediaAt, withPicturesOf } from '../../support/mp4.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { upload } from './uploading.ts'

let server: TestServer
let root: string
/** What nobody may be made to fetch. */
let secret: Server
let fetched = 0

beforeAll(async () => {
  server = await startServer()
  root = mkdtempSync(join(tmpdir(), 'ustat-hostile-'))
  secret = createServer((_request, response) => {
    fetched++
    response.end('the secret')
  })
  await new Promise<void>((resolve) => secret.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  secret.close()
  rmSync(root, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

function film(name: string, input: string, ...more: string[]): Buffer {
  const file = join(root, name)
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', ...more]
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', input, ...encode, file])
  return readFileSync(file)
}

const run = (id: string, signal = new AbortController().signal) => processVideo(server.context, id, signal)
const find = (id: string) => server.context.orm.em.fork().findOneOrFail(Video, { id })

async function keysOf(id: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of server.context.store.list(`videos/${id}/`)) keys.push(key)
  return keys.sort()
}

const chunk = (id: string, body: Buffer) => {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(body.length)
  return Buffer.concat([Buffer.from(id), size, body, Buffer.alloc(body.length % 2)])
}
const list = (id: string, ...chunks: Buffer[]) => chunk('LIST', Buffer.concat([Buffer.from(id), ...chunks]))

/** An AVI whose only stream is a subtitle, and the subtitle a playlist: ffmpeg would open what the playlist names. */
function aviWithPlaylist(target: string): Buffer {
  const playlist = `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\n${target}\n#EXT-X-ENDLIST\n`
  const gab2 = Buffer.concat([
    Buffer.from('GAB2\0'),
    ...[Buffer.from([2, 0]), Buffer.from([2, 0, 0, 0]), Buffer.from([0, 0])],
    ...[Buffer.from([4, 0]), Buffer.from(Uint32Array.of(playlist.length).buffer), Buffer.from(playlist)],
  ])
  const header = Buffer.alloc(56)
  header.writeUInt32LE(40_000, 0)
  header.writeUInt32LE(1, 24)
  const stream = Buffer.alloc(56)
  stream.write('txts', 0)
  stream.writeUInt32LE(1, 20)
  stream.writeUInt32LE(1, 24)
  stream.writeUInt32LE(1, 32)
  const strl = list('strl', chunk('strh', stream), chunk('strf', Buffer.alloc(0)))
  const body = [list('hdrl', chunk('avih', header), strl), list('movi', chunk('00tx', gab2))]
  return chunk('RIFF', Buffer.concat([Buffer.from('AVI '), ...body]))
}

describe('a file that is up to no good', () => {
  it('an AVI whose subtitle is a playlist makes nothing be opened, here or elsewhere', async () => {
    const agent = await server.signIn(await server.register())
    const { port } = secret.address() as AddressInfo
    for (const target of ['file:///etc/passwd', `http://127.0.0.1:${port}/inner`]) {
      const id = await upload(agent, aviWithPlaylist(target), 'film.avi')
      await run(id)
      const { status, failure } = await find(id)
      expect(status).toBe('failed')
      expect(['not_media', 'broken_media']).toContain(failure)
      expect(await keysOf(id)).toEqual([])
    }
    expect(fetched).toBe(0)
  })

  it('a picture of 60,000 × 60,000 is too large to be opened, also when it calls itself a film', async () => {
    const agent = await server.signIn(await server.register())
    const bytes = film('large.mp4', 'testsrc2=size=160x120:rate=10:duration=2')
    // Width and height as the sample entry has them, in 16 bits each (ISO/IEC 14496-12, 12.1.3).
    const size = bytes.indexOf('avc1', bytes.indexOf('stsd')) + 4 + 24
    for (const at of [size, size + 2]) bytes.writeUInt16BE(60_000, at)
    const started = performance.now()
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(4000)])
    for (const at of [16, 20]) png.writeUInt32BE(60_000, at)
    for (const [name, file] of [
      ['large.mp4', bytes],
      ['large.png.mp4', png],
    ] as const) {
      const id = await upload(agent, file, name)
      await run(id)
      const { status, width } = await find(id)
      // What the stream itself says is believed, so the film may turn out to be a small one.
      expect([name, status === 'failed' || (width ?? 0) <= 160]).toEqual([name, true])
    }
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it('a film whose pictures are 12,000 × 12,000 is told to be too large, before one of them is made', async () => {
    const agent = await server.signIn(await server.register())
    const small = film(
      'pictures.mov',
      'testsrc2=size=160x120:rate=10:duration=1',
      '-c:v',
      'mjpeg',
      '-pix_fmt',
      'yuvj420p',
    )
    const id = await upload(agent, withPicturesOf(small, 12_000, 12_000), 'film.mov')
    await run(id)
    expect(await find(id)).toMatchObject({ status: 'failed', failure: 'picture_too_large' })
    expect((await agent.get(`/api/videos/${id}/`)).body).toMatchObject({
      status: 'failed',
      failure: 'picture_too_large',
    })
    expect(await keysOf(id)).toEqual([])
  })

  it('an MP4 whose media is said to be elsewhere makes nothing be opened: what is in it is the film', async () => {
    const agent = await server.signIn(await server.register())
    const own = film('own.mp4', 'testsrc2=size=160x120:rate=10:duration=3')
    const { port } = secret.address() as AddressInfo
    for (const target of ['file:///etc/passwd', `http://127.0.0.1:${port}/inner`]) {
      const id = await upload(agent, withMediaAt(own, target))
      await run(id)
      const { status, width, durationSeconds } = await find(id)
      expect({ status, width, seconds: Math.round(Number(durationSeconds)) }).toEqual({
        status: 'ready',
        width: 160,
        seconds: 3,
      })
      for (const key of await keysOf(id)) {
        const bytes = await buffer((await server.context.store.get(key)).body)
        expect(bytes.includes('root:')).toBe(false)
        expect(bytes.includes('the secret')).toBe(false)
      }
    }
    expect(fetched).toBe(0)
  })

  it('a cut off MP4 fails for want of its index, and one with the index in front is kept as far as it goes', async () => {
    const agent = await server.signIn(await server.register())
    const input = 'testsrc2=size=160x120:rate=10:duration=30'
    const [behind, before] = [film('behind.mp4', input), film('before.mp4', input, '-movflags', '+faststart')]
    const lost = await upload(agent, behind.subarray(0, behind.length - 5000))
    await run(lost)
    expect(await find(lost)).toMatchObject({ status: 'failed', failure: 'broken_media' })
    const half = await upload(agent, before.subarray(0, Math.floor(before.length / 2)))
    await run(half)
    const { status, durationSeconds } = await find(half)
    expect(status).toBe('ready')
    expect(Number(durationSeconds)).toBeGreaterThan(5)
    expect(Number(durationSeconds)).toBeLessThan(25)
  })

  it.each([
    ['../../x.mp4', 'x.mp4', 'x'],
    ['-i.mp4', '-i.mp4', '-i'],
    [`${'я'.repeat(300)}.mp4`, 'я'.repeat(255), 'я'.repeat(200)],
    ['C:\\films\\урок.mp4', 'урок.mp4', 'урок'],
    ['gpj.\u202e4pm.exe', 'gpj.4pm.exe', 'gpj.4pm'],
    ['a\u0007b\n.mp4', 'ab.mp4', 'ab'],
  ])('a file called %j is %j here', async (given, fileName, title) => {
    const agent = await server.signIn(await server.register())
    const { body } = await agent.post('/api/videos/').send({ file_name: given, size: 10 }).expect(201)
    expect(body).toMatchObject({ file_name: fileName, title })
  })

  it('with a NUL in its name is refused', async () => {
    const agent = await server.signIn(await server.register())
    await agent.post('/api/videos/').send({ file_name: 'a\u0000.mp4', size: 10 }).expect(400)
  })

  it('of no bytes is refused before it is sent', async () => {
    const agent = await server.signIn(await server.register())
    await agent.post('/api/videos/').send({ file_name: 'a.mp4', size: 0 }).expect(400)
    expect((await agent.get('/api/videos/')).body.count).toBe(0)
  })
})

describe('what goes wrong while a video is made', () => {
  const half = 'testsrc2=size=320x240:rate=25:duration=40,noise=alls=20:allf=t'

  it('a store that is away fails the job alone: the next attempt makes the video', async () => {
    const agent = await server.signIn(await server.register())
    const id = await upload(agent, film('store.mp4', 'testsrc2=size=160x120:rate=10:duration=8'))
    const away = new ObjectStoreError('unavailable', 'not now', { trouble: 'lasting' })
    const put = vi.spyOn(server.context.store, 'put').mockRejectedValue(away)
    try {
      await expect(run(id)).rejects.toThrow()
    } finally {
      put.mockRestore()
    }
    expect(await find(id)).toMatchObject({ status: 'processing', failure: '' })
    await run(id)
    expect(await find(id)).toMatchObject({ status: 'ready' })
  })

  it('a worker that dies in the middle leaves it to another, which goes on and leaves nothing double', async () => {
    const agent = await server.signIn(await server.register())
    const id = await upload(agent, film('killed.mp4', half))
    const worker = new AbortController()
    const first = run(id, worker.signal)
    first.catch(() => undefined)
    await vi.waitFor(async () => expect((await find(id)).renditions).not.toEqual([]), { timeout: 15_000, interval: 20 })
    worker.abort()
    await expect(first).rejects.toThrow()
    expect(await find(id)).toMatchObject({ status: 'processing' })
    const made = (await keysOf(id)).find((key) => key.endsWith('/0.m4s')) ?? ''
    const put = vi.spyOn(server.context.store, 'put')
    await run(id)
    const written = put.mock.calls.map(([key]) => key)
    put.mockRestore()
    expect(written.some((key) => key.endsWith('.m4s'))).toBe(true)
    expect(written).not.toContain(made)
    const { status, storedBytes, durationSeconds } = await find(id)
    expect(status).toBe('ready')
    expect(Number(durationSeconds)).toBeCloseTo(40, 0)
    const keys = await keysOf(id)
    const segments = keys.filter((key) => key.endsWith('.m4s'))
    const sizes = await Promise.all(segments.map(async (key) => (await server.context.store.head(key))?.size ?? 0))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(Number(storedBytes))
  })

  it('deleted meanwhile, it is not made to its end and nothing is left of it', async () => {
    const agent = await server.signIn(await server.register())
    const id = await upload(agent, film('deleted.mp4', half.replace('20', '21')))
    const making = run(id)
    await vi.waitFor(async () => expect((await find(id)).renditions).not.toEqual([]), { timeout: 15_000, interval: 20 })
    await agent.delete(`/api/videos/${id}/`).expect(204)
    await deleteVideoFiles(server.context, id)
    await making
    expect(await keysOf(id)).toEqual([])
    await agent.get(`/api/videos/${id}/`).expect(404)
  })
})
