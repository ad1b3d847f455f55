import sharp from 'sharp'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObjectStoreError } from '../../../media/storage/object-store.ts'
import { sizeThumbnail, type ThumbnailOf } from '../../../server/pictures/size-thumbnail.job.ts'
import { deleteVideoFiles } from '../../../server/videos/delete-video-files.job.ts'
import { Video } from '../../../server/videos/video.ts'
import { deleteRecordingFiles } from '../../../server/vod/delete-recording-files.job.ts'
import { Recording } from '../../../server/vod/recording.ts'
import { sourceSet } from '../../../web/ui/picture.ts'
import { aCourse, aModule } from '../../support/courses.ts'
import { aLiveShow, aPublisher, aRecording, closed } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const em = () => server.context.orm.em.fork()
const never = new AbortController().signal
const size = (of: ThumbnailOf) => sizeThumbnail(server.context, of, never)
const still = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#369' } })
    .withExif({ IFD0: { Artist: 'SECRET author' } })
    .jpeg()
    .toBuffer()

async function filesOf(folder: string): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of server.context.store.list(`${folder}/`)) found.push(key.slice(folder.length + 1))
  return found.toSorted()
}

async function read(key: string): Promise<Buffer> {
  const { body } = await server.context.store.get(key)
  return Buffer.concat(await Array.fromAsync(body))
}

/** A recording that the store has whole, with a JPEG of this size; its job is called by the tests. */
async function recorded(width = 1920, height = 1080) {
  const { user, streamKey } = await aPublisher(server)
  const { recording: id } = await aRecording(server, streamKey)
  await server.context.store.put(`recordings/${id}/thumbnail.jpg`, await still(width, height))
  const show = async (agent = server.visitor()) => (await agent.get(`/api/recordings/${id}/`).expect(200)).body
  return { id, folder: `recordings/${id}`, owner: user, show }
}

async function aVideo(status: Video['status'] = 'ready') {
  const owner = await server.register('teacher')
  const fork = em()
  const video = fork.create(Video, {
    ...{ owner: owner.id, title: 'Film', fileName: 'film.mp4', sourceBytes: 9, status },
    ...{ renditions: ['240p'], hasThumbnail: true },
  })
  await fork.flush()
  await server.context.store.put(`videos/${video.id}/thumbnail.jpg`, await still(640, 360))
  return { id: video.id, folder: `videos/${video.id}`, owner }
}

async function jobsOf(id: string): Promise<ThumbnailOf[]> {
  const rows = await em().execute<{ data: ThumbnailOf }[]>(
    `select data from pgboss.job where name = 'size-thumbnail' and data->>'id' = ?`,
    [id],
  )
  return rows.map(({ data }) => data)
}

const beside = (...widths: number[]) =>
  [...widths.flatMap((width) => [`thumbnail-${width}.avif`, `thumbnail-${width}.webp`]), 'thumbnail.jpg'].toSorted()

