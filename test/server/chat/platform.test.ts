import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { User } from '../../../server/accounts/user.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { editUser } from '../../../server/admin/edit-user.ts'
import { ChatBan } from '../../../server/chat/chat-ban.ts'
import { ChatMessage } from '../../../server/chat/chat-message.ts'
import { ChatRoom } from '../../../server/chat/chat-room.ts'
import { HttpChatHost } from '../../../server/chat/host-client.ts'
import { ChatKeeper } from '../../../server/chat/persist-messages.ts'
import { ranks } from '../../../server/chat/protocol.ts'
import { aCourse, anEnrollment } from '../../support/courses.ts'
import { aPublisher, type TestPublisher } from '../../support/factories.ts'
import { INTERNAL_SECRET, startServer, type TestServer } from '../../support/server.ts'
import { aHub, Client, type TestHub } from './hub.ts'

/** The hub with the platform behind it: tickets, places, and what is kept. */
let server: TestServer
let hub: TestHub
let keeper: ChatKeeper
let publisher: TestPublisher
let learner: User
let room: string

beforeAll(async () => {
  server = await startServer()
  const { port } = server.server.address() as AddressInfo
  hub = await aHub(new HttpChatHost(`http://127.0.0.1:${port}`, INTERNAL_SECRET), {
    ticketSecret: server.config.secrets.jwt,
    revocations: server.context.revocations,
  })
  keeper = new ChatKeeper(server.context.orm, server.context.redis, server.context.log)
  publisher = await aPublisher(server)
  learner = await server.register('student', 'Learner')
  room = publisher.channel.chatRoom()
})

