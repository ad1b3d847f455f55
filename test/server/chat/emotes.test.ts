import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { ChatEmote } from '../../../server/chat/chat-emote.ts'
import { isEmoteOnly } from '../../../server/chat/emote-only.ts'
import { aPublisher } from '../../support/factories.ts'
import { startChat, type TestChat } from './rooms.ts'

let chat: TestChat
let owner: User
let room: string
let path: string

beforeAll(async () => {
  chat = await startChat()
  const { user, channel } = await aPublisher(chat.server)
  owner = user
  room = channel.chatRoom()
  path = `/api/rooms/${room}`
})

afterAll(() => chat?.[Symbol.asyncDispose]())

const em = () => chat.server.context.orm.em.fork()

function aPicture(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 4, background: '#f00' } })
    .png()
    .toBuffer()
}

/** Frames below each other, as sharp takes them. */
function aFilm(side: number, frames: number): Promise<Buffer> {
  const raw = Buffer.alloc(side * side * frames * 3, 0)
  for (let i = 0; i < frames; i++) raw.fill(i * 40, i * side * side * 3, (i + 1) * side * side * 3)
  return sharp(raw, { raw: { width: side, height: side * frames, channels: 3, pageHeight: side } })
    .gif({ delay: Array(frames).fill(100) })
    .toBuffer()
}

async function put(name: string, picture: Buffer, type = 'image/png') {
  const agent = await chat.as(owner)
  return agent.put(`${path}/emotes/${name}/picture/`).set('content-type', type).send(picture)
}

describe('an emote', () => {
  it('is kept small as WebP, shown to everybody, and pages that are open learn of it', async () => {
    const page = await chat.connect(owner)
    await page.join(room)
    const { status, body } = await put('party_1', await aPicture(600, 300))
    expect([status, body]).toEqual([200, { name: 'party_1', url: expect.any(String), is_animated: false }])
    expect(body.url).toMatch(/^\/api\/files\/emotes\/[0-9a-f]{24}\.webp$/)
    await expect.poll(() => page.lines(room).at(-1)).toMatchObject({ k: 'set', set: { emotes: 1 } })
    const guest = await chat.as(null)
    expect((await guest.get(`${path}/emotes/`).expect(200)).body).toEqual([body])
    expect((await guest.get(`${path}/`).expect(200)).body.emotes).toEqual([body])
    const file = await guest.get(body.url).expect(200)
    expect(file.headers['x-accel-redirect']).toBe(body.url.replace('/api/files', '/_store/public'))
    const { picture } = await em().findOneOrFail(ChatEmote, { room, name: 'party_1' })
    const { body: stream } = await chat.server.context.store.get(picture)
    const kept = await sharp(Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>))).metadata()
    expect(kept).toMatchObject({ format: 'webp', width: 128, height: 64 })
    await page.close()
  })

  it('that moves goes on moving; another picture under its name takes the place of the first', async () => {
    const first = await put('dance', await aFilm(32, 5), 'image/gif')
    expect(first.body).toMatchObject({ is_animated: true })
    const { picture } = await em().findOneOrFail(ChatEmote, { room, name: 'dance' })
    const { body: stream } = await chat.server.context.store.get(picture)
    const kept = await sharp(Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>)), {
      animated: true,
    }).metadata()
    expect(kept).toMatchObject({ format: 'webp', pages: 5 })
    const second = await put('dance', await aPicture(16, 16))
    expect(second.body).toMatchObject({ is_animated: false })
    expect(second.body.url).not.toBe(first.body.url)
    expect(await em().count(ChatEmote, { room, name: 'dance' })).toBe(1)
  })

  it('is refused when it is no picture, unpacks to too much, moves too long, or has another kind of name', async () => {
    const refused: [string, Buffer, string, number][] = [
      ['svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'), 'image/png', 415],
      ['html', Buffer.from('<!doctype html><script>alert(1)</script>'), 'image/png', 415],
      ['empty', Buffer.alloc(0), 'image/png', 415],
      ['torn', (await aPicture(64, 64)).subarray(0, 60), 'image/png', 400],
      ['bomb', await aPicture(6000, 6000), 'image/png', 400],
      ['film', await aFilm(4, 201), 'image/gif', 400],
      ['heavy', Buffer.concat([await aPicture(8, 8), Buffer.alloc(1024 * 1024)]), 'image/png', 413],
      ['UPPER', await aPicture(8, 8), 'image/png', 400],
      ['a', await aPicture(8, 8), 'image/png', 400],
      ['x'.repeat(25), await aPicture(8, 8), 'image/png', 400],
      ['a%2Fb', await aPicture(8, 8), 'image/png', 400],
    ]
    for (const [name, bytes, type, expected] of refused) {
      const { status } = await put(name, bytes, type)
      expect([name, status]).toEqual([name, expected])
    }
    const names = (await em().find(ChatEmote, { room })).map(({ name }) => name).sort()
    expect(names).toEqual(['dance', 'party_1'])
  })

  it('is one of fifty, also when many come at once', async () => {
    const { user, channel } = await aPublisher(chat.server)
    const where = channel.chatRoom()
    const fork = em()
    for (let i = 0; i < 47; i++) {
      fork.create(ChatEmote, { room: where, name: `e${i}x`, picture: `public/emotes/${'0'.repeat(24)}.webp` })
    }
    await fork.flush()
    const agent = await chat.as(user)
    const bytes = await aPicture(8, 8)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        agent.put(`/api/rooms/${where}/emotes/new${i}/picture/`).set('content-type', 'image/png').send(bytes),
      ),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([...Array(3).fill(200), ...Array(7).fill(409)])
    expect(await em().count(ChatEmote, { room: where })).toBe(50)
  })

  it('belongs to its room’s moderators, and is gone with its picture when they delete it', async () => {
    const stranger = await chat.as(await chat.server.register('student'))
    await stranger
      .put(`${path}/emotes/mine/picture/`)
      .set('content-type', 'image/png')
      .send(Buffer.alloc(9))
      .expect(403)
    await stranger.delete(`${path}/emotes/dance/`).expect(403)
    await chat.server.visitor().delete(`${path}/emotes/dance/`).expect(401)
    const agent = await chat.as(owner)
    await agent.delete(`${path}/emotes/dance/`).expect(204)
    await agent.delete(`${path}/emotes/dance/`).expect(404)
    expect((await agent.get(`${path}/emotes/`)).body.map(({ name }: { name: string }) => name)).toEqual(['party_1'])
  })
})