describe('a thumbnail', () => {
  it.each([
    [1920, 1080, [320, 640, 1280], 720],
    [640, 360, [320, 640], 360],
    [426, 240, [320, 426], 240],
    [360, 640, [360], 640],
    [2, 2, [2], 2],
  ])(
    'of %d × %d is there also in smaller widths, in its own shape, as AVIF and as WebP',
    async (w, h, widths, tall) => {
      const { id, folder, show } = await recorded(w, h)
      const jpeg = await read(`${folder}/thumbnail.jpg`)
      expect((await show()).thumbnail_widths).toEqual([])
      await size({ kind: 'recording', id })
      expect(await filesOf(folder)).toEqual(beside(...widths))
      expect((await show()).thumbnail_widths).toEqual(widths)
      for (const width of widths) {
        for (const format of ['avif', 'webp']) {
          const bytes = await read(`${folder}/thumbnail-${width}.${format}`)
          const about = await sharp(bytes).metadata()
          expect([about.format, about.width]).toEqual([format === 'avif' ? 'heif' : 'webp', width])
          expect([about.exif, about.icc, about.xmp, bytes.includes('SECRET')]).toEqual([
            ...[undefined, undefined, undefined],
            false,
          ])
          if (width === widths.at(-1)) expect(about.height).toBe(tall)
        }
      }
      expect(jpeg.equals(await read(`${folder}/thumbnail.jpg`))).toBe(true)
    },
  )

  it('is found by the names that pages ask for, under the token of its JPEG and under no other', async () => {
    const [{ id, folder, show }, other] = [await recorded(), await recorded()]
    await size({ kind: 'recording', id })
    const { thumbnail_url: url, thumbnail_widths: widths } = await show()
    expect(url).toMatch(/\/thumbnail\.jpg$/)
    const theirs = (await other.show()).thumbnail_url.split('/')[2]
    for (const [format, type] of [
      ['avif', 'image/avif'],
      ['webp', 'image/webp'],
    ] as const) {
      const asked = sourceSet(url, format, widths)?.split(', ') ?? []
      expect(asked).toHaveLength(3)
      for (const [i, entry] of asked.entries()) {
        const [path = ''] = entry.split(' ')
        const answer = await request(server.server).get(path).expect(200).expect('content-type', type)
        expect(answer.get('x-accel-redirect')).toBe(`/_store/${folder}/thumbnail-${widths[i]}.${format}`)
        expect(answer.get('cache-control')).toMatch(/^private/)
        const parts = path.split('/')
        await request(server.server)
          .get([...parts.slice(0, 2), theirs, ...parts.slice(3)].join('/'))
          .expect(403)
        await request(server.server)
          .get([...parts.slice(0, 2), 'none', ...parts.slice(3)].join('/'))
          .expect(403)
      }
    }
    for (const name of ['thumbnail-.webp', 'thumbnail-320.jpg', 'thumbnail-12345.webp', 'thumbnail-320.avif.webp']) {
      await request(server.server).get(url.replace('thumbnail.jpg', name)).expect(404)
    }
  })

  it('of a recording for learners alone is told to nobody else', async () => {
    const { id, owner, show } = await recorded()
    await size({ kind: 'recording', id })
    await em().nativeUpdate(Recording, { id }, { visibility: 'enrolled' })
    await server.visitor().get(`/api/recordings/${id}/`).expect(404)
    expect((await show(await server.signIn(owner))).thumbnail_widths).toEqual([320, 640, 1280])
  })

  it('of a video is there in smaller widths too, and so it is in the lesson that is made of it', async () => {
    const { id, folder, owner } = await aVideo()
    await size({ kind: 'video', id })
    expect(await filesOf(folder)).toEqual(beside(320, 640))
    const agent = await server.signIn(owner)
    expect((await agent.get(`/api/videos/${id}/`)).body.thumbnail_widths).toEqual([320, 640])
    const fork = em()
    const { id: module } = await aModule(fork, await aCourse(fork, owner))
    const { body } = await agent.post(`/api/videos/${id}/lesson/`).send({ module, title: 'Film' }).expect(201)
    expect(body).toMatchObject({ video: id, thumbnail_widths: [320, 640] })
  })

  it('that was sized twice, also twice at once, is what it was', async () => {
    const { id, folder, show } = await recorded(640, 360)
    await size({ kind: 'recording', id })
    const first = await read(`${folder}/thumbnail-320.webp`)
    await Promise.all([size({ kind: 'recording', id }), size({ kind: 'recording', id })])
    expect(first.equals(await read(`${folder}/thumbnail-320.webp`))).toBe(true)
    expect(await filesOf(folder)).toEqual(beside(320, 640))
    expect((await show()).thumbnail_widths).toEqual([320, 640])
  })
})

