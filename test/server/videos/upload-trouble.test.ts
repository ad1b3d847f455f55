import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { usedBytes } from '../../../server/videos/create-video.ts'
import { deleteVideoFiles } from '../../../server/videos/delete-video-files.job.ts'
import { processVideo } from '../../../server/videos/process-video.job.ts'
import { purgeUploads } from '../../../server/videos/purge-uploads.job.ts'
import { uploadDirectory, uploadPath } from '../../../server/videos/uploads.ts'
import { Video } from '../../../server/videos/video.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { announce, metadata, offset, tus } from './uploading.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const run = (id: string) => processVideo(server.context, id, new AbortController().signal)
const find = (id: string) => server.context.orm.em.fork().findOneOrFail(Video, { id })

describe('an upload', () => {
  const bytes = Buffer.alloc(10_000, 7)

  it('that is not whole is not processed, and takes no more than was announced', async () => {
    const agent = await server.signIn(await server.register())
    const { id, upload_url } = await announce(agent, bytes.length)
    const send = (at: number, body: Buffer) =>
      agent
        .patch(upload_url)
        .set({ ...offset, 'Upload-Offset': String(at) })
        .send(body)
    await send(0, bytes.subarray(0, 6000)).expect(204)
    await run(id)
    expect(await find(id)).toMatchObject({ status: 'uploading' })
    const { status } = await send(6000, bytes)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    await agent.head(upload_url).set(tus).expect(200)
    expect(await find(id)).toMatchObject({ status: 'uploading' })
  })

  it('that is given up at 99 % a hundred times leaves nothing', async () => {
    const user = await server.register()
    const agent = await server.signIn(user)
    const before = readdirSync(uploadDirectory(server.config.dataDir)).length
    const giveUp = async () => {
      const { id, upload_url } = await announce(agent, bytes.length)
      await agent
        .patch(upload_url)
        .set({ ...offset, 'Upload-Offset': '0' })
        .send(bytes.subarray(0, 9900))
        .expect(204)
      await agent.delete(`/api/videos/${id}/`).expect(204)
      await deleteVideoFiles(server.context, id)
    }
    for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 10 }, giveUp))
    expect(readdirSync(uploadDirectory(server.config.dataDir))).toHaveLength(before)
    expect(await usedBytes(server.context.orm.em.fork(), user.id)).toBe(0)
  })

  it('that would not fit is refused when it is announced, also beside others that were begun at once', async () => {
    const admin = await server.signIn(await server.register('admin'))
    await admin.patch('/api/admin/settings/').send({ video_quota_gb: 1 }).expect(200)
    try {
      const agent = await server.signIn(await server.register())
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => agent.post('/api/videos/').send({ file_name: 'a.mp4', size: 300_000_000 })),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([...Array(3).fill(201), ...Array(7).fill(413)])
      expect(answers.find(({ status }) => status === 413)?.body).toMatchObject({ code: 'video_quota_reached' })
    } finally {
      await admin.patch('/api/admin/settings/').send({ video_quota_gb: 50 }).expect(200)
    }
  })

  it('goes to its end when the quota is lowered meanwhile: its size was counted when it was announced', async () => {
    const admin = await server.signIn(await server.register('admin'))
    const agent = await server.signIn(await server.register())
    const half = 600_000_000
    await announce(agent, half)
    const { id, upload_url } = await announce(agent, bytes.length)
    const send = (at: number, to: number) =>
      agent
        .patch(upload_url)
        .set({ ...offset, 'Upload-Offset': String(at) })
        .send(bytes.subarray(at, to))
    await send(0, 5000).expect(204)
    await admin.patch('/api/admin/settings/').send({ video_quota_gb: 1 }).expect(200)
    try {
      const { body } = await agent.post('/api/videos/').send({ file_name: 'more.mp4', size: half }).expect(413)
      expect(body).toMatchObject({ code: 'video_quota_reached' })
      await send(5000, 10_000).expect(204)
      expect(await find(id)).toMatchObject({ status: 'queued' })
    } finally {
      await admin.patch('/api/admin/settings/').send({ video_quota_gb: 50 }).expect(200)
    }
  })

  it('of a length that is not said, or another than was announced, is none', async () => {
    const agent = await server.signIn(await server.register())
    const { body } = await agent.post('/api/videos/').send({ file_name: 'a.mp4', size: 10_000 }).expect(201)
    for (const headers of [
      { 'Upload-Defer-Length': '1' },
      { 'Upload-Length': '99999999' },
      { 'Upload-Length': '-1' },
    ]) {
      for (const of of [metadata({ video: body.id }), metadata({ filename: 'b.mp4' })]) {
        if ('Upload-Length' in headers && headers['Upload-Length'] !== '-1' && of.startsWith('filename')) continue
        const { status } = await agent.post('/api/uploads').set({ ...tus, ...headers, 'Upload-Metadata': of })
        expect([headers, of, status >= 400 && status < 500]).toEqual([headers, of, true])
      }
    }
  })

  it('that a full disk does not take goes on where it was, once there is room', async () => {
    const agent = await server.signIn(await server.register())
    const { id, upload_url } = await announce(agent, bytes.length)
    const file = uploadPath(server.config.dataDir, id)
    rmSync(file)
    symlinkSync('/dev/full', file)
    const send = () =>
      agent
        .patch(upload_url)
        .set({ ...offset, 'Upload-Offset': '0' })
        .send(bytes)
    expect((await send()).status).toBeGreaterThanOrEqual(500)
    expect(await find(id)).toMatchObject({ status: 'uploading' })
    rmSync(file)
    writeFileSync(file, '')
    await agent.head(upload_url).set(tus).expect('Upload-Offset', '0')
    await send().expect(204)
    expect(await find(id)).toMatchObject({ status: 'queued' })
  })

  it('that nobody goes on with is ended after two days; one that somebody does is not', async () => {
    const agent = await server.signIn(await server.register())
    const [left, held] = [await announce(agent, bytes.length), await announce(agent, bytes.length)]
    const em = server.context.orm.em.fork()
    const longAgo = new Date(Date.now() - 3 * 86_400_000)
    await em.nativeUpdate(Video, { id: [left.id, held.id] }, { createdAt: longAgo })
    await purgeUploads(server.context)
    expect(await em.count(Video, { id: [left.id, held.id] })).toBe(2)
    const later = Date.now() + 47.9 * 3600_000
    await purgeUploads(server.context, later)
    expect(await em.count(Video, { id: [left.id, held.id] })).toBe(2)
    await em.nativeUpdate(Video, { id: held.id }, { createdAt: new Date(later) })
    await purgeUploads(server.context, Date.now() + 48.1 * 3600_000)
    expect(await em.fork().find(Video, { id: [left.id, held.id] })).toMatchObject([{ id: held.id }])
    expect(readdirSync(uploadDirectory(server.config.dataDir)).join()).not.toContain(left.id)
    await agent.head(left.upload_url).set(tus).expect(404)
  })
})