describe('a room for emotes alone', () => {
  it('takes emoji and its own emotes from members, and anything from who moderates', async () => {
    const member = await chat.server.register('student')
    const [page, ownPage] = [await chat.connect(member), await chat.connect(owner)]
    await Promise.all([page.join(room), ownPage.join(room)])
    await (await chat.as(owner)).patch(`${path}/`).send({ mode: 'emote' }).expect(200)
    await expect.poll(() => page.lines(room).at(-1)?.set?.mode).toBe('emote')
    expect(await page.send(room, 'hello 😀')).toMatchObject({ code: 'emote_only' })
    expect(await page.send(room, ':dance:')).toMatchObject({ code: 'emote_only' })
    expect(await page.send(room, ':party_1: 👩🏽‍🚀 ❤️')).toMatchObject({ t: 'ack' })
    expect(await ownPage.send(room, 'words')).toMatchObject({ t: 'ack' })
    await Promise.all([page.close(), ownPage.close()])
  })

  it('knows an emoji from what only looks like one, in no time', () => {
    const emotes = ['ok']
    for (const text of ['😀', '👍🏽 👨‍👩‍👧', '❤', '❤️', '1️⃣', '🇰🇬', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '☺ ☺️', ':ok:', ':ok::ok:', '😀\n🎉']) {
      expect([text, isEmoteOnly(text, emotes)]).toEqual([text, true])
    }
    for (const text of ['a', '1', '#', '*', ':no:', ':ok', '😀a', '¡', '\u200d', 'ok', '::', '=)', '𝓪']) {
      expect([text, isEmoteOnly(text, emotes)]).toEqual([text, false])
    }
    const startedAt = performance.now()
    expect(isEmoteOnly(`${'❤️'.repeat(400)}x`, emotes)).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(50)
  })
})
