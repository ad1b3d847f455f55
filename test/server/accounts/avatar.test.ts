import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import type { User } from '../../../server/accounts/user.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const em = () => server.context.orm.em.fork()
const profileOf = (user: User) => em().findOneOrFail(Profile, { user: user.id })

describe('a picture', () => {
  const picture = (width = 900, height = 600) =>
    sharp({ create: { width, height, channels: 3, background: '#a51' } }).withExif({ IFD0: { Artist: 'secret place' } })
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')

  it('is kept as WebP of 512 by 512 and smaller, and shown under a name of ours', async () => {
    const user = await server.register('teacher')
    const browser = await server.signIn(user)
    const jpeg = await picture().jpeg().toBuffer()
    const answer = await browser.put('/api/profiles/me/avatar/').type('image/jpeg').send(jpeg).expect(200)
    expect(answer.body.avatar_url).toMatch(/^\/api\/files\/avatars\/[0-9a-f]{24}-96-256-512\.webp$/)
    const { avatar } = await profileOf(user)
    const { body } = await server.context.store.get(avatar ?? '')
    const kept = Buffer.concat(await Array.fromAsync(body))
    expect(await sharp(kept).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 })
    expect(kept.includes('secret place')).toBe(false)
    expect((await browser.get('/api/profiles/me/')).body.avatar_url).toBe(answer.body.avatar_url)
    const served = await server.visitor().get(answer.body.avatar_url).expect(200)
    expect(served.get('x-accel-redirect')).toBe(`/_store/${avatar}`)
    expect(served.get('cache-control')).toMatch(/public, max-age=\d+/)
    for (const end of ['-96.webp', '-256.avif', '-512.avif']) {
      const path = answer.body.avatar_url.replace('-96-256-512.webp', end)
      const size = await server.visitor().get(path).expect(200)
      expect(size.get('content-type')).toBe(`image/${end.split('.')[1]}`)
      const { body } = await server.context.store.get(path.replace('/api/files/', 'public/'))
      const { width, height } = await sharp(Buffer.concat(await Array.fromAsync(body))).metadata()
      expect([width, height]).toEqual([-Number.parseInt(end, 10), -Number.parseInt(end, 10)])
    }
  })

  it('can come in a form, is replaced and taken away, and the old one is deleted', async () => {
    const user = await server.register('teacher')
    const browser = await server.signIn(user)
    const first = await browser
      .put('/api/profiles/me/avatar')
      .attach('avatar', await picture().png().toBuffer(), '../x.png')
    expect(first.status).toBe(200)
    const { avatar: old } = await profileOf(user)
    await browser
      .put('/api/profiles/me/avatar/')
      .type('image/webp')
      .send(await picture(100, 100).webp().toBuffer())
      .expect(200)
    expect(await server.context.store.head(old ?? '')).toBeNull()
    const { avatar } = await profileOf(user)
    expect(await server.context.store.head(avatar ?? '')).not.toBeNull()
    await browser.delete('/api/profiles/me/avatar/').expect(204)
    const left: string[] = []
    for await (const { key } of server.context.store.list('public/avatars/')) left.push(key)
    for (const gone of [old, avatar]) {
      expect(left.filter((key) => key.startsWith(String(gone).slice(0, 'public/avatars/'.length + 24)))).toEqual([])
    }
    expect((await browser.get('/api/profiles/me/')).body.avatar_url).toBeNull()
  })

  it('is told by its bytes: SVG, HTML and halves of pictures are refused', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const png = await picture().png().toBuffer()
    for (const [type, body, status] of [
      ['image/svg+xml', svg, 415],
      ['image/png', svg, 415],
      ['image/jpeg', Buffer.from('<html><script>alert(1)</script>'), 415],
      ['image/png', png.subarray(0, png.length / 2), 400],
      ['image/png', Buffer.alloc(0), 415],
    ] as const) {
      await browser.put('/api/profiles/me/avatar/').type(type).send(body).expect(status)
    }
    await browser.put('/api/profiles/me/avatar/').attach('avatar', svg, 'x.png').expect(415)
    await browser.put('/api/profiles/me/avatar/').field('avatar', 'no file').expect(404)
    await browser.put('/api/profiles/me/avatar/').send({ avatar: 'https://evil.example/x.png' }).expect(415)
  })

  it('may not be large, nor small and unpack to something large', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const large = Buffer.concat([await picture().png().toBuffer(), Buffer.alloc(9 * 1024 * 1024)])
    await browser.put('/api/profiles/me/avatar/').type('image/png').send(large).expect(413)
    const bomb = await picture(10_000, 10_000).png({ compressionLevel: 9 }).toBuffer()
    expect(bomb.length).toBeLessThan(1_000_000)
    await browser.put('/api/profiles/me/avatar/').type('image/png').send(bomb).expect(400)
  })

  it('needs a signed-in browser with its CSRF token', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const png = await picture(10, 10).png().toBuffer()
    await server.visitor().put('/api/profiles/me/avatar/').type('image/png').send(png).expect(401)
    await browser.put('/api/profiles/me/avatar/').set('x-csrf-token', 'x').attach('avatar', png, 'x.png').expect(403)
  })
})