afterAll(async () => {
  await keeper?.[Symbol.asyncDispose]()
  await hub?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

async function connect(user: User | null): Promise<Client> {
  const agent = user ? await server.signIn(user) : server.visitor()
  const { body } = await agent.post('/api/chat/ticket/').expect(200)
  return Client.open(hub.url, {}, `t.${body.ticket}`)
}

describe('places', () => {
  it('the owner of a channel is its room’s, people write, guests read', async () => {
    const people = await Promise.all([connect(publisher.user), connect(learner), connect(null)])
    const joined = await Promise.all(people.map((client) => client.join(room)))
    expect(joined.map(({ rank }) => rank)).toEqual([ranks.owner, ranks.member, ranks.guest])
    expect((await people[1]?.next('hello'))?.name).toMatch(/^Learner N?/)
    expect(await people[2]?.send(room, 'hello')).toMatchObject({ code: 'read_only' })
    await Promise.all(people.map((client) => client.close()))
  })

  it('of a class that comes at once are asked for together, each with their own answer', async () => {
    const { port } = server.server.address() as AddressInfo
    const host = new HttpChatHost(`http://127.0.0.1:${port}`, INTERNAL_SECRET)
    const closed = await server.register('student')
    const em = server.context.orm.em.fork()
    await em.nativeUpdate(User, { id: closed.id }, { isActive: false })
    const everybody = [publisher.user, learner, closed].map(({ id }) => `u:${id}`)
    const strangers = Array.from({ length: 450 }, (_, i) => `u:${900_000 + i}`)
    let requests = 0
    const count = ({ url = '' }) => {
      if (url.startsWith(`/internal/rooms/${room}/places`)) requests += 1
    }
    server.server.on('request', count)
    const asked = [...everybody, null, ...strangers].map((uid) => host.place(room, uid))
    const [owner, member, gone, guest, ...others] = await Promise.all(asked)
    server.server.off('request', count)
    expect([owner?.rank, member?.rank, gone, guest?.rank]).toEqual([ranks.owner, ranks.member, null, ranks.guest])
    expect(others).toEqual(strangers.map(() => null))
    expect(requests).toBe(3)
    expect(await host.place('lobby', everybody[1] ?? null)).toMatchObject({ rank: ranks.member })
    expect(await host.place('channel-999999', everybody[1] ?? null)).toBe(null)
  })

  it('a course’s room is for who learns or teaches there', async () => {
    const em = server.context.orm.em.fork()
    const course = await aCourse(em, publisher.user)
    const stranger = await server.register('student')
    await anEnrollment(em, course, learner)
    const [teacher, enrolled, other, guest] = [
      await connect(publisher.user),
      await connect(learner),
      await connect(stranger),
      await connect(null),
    ]
    const name = `course-${course.id}`
    expect((await teacher.join(name)).rank).toBe(ranks.owner)
    expect((await enrolled.join(name)).rank).toBe(ranks.member)
    for (const [client, code] of [
      [other, 'forbidden'],
      [guest, 'unauthorized'],
    ] as const) {
      client.say({ t: 'join', room: name })
      expect(await client.next('err')).toMatchObject({ code, room: name })
    }
    await Promise.all([teacher, enrolled, other, guest].map((client) => client.close()))
  })

  it('a sign-out ends the connection on every node within seconds', async () => {
    const agent = await server.signIn(learner)
    const { body } = await agent.post('/api/chat/ticket/').expect(200)
    const client = await Client.open(hub.url, {}, `t.${body.ticket}`)
    const { resume } = await client.next('hello')
    await agent.post('/api/auth/logout/').expect(204)
    await expect.poll(() => client.closeCode, { timeout: 5000 }).toBe(4401)
    const again = Client.dial(hub.url, `r.${resume}`)
    await expect.poll(() => again.closeCode, { timeout: 5000 }).toBe(4401)
  })
})

describe('an account that is closed', () => {
  it('is put out for good, and so is whoever comes with what it was given before', async () => {
    const { context } = server
    const leaver = await server.register('student')
    const client = await connect(leaver)
    const { resume } = await client.next('hello')
    const by = { actor: publisher.user.id, address: '127.0.0.1' }
    await editUser(context.orm.em.fork(), leaver.id, { isActive: false }, by, context)
    await expect.poll(() => client.closeCode, { timeout: 5000 }).toBe(4403)
    const again = Client.dial(hub.url, `r.${resume}`)
    await expect.poll(() => again.closeCode, { timeout: 5000 }).toBe(4403)
  })
})

describe('what is kept', () => {
  it('is every message once, without those that were taken away, and who moderated how', async () => {
    const [owner, writer] = [await connect(publisher.user), await connect(learner)]
    await owner.join(room)
    await writer.join(room)
    const em = () => server.context.orm.em.fork()
    await owner.send(room, 'Welcome')
    const secret = await writer.send(room, 'too much')
    const s = 's' in secret ? secret.s : 0
    await expect.poll(() => em().count(ChatMessage, { room }), { timeout: 10_000 }).toBe(2)
    await owner.moderate(room, { op: 'del', s })
    await owner.moderate(room, { op: 'timeout', uid: `u:${learner.id}`, sec: 600, why: 'spam' })
    await owner.moderate(room, { op: 'slow', sec: 7 })
    await expect
      .poll(() => em().find(ChatMessage, { room }, { orderBy: { seq: 'asc' } }), { timeout: 10_000 })
      .toMatchObject([
        { text: 'Welcome', rank: ranks.owner },
        { text: '', deletedAt: expect.any(Date) },
      ])
    await expect.poll(() => em().findOne(ChatRoom, { id: room })).toMatchObject({ slow: 7 })
    expect(await em().find(ChatBan, { room })).toMatchObject([{ user: { id: learner.id }, reason: 'spam' }])
    const deeds = await em().find(AuditLog, { object: `room:${room}` }, { orderBy: { id: 'asc' } })
    expect(deeds.map(({ action }) => action)).toEqual(['chat.del', 'chat.timeout', 'chat.slow'])

    // A Redis that has lost all gets settings and bans back from here.
    await server.context.redis.flushDb()
    const late = await connect(learner)
    await expect.poll(async () => (await late.join(room)).set.slow, { timeout: 15_000 }).toBe(7)
    expect(await late.send(room, 'again')).toMatchObject({ code: 'timed_out' })
    await Promise.all([owner, writer, late].map((client) => client.close()))
  })
})
