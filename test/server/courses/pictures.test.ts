import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { deleteObjects } from '../../../server/library/delete-objects.job.ts'
import { MediaAsset } from '../../../server/library/media-asset.ts'
import { keysOfPicture } from '../../../server/pictures/picture-name.ts'
import { aCourse } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let teacher: User
let agent: Awaited<ReturnType<TestServer['signIn']>>
beforeAll(async () => {
  server = await startServer()
  teacher = await server.register('teacher')
  agent = await server.signIn(teacher)
})
afterAll(() => server[Symbol.asyncDispose]())
const em = () => server.context.orm.em.fork()
const picture = (width = 1600, height = 900) => sharp({ create: { width, height, channels: 3, background: '#369' } })
const keys = async () => {
  const found: string[] = []
  for await (const { key } of server.context.store.list('public/courses')) found.push(key)
  return found
}

it('a thumbnail becomes WebP under a name of ours, and the one before it goes by a job', async () => {
  const course = await aCourse(em(), teacher)
  const path = `/api/courses/${course.id}/thumbnail/`
  const { body } = await agent
    .put(path)
    .type('image/png')
    .send(await picture().png().toBuffer())
    .expect(200)
  expect(body.thumbnail_url).toMatch(/^\/api\/files\/courses\/[0-9a-f]{24}-400-800-1280\.webp$/)
  const first = body.thumbnail_url.replace('/api/files/', 'public/')
  const before = await keys()
  expect(before.toSorted()).toEqual(keysOfPicture(first).toSorted())
  const { body: stored } = await server.context.store.get(first)
  const metadata = await sharp(Buffer.concat(await Array.fromAsync(stored))).metadata()
  expect(metadata).toMatchObject({ format: 'webp', width: 1280, height: 720 })
  const form = await agent
    .put(path)
    .attach('file', await picture(100, 100).jpeg().toBuffer(), '../../x.svg')
    .expect(200)
  expect(form.body.thumbnail_url).not.toBe(body.thumbnail_url)
  const [job] = await em().execute<{ data: { keys: string[] } }[]>(
    `select data from pgboss.job where name = 'delete-objects' order by created_on desc limit 1`,
  )
  expect(job?.data.keys).toEqual(keysOfPicture(first))
  await deleteObjects(server.context.store, job?.data.keys ?? [])
  const second = form.body.thumbnail_url.replace('/api/files/', 'public/')
  expect(second).toMatch(/-100\.webp$/)
  expect((await keys()).toSorted()).toEqual(keysOfPicture(second).toSorted())
  // One from before there were sizes goes on being shown.
  await server
    .visitor()
    .get(`/api/files/courses/${'0'.repeat(24)}.webp`)
    .expect(200)
  const shown = await server.visitor().get(form.body.thumbnail_url).expect(200)
  expect(shown.headers['x-accel-redirect']).toMatch(/^\/_store\/public\/courses\//)
  expect(shown.headers['cache-control']).toContain('immutable')
  await server.visitor().get('/api/files/courses/../../x.webp').expect(404)
})

it('what is no picture is refused by its bytes, whatever it is called', async () => {
  const course = await aCourse(em(), teacher)
  const path = `/api/courses/${course.id}/thumbnail/`
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
  for (const body of [svg, Buffer.from('<html>'), Buffer.from('%PDF-1.7 x'), Buffer.alloc(0)]) {
    expect((await agent.put(path).type('image/png').send(body)).status).toBe(415)
  }
  const png = await picture().png().toBuffer()
  expect((await agent.put(path).type('image/png').send(png.subarray(0, 200)).expect(400)).body.code).toBe(
    'image_unreadable',
  )
  const bomb = await picture(9000, 9000).png().toBuffer()
  expect((await agent.put(path).type('image/png').send(bomb).expect(400)).body.code).toBe('image_unreadable')
  await agent
    .put(path)
    .type('image/png')
    .send(Buffer.alloc(9 * 1024 * 1024))
    .expect(413)
  expect((await em().findOneOrFail(Course, { id: course.id })).thumbnail).toBeNull()
})

it('a thumbnail is its staff’s to set', async () => {
  const course = await aCourse(em(), teacher)
  const png = await picture(10, 10).png().toBuffer()
  const send = (who: typeof agent) => who.put(`/api/courses/${course.id}/thumbnail/`).type('image/png').send(png)
  await send(server.visitor()).expect(401)
  await send(await server.signIn(await server.register('teacher'))).expect(403)
})

it('a preview is an address elsewhere, or a file of one’s own and of nobody else', async () => {
  const fork = em()
  const course = await aCourse(fork, teacher)
  const asset = (owner: User, name: string) =>
    fork.create(MediaAsset, {
      key: `assets/${name}`,
      sha256: '0'.repeat(64),
      sizeBytes: 5,
      mime: 'video/mp4',
      owner: owner.id,
    })
  const [mine, theirs] = [asset(teacher, 'mine'), asset(await server.register('teacher'), 'theirs')]
  await fork.flush()
  await server.context.store.put('assets/mine', Buffer.from('video'))
  const path = `/api/courses/${course.id}/`
  const elsewhere = await agent.patch(path).send({ preview_video_url: 'https://video.example/1' }).expect(200)
  expect(elsewhere.body.preview_video_url).toBe('https://video.example/1')
  await agent.patch(path).send({ preview_asset: theirs.id }).expect(400)
  const own = await agent.patch(path).send({ preview_asset: mine.id }).expect(200)
  expect(own.body.preview_video_url).toBe(`${path}preview/`)
  const part = await server.visitor().get(`${path}preview/`).set('Range', 'bytes=1-2').expect(206)
  expect(part.body.toString()).toBe('id')
})
