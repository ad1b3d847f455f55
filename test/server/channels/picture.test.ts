import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { Channel } from '../../../server/channels/channel.ts'
import { deleteObjects } from '../../../server/library/delete-objects.job.ts'
import { keysOfPicture } from '../../../server/pictures/picture-name.ts'
import { aLiveShow, aPublisher } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const OWN = '/api/channels/me/picture/'
const em = () => server.context.orm.em.fork()
const png = (width = 900, height = 600) =>
  sharp({ create: { width, height, channels: 3, background: '#369' } })
    .png()
    .toBuffer()
const keyOf = (url: string) => url.replace('/api/files/', 'public/')

async function anOwner() {
  const { user, channel, streamKey } = await aPublisher(server)
  const browser = await server.signIn(user)
  const put = async () =>
    (
      await browser
        .put(OWN)
        .type('image/png')
        .send(await png())
        .expect(200)
    ).body.picture as string
  return { user, channel, streamKey, browser, put, path: `/api/channels/${channel.slug}/` }
}

/** Lets the jobs do what they were given. */
async function deleteQueued(): Promise<void> {
  const jobs = await em().execute<{ data: { keys: string[] } }[]>(
    `select data from pgboss.job where name = 'delete-objects'`,
  )
  await deleteObjects(
    server.context.store,
    jobs.flatMap(({ data }) => data.keys),
  )
}

/** What is in the store of these pictures. */
async function kept(...urls: string[]): Promise<string[]> {
  const wanted = new Set(urls.flatMap((url) => keysOfPicture(keyOf(url))))
  const found: string[] = []
  for await (const { key } of server.context.store.list('public/channels/')) if (wanted.has(key)) found.push(key)
  return found.toSorted()
}

it('is null until one is chosen, and then shown on the channel, its show and its recording', async () => {
  const { browser, put, path, streamKey } = await anOwner()
  expect((await browser.get('/api/channels/me/').expect(200)).body.picture).toBeNull()
  expect((await server.visitor().get(path).expect(200)).body.picture).toBeNull()
  const show = await aLiveShow(server, streamKey)

  const url = await put()
  expect(url).toMatch(/^\/api\/files\/channels\/[0-9a-f]{24}-96-256-512\.webp$/)
  expect((await browser.get('/api/channels/me/')).body.picture).toBe(url)
  expect((await server.visitor().get(path)).body.picture).toBe(url)
  expect((await server.visitor().get(`/api/recordings/${show.recording}/`)).body.channel.picture).toBe(url)
  const live = (await server.visitor().get('/api/live/')).body.results as { id: string; channel: unknown }[]
  expect(live.find(({ id }) => id === show.broadcast)?.channel).toMatchObject({ picture: url })
  const served = await server.visitor().get(url.replace('-96-256-512.webp', '-96.avif')).expect(200)
  const follower = await server.signIn(await server.register('student'))
  await follower.post(`${path}follow/`).expect(200)
  expect((await follower.get('/api/channels/following/')).body.results).toMatchObject([{ picture: url }])
  expect(served.get('content-type')).toBe('image/avif')
})

it('can come in a form, and of the one before nothing is left', async () => {
  const { browser, put, path } = await anOwner()
  const first = await put()
  const { body } = await browser
    .put(OWN)
    .attach('picture', await png(100, 100), '../x.svg')
    .expect(200)
  await deleteQueued()
  expect(await kept(first, body.picture)).toEqual(keysOfPicture(keyOf(body.picture)).toSorted())

  await browser.delete(OWN).expect(204)
  expect((await server.visitor().get(path)).body.picture).toBeNull()
  await deleteQueued()
  expect(await kept(body.picture)).toEqual([])
  await browser.delete(OWN).expect(204)
})

it('is taken away by null beside other changes, or not at all when those are refused', async () => {
  const { browser, put } = await anOwner()
  const { channel: other } = await aPublisher(server)
  const url = await put()
  await browser.patch('/api/channels/me/').send({ picture: null, slug: other.slug }).expect(409)
  await browser.patch('/api/channels/me/').send({ picture: 'https://evil.example/x.png' }).expect(400)
  expect((await browser.get('/api/channels/me/')).body.picture).toBe(url)
  const { body } = await browser.patch('/api/channels/me/').send({ picture: null, title: 'Algebra' }).expect(200)
  expect(body).toMatchObject({ picture: null, title: 'Algebra' })
  await deleteQueued()
  expect(await kept(url)).toEqual([])
})

it('leaves one picture of many that come at once', async () => {
  const { browser, channel } = await anOwner()
  const small = await png(20, 20)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => browser.put(OWN).type('image/png').send(small).expect(200)),
  )
  const { picture } = await em().findOneOrFail(Channel, { id: channel.id })
  await deleteQueued()
  expect(await kept(...answers.map(({ body }) => body.picture))).toEqual(keysOfPicture(picture ?? '').toSorted())
})

it('is a channel owner’s to choose, and an admin may take it away', async () => {
  const { put, path, user, channel } = await anOwner()
  const url = await put()
  const { browser: other } = await anOwner()
  const student = await server.signIn(await server.register('student'))
  const admin = await server.signIn(await server.register('admin'))
  await server.visitor().delete(`${path}picture/`).expect(401)
  for (const stranger of [other, student]) await stranger.delete(`${path}picture/`).expect(403)
  await server
    .visitor()
    .put(OWN)
    .type('image/png')
    .send(await png(10, 10))
    .expect(401)
  await student
    .put(OWN)
    .type('image/png')
    .send(await png(10, 10))
    .expect(404)
  await other.delete(OWN).expect(204)
  expect((await server.visitor().get(path)).body.picture).toBe(url)

  await admin.delete('/api/channels/nobody-there/picture/').expect(404)
  await admin.delete(`${path}picture/`).expect(204)
  expect((await server.visitor().get(path)).body.picture).toBeNull()
  await deleteQueued()
  expect(await kept(url)).toEqual([])
  const lines = await em().find(AuditLog, { action: 'channel.picture', object: `channel:${channel.id}` })
  expect(lines.map(({ actor }) => actor?.id)).toEqual([expect.any(Number)])
  expect(lines[0]?.actor?.id).not.toBe(user.id)
})

it('is refused when it is no picture, and the one before stays', async () => {
  const { browser, put } = await anOwner()
  const url = await put()
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
  const whole = await png()
  await browser.put(OWN).type('image/png').send(svg).expect(415)
  await browser.put(OWN).attach('picture', svg, 'x.png').expect(415)
  await browser
    .put(OWN)
    .type('image/png')
    .send(whole.subarray(0, whole.length / 2))
    .expect(400)
  await browser.put(OWN).set('x-csrf-token', 'x').attach('picture', whole, 'x.png').expect(403)
  expect((await browser.get('/api/channels/me/')).body.picture).toBe(url)
})

it('goes with the account, in all its sizes', async () => {
  const { put, user, channel } = await anOwner()
  const url = await put()
  const admin = await server.signIn(await server.register('admin'))
  await admin.delete(`/api/admin/users/${user.id}/`).expect(204)
  expect((await em().findOneOrFail(Channel, { id: channel.id })).picture).toBeNull()
  expect(await kept(url)).toEqual([])
})