describe('the job', () => {
  it('is there as soon as the store has a recording whole, and not before', async () => {
    const { streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const close = (differences: object) =>
      server.internal(`/recordings/${show.recording}/closed`, closed(show, differences)).expect(204)
    await close({ is_uploaded: false })
    expect(await jobsOf(show.recording)).toEqual([])
    await close({})
    expect(await jobsOf(show.recording)).toEqual([{ kind: 'recording', id: show.recording }])
    await close({})
    expect(await jobsOf(show.recording)).toHaveLength(1)
  })

  it.each([
    ['without a thumbnail', { has_thumbnail: false }],
    ['that cannot be played', { is_playable: false }],
  ])('is not there for a recording %s', async (_what, differences) => {
    const show = await aLiveShow(server, (await aPublisher(server)).streamKey)
    await server.internal(`/recordings/${show.recording}/closed`, closed(show, differences)).expect(204)
    expect(await jobsOf(show.recording)).toEqual([])
  })

  it.each([
    ['is broken', async (jpeg: Buffer) => jpeg.subarray(0, 300)],
    ['is no picture', async () => Buffer.from('<html>')],
    [
      'has too many pixels',
      () =>
        sharp({ create: { width: 9000, height: 9000, channels: 3, background: '#000' } })
          .jpeg()
          .toBuffer(),
    ],
  ])('leaves a JPEG that %s as it is, and does not fail', async (_what, spoil) => {
    const { id, folder, show } = await recorded(640, 360)
    await server.context.store.put(`${folder}/thumbnail.jpg`, await spoil(await still(640, 360)))
    await size({ kind: 'recording', id })
    expect(await filesOf(folder)).toEqual(['thumbnail.jpg'])
    expect(await show()).toMatchObject({ status: 'ready', thumbnail_widths: [] })
  })

  it('does nothing for a recording whose JPEG is not there, and fails, to be tried again, while the store is away', async () => {
    const { id, folder } = await recorded()
    const { store } = server.context
    const away = new Proxy(store, {
      get: (of, name) =>
        name === 'get'
          ? () => Promise.reject(new ObjectStoreError('unavailable', 'away'))
          : Reflect.get(of, name).bind(of),
    })
    const again = sizeThumbnail({ ...server.context, store: away }, { kind: 'recording', id }, never)
    await expect(again).rejects.toThrow(ObjectStoreError)
    await store.delete([`${folder}/thumbnail.jpg`])
    await size({ kind: 'recording', id })
    expect(await filesOf(folder)).toEqual([])
  })

  it('waits for what is not ready', async () => {
    const { id, folder } = await aVideo('processing')
    await size({ kind: 'video', id })
    expect(await filesOf(folder)).toEqual(['thumbnail.jpg'])
  })
})

describe('what is deleted', () => {
  it('leaves none of its thumbnail’s sizes behind', async () => {
    const [recording, video] = [await recorded(), await aVideo()]
    await size({ kind: 'recording', id: recording.id })
    await size({ kind: 'video', id: video.id })
    await (await server.signIn(recording.owner)).delete(`/api/recordings/${recording.id}/`).expect(204)
    await (await server.signIn(video.owner)).delete(`/api/videos/${video.id}/`).expect(204)
    await deleteRecordingFiles(server.context.store, recording.id)
    await deleteVideoFiles(server.context, video.id)
    expect([await filesOf(recording.folder), await filesOf(video.folder)]).toEqual([[], []])
  })

  it('while it is being sized stays gone, also when its files were removed first', async () => {
    const { store } = server.context
    const [recording, video] = [await recorded(), await aVideo()]
    for (const [kind, { id, folder, owner }] of [
      ['recording', recording],
      ['video', video],
    ] as const) {
      const agent = await server.signIn(owner)
      let isDeleted = false
      const watched = new Proxy(store, {
        get: (of, name) =>
          name === 'put'
            ? async (...args: Parameters<typeof store.put>) => {
                if (!isDeleted) {
                  isDeleted = true
                  await agent.delete(`/api/${kind}s/${id}/`).expect(204)
                  await (kind === 'video' ? deleteVideoFiles(server.context, id) : deleteRecordingFiles(store, id))
                }
                await store.put(...args)
              }
            : Reflect.get(of, name).bind(of),
      })
      await sizeThumbnail({ ...server.context, store: watched }, { kind, id }, never)
      expect([isDeleted, await filesOf(folder)]).toEqual([true, []])
    }
  })

  it('before the job is tried once more is cleared of what the first try had put', async () => {
    const { id, folder, owner } = await recorded()
    await server.context.store.put(`${folder}/thumbnail-320.webp`, Buffer.from('of a worker that was killed'))
    await (await server.signIn(owner)).delete(`/api/recordings/${id}/`).expect(204)
    await size({ kind: 'recording', id })
    expect(await filesOf(folder)).toEqual(['thumbnail.jpg'])
  })
})
