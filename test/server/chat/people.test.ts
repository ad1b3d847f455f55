import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import type { User } from '../../../server/accounts/user.ts'
import { ChatModerator } from '../../../server/chat/chat-moderator.ts'
import { findPlace } from '../../../server/chat/find-place.ts'
import { findPresent } from '../../../server/chat/find-present.ts'
import { ranks } from '../../../server/chat/protocol.ts'
import { aCourse, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { aPublisher } from '../../support/factories.ts'
import type { Client } from './hub.ts'
import { startChat, type TestChat } from './rooms.ts'

/** Who is here, over two hubs, and what they may call to all others. */
let chat: TestChat
let owner: User
let moderator: User
let member: User
let admin: User
let room: string

beforeAll(async () => {
  chat = await startChat()
  const publisher = await aPublisher(chat.server)
  owner = publisher.user
  room = publisher.channel.chatRoom()
  moderator = await chat.server.register('student', 'Zoe')
  member = await chat.server.register('student', 'Adam')
  admin = await chat.server.register('admin', 'Admin')
  const em = chat.server.context.orm.em.fork()
  em.create(ChatModerator, { room, user: moderator.id })
  const profile = await em.findOneOrFail(Profile, { user: member })
  profile.avatar = `public/avatars/${'a'.repeat(24)}.webp`
  await em.flush()
})

afterAll(() => chat?.[Symbol.asyncDispose]())

async function ask(client: Client, frame: object) {
  const cid = client.cid()
  client.say({ ...frame, cid })
  return { cid, frame: await client.answer(cid).catch(() => null) }
}

async function who(client: Client, from = 0) {
  const cid = client.cid()
  client.say({ t: 'who', room, cid, from })
  return client.next('who', (frame) => frame.cid === cid)
}

describe('who is here', () => {
  it('is told over all hubs: moderators first, then by name, with ranks and pictures, guests as a number', async () => {
    const clients = await Promise.all([
      chat.connect(member),
      chat.connect(member, chat.other),
      chat.connect(moderator, chat.other),
      chat.connect(owner),
      chat.connect(null, chat.other),
    ])
    await Promise.all(clients.map((client) => client.join(room)))
    const [first] = clients as [Client, ...Client[]]
    await expect.poll(() => chat.server.context.redis.hLen(`{r:${room}}:pu`)).toBe(4)
    const answer = await who(first)
    expect(answer).toMatchObject({ guests: 1, total: 3, next: null })
    expect(answer.people).toEqual([
      { u: `u:${owner.id}`, n: expect.any(String), r: ranks.owner },
      { u: `u:${moderator.id}`, n: expect.stringMatching(/^Zoe/), r: ranks.moderator },
      {
        ...{ u: `u:${member.id}`, n: expect.stringMatching(/^Adam/), r: ranks.member },
        a: `/api/files/avatars/${'a'.repeat(24)}.webp`,
      },
    ])
    const sent = await first.send(room, 'with my picture')
    expect(sent).toMatchObject({ t: 'ack' })
    await expect.poll(() => clients[2]?.lines(room).at(-1)).toMatchObject({ a: answer.people[2]?.a, r: ranks.member })
    await Promise.all(clients.map((client) => client.close()))
  })

  it('is told to moderators to the last, to others up to the two hundredth', async () => {
    const { redis } = chat.server.context
    const em = chat.server.context.orm.em.fork()
    // Accounts of that many, without signing each of them up.
    await em.execute(
      `insert into users (created_at, updated_at, email, password_hash, first_name, last_name)
       select now(), now(), 'crowd-' || i || '@example.org', '', 'Crowd', 'C' || i from generate_series(1, 250) i`,
    )
    await em.execute(
      `insert into profile (created_at, updated_at, user_id, display_name)
       select now(), now(), id, first_name || ' ' || last_name from users where email like 'crowd-%'`,
    )
    const rows = await em.execute<{ id: number }[]>(`select id from users where email like 'crowd-%'`)
    const crowd = Object.fromEntries(rows.map(({ id }) => [`u:${id}`, '1']))
    const clients = [await chat.connect(member), await chat.connect(moderator)]
    const [page, ownPage] = clients as [Client, Client]
    await Promise.all(clients.map((client) => client.join(room)))
    await redis.hSet(`{r:${room}}:pu`, crowd)
    await expect.poll(async () => (await who(page)).total, { timeout: 15_000, interval: 2000 }).toBeGreaterThan(250)
    const mine = await who(page)
    expect([mine.people.length, mine.next]).toEqual([200, null])
    expect((await who(page, 200)).people).toEqual([])
    const first = await who(ownPage)
    expect([first.people.length, first.next]).toEqual([200, 200])
    const rest = await who(ownPage, 200)
    expect([first.people.length + rest.people.length, rest.next]).toEqual([first.total, null])
    await redis.hDel(`{r:${room}}:pu`, Object.keys(crowd))
    await Promise.all(clients.map((client) => client.close()))
  })

  it('has the rank of each that the room itself gives them', async () => {
    const { server } = chat
    const em = server.context.orm.em.fork()
    const course = await aCourse(em, owner)
    const producer = await server.register('producer')
    const [assistant, helper, enrolled] = await Promise.all([1, 2, 3].map(() => server.register('student')))
    if (!assistant || !helper || !enrolled) throw new Error('nobody')
    await aStaffMember(em, course, producer, 'producer')
    await aStaffMember(em, course, assistant, 'assistant', { moderate_chat: true })
    await aStaffMember(em, course, helper, 'assistant')
    for (const user of [enrolled, moderator]) await anEnrollment(em, course, user)
    const name = `course-${course.id}`
    em.create(ChatModerator, { room: name, user: moderator.id })
    await em.flush()
    const everybody = [owner, producer, assistant, helper, enrolled, moderator, admin]
    for (const where of [name, room, 'lobby']) {
      const viewers = Object.fromEntries(everybody.map(({ id }) => [`u:${id}`, '1']))
      await server.context.redis.del(`{r:${where}}:pu`)
      await server.context.redis.hSet(`{r:${where}}:pu`, viewers)
      const context = { em: em.fork(), redis: server.context.redis, store: server.config.store }
      const { people } = await findPresent(context, where)
      const places = await Promise.all(
        everybody.map(async (user) => [`u:${user.id}`, (await findPlace(em.fork(), where, user))?.rank]),
      )
      expect([where, Object.fromEntries(people.map(({ u, r }) => [u, r]))]).toEqual([where, Object.fromEntries(places)])
      await server.context.redis.del(`{r:${where}}:pu`)
    }
  })
})

describe('a notice', () => {
  it('to the site reaches every page on every hub; only who moderates the lobby may send one', async () => {
    const pages = [await chat.connect(member, chat.other), await chat.connect(null), await chat.connect(owner)]
    const [page, , ownerPage] = pages as [Client, Client, Client]
    for (const client of [page, ownerPage]) {
      const { frame } = await ask(client, { t: 'notify', site: true, text: 'Free pizza' })
      expect(frame).toMatchObject({ code: 'forbidden' })
    }
    const staff = await chat.connect(admin)
    const { frame } = await ask(staff, { t: 'notify', site: true, level: 'warning', text: 'Back in five minutes' })
    expect(frame).toMatchObject({ t: 'ack' })
    for (const client of pages) {
      expect(await client.next('ntf')).toMatchObject({ text: 'Back in five minutes', level: 'warning', ttl: 5 })
    }
    expect(JSON.stringify(page.frames)).not.toContain('pizza')
    for (const wrong of [{ site: true, room: 'lobby' }, {}, { site: false }, { site: 'yes' }]) {
      expect((await ask(staff, { t: 'notify', text: 'x', ...wrong })).frame).toMatchObject({ code: 'bad_field' })
    }
    await Promise.all([...pages, staff].map((client) => client.close()))
  })

  it('is one in half a minute of a person, whatever hubs they are on', async () => {
    const sender = await chat.server.register('student', 'Caller')
    const clients = await Promise.all([chat.connect(sender), chat.connect(sender, chat.other)])
    await Promise.all(clients.map((client) => client.join('lobby')))
    // In the lobby everybody may.
    const answers = await Promise.all(
      clients.flatMap((client) => [1, 2, 3].map(() => ask(client, { t: 'notify', room: 'lobby', text: 'Hello' }))),
    )
    const kinds = answers.map(({ frame }) => (frame && 'code' in frame ? frame.code : frame?.t)).sort()
    expect(kinds).toEqual(['ack', ...Array(5).fill('rate_limited')])
    const refused = answers.flatMap(({ frame }) => (frame && 'retry' in frame ? [frame.retry ?? 0] : []))
    for (const retry of refused) expect(retry).toBeGreaterThan(20_000)
    await Promise.all(clients.map((client) => client.close()))
  })

  it('of a room is its moderators’, unless they let everybody; not of who is banned, nor with blocked words', async () => {
    const caller = await chat.server.register('student', 'Crier')
    const [page, ownPage] = [await chat.connect(caller), await chat.connect(owner)]
    await Promise.all([page.join(room), ownPage.join(room)])
    const notify = async (client: Client, text: string) => (await ask(client, { t: 'notify', room, text })).frame
    expect(await notify(page, 'Look')).toMatchObject({ code: 'forbidden' })
    expect(await ownPage.moderate(room, { op: 'notices', who: 'everyone' })).toMatchObject({ t: 'ack' })
    await expect.poll(() => page.lines(room).at(-1)?.set?.notices).toBe('everyone')
    await (await chat.as(owner)).post(`/api/rooms/${room}/blocked-terms/`).send({ term: 'pizza' }).expect(201)
    expect(await notify(page, 'Pizza!')).toMatchObject({ code: 'blocked_term' })
    await ownPage.moderate(room, { op: 'timeout', uid: `u:${caller.id}`, sec: 60 })
    expect(await notify(page, 'Look')).toMatchObject({ code: 'timed_out' })
    await ownPage.moderate(room, { op: 'unban', uid: `u:${caller.id}` })
    expect(await notify(page, 'Look')).toMatchObject({ t: 'ack' })
    expect(await ownPage.next('ntf')).toMatchObject({ text: 'Look' })
    await Promise.all([page.close(), ownPage.close()])
  })
})
