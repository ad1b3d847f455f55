import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { User } from '../../../server/accounts/user.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { ChatMessage } from '../../../server/chat/chat-message.ts'
import { ChatModerator } from '../../../server/chat/chat-moderator.ts'
import { ChatRoom } from '../../../server/chat/chat-room.ts'
import { ranks } from '../../../server/chat/protocol.ts'
import { aCourse, anEnrollment } from '../../support/courses.ts'
import { aPublisher, type TestPublisher } from '../../support/factories.ts'
import { startServer } from '../../support/server.ts'
import type { Client } from './hub.ts'
import { startChat, type TestChat } from './rooms.ts'

/** What the API does to a room, as the pages see it that are open there. */
let chat: TestChat
let publisher: TestPublisher
let owner: User
let member: User
let room: string
let path: string

beforeAll(async () => {
  chat = await startChat()
  publisher = await aPublisher(chat.server)
  owner = publisher.user
  member = await chat.server.register('student', 'Member')
  room = publisher.channel.chatRoom()
  path = `/api/rooms/${room}`
})

afterAll(() => chat?.[Symbol.asyncDispose]())

const em = () => chat.server.context.orm.em.fork()

async function enter(user: User | null, where = room): Promise<Client> {
  const client = await chat.connect(user)
  await client.join(where)
  return client
}

async function close(...clients: Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close()))
}

describe('settings', () => {
  it('changed here are seen by every open page at once, kept, and written into the books', async () => {
    const [page, guest] = [await enter(member), await enter(null)]
    const agent = await chat.as(owner)
    const { body } = await agent.patch(`${path}/`).send({ slow: 30, mode: 'mods', notices: 'everyone' }).expect(200)
    expect(body).toMatchObject({ slow: 30, mode: 'mods', notices: 'everyone', frozen: false, rank: 3 })
    for (const client of [page, guest]) {
      await expect
        .poll(() => client.lines(room).at(-1))
        .toMatchObject({ k: 'set', set: { slow: 30, mode: 'mods', frozen: false, notices: 'everyone', emotes: 0 } })
    }
    expect(await page.send(room, 'hello')).toMatchObject({ code: 'not_member' })
    expect(await em().findOne(ChatRoom, { id: room })).toMatchObject({ slow: 30, mode: 'mods', notices: 'everyone' })
    const guestSees = await (await chat.as(null)).get(`${path}/`).expect(200)
    expect(guestSees.body).toMatchObject({ rank: 0, modes: [], slow: 30, title: publisher.channel.title })
    expect(guestSees.body).not.toHaveProperty('blocked_terms')
    await agent.patch(`${path}/`).send({ slow: 0, mode: 'all', notices: 'moderators' }).expect(200)
    // Nothing of it changes anything, so nothing is said.
    const lines = page.lines(room).length
    await agent.patch(`${path}/`).send({ slow: 0, mode: 'all' }).expect(200)
    expect(await page.send(room, 'hello')).toMatchObject({ t: 'ack' })
    await expect
      .poll(() =>
        page
          .lines(room)
          .slice(lines)
          .map(({ k }) => k),
      )
      .toEqual(['msg'])
    const deeds = await agent.get(`${path}/audit/`).expect(200)
    expect(deeds.body.results.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['chat.slow', 'chat.mode', 'chat.notices']),
    )
    expect(deeds.body.results[0]).toMatchObject({ actor: { id: owner.id } })
    await close(page, guest)
  })

  it('of two moderators at once are both in what pages are told', async () => {
    const page = await enter(member)
    const agent = await chat.as(owner)
    await Promise.all([
      agent.patch(`${path}/`).send({ slow: 5 }).expect(200),
      agent.patch(`${path}/`).send({ frozen: true }).expect(200),
    ])
    await expect.poll(() => page.lines(room).at(-1)?.set).toMatchObject({ slow: 5, frozen: true })
    await agent.patch(`${path}/`).send({ slow: 0, frozen: false }).expect(200)
    await close(page)
  })

  it('that a room of its kind does not have are refused, here and over the hub', async () => {
    const admin = await chat.server.register('admin')
    const { body } = await (await chat.as(admin)).patch('/api/rooms/lobby/').send({ mode: 'followers' }).expect(400)
    expect(body.code).toBe('mode_unknown_here')
    const page = await enter(admin, 'lobby')
    expect(await page.moderate('lobby', { op: 'mode', mode: 'enrolled' })).toMatchObject({ code: 'bad_field' })
    await close(page)
  })

  it('that are blocked terms hold at once, as whole words in any case, and none of fifty at once is lost', async () => {
    const [page, ownPage] = [await enter(member), await enter(owner)]
    const agent = await chat.as(owner)
    expect(await page.send(room, 'Buy S.P.A.M. now')).toMatchObject({ t: 'ack' })
    const terms = Array.from({ length: 50 }, (_, i) => `word${i}`)
    await Promise.all(terms.map((term) => agent.post(`${path}/blocked-terms/`).send({ term }).expect(201)))
    await agent.post(`${path}/blocked-terms/`).send({ term: ' Реклама! ' }).expect(201)
    const { body } = await agent.get(`${path}/blocked-terms/`).expect(200)
    expect([...body].sort()).toEqual([...terms, 'реклама'].sort())
    expect(await page.send(room, 'это РЕКЛАМА, да')).toMatchObject({ code: 'blocked_term' })
    expect(await page.send(room, 'рекламация')).toMatchObject({ t: 'ack' })
    expect(await ownPage.send(room, 'реклама')).toMatchObject({ t: 'ack' })
    await agent.delete(`${path}/blocked-terms/${encodeURIComponent('РЕКЛАМА')}/`).expect(204)
    await expect.poll(() => page.send(room, 'реклама'), { interval: 800, timeout: 8000 }).toMatchObject({ t: 'ack' })
    const patched = await agent
      .patch(`${path}/`)
      .send({ blocked_terms: ['One  Two', 'one two'] })
      .expect(200)
    expect(patched.body.blocked_terms).toEqual(['one two'])
    await close(page, ownPage)
  })
})

describe('moderators', () => {
  it('are made and unmade while their pages are open, once however often it is asked', async () => {
    const friend = await chat.server.register('student', 'Friend')
    const page = await enter(friend)
    const agent = await chat.as(owner)
    const answers = await Promise.all(Array.from({ length: 20 }, () => agent.put(`${path}/members/${friend.id}/`)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await em().count(ChatModerator, { room })).toBe(1)
    expect(await em().count(AuditLog, { action: 'chat.appoint', object: `room:${room}` })).toBe(1)
    expect((await page.next('you')).rank).toBe(ranks.moderator)
    expect(await page.moderate(room, { op: 'slow', sec: 1 })).toMatchObject({ t: 'ack' })
    expect(await page.moderate(room, { op: 'slow', sec: 0 })).toMatchObject({ t: 'ack' })
    const { body } = await agent.get(`${path}/members/`).expect(200)
    expect(body).toMatchObject({ count: 1, results: [{ user: { id: friend.id } }] })
    await agent.delete(`${path}/members/${friend.id}/`).expect(204)
    await page.next('you', ({ rank }) => rank === ranks.member)
    expect(await page.moderate(room, { op: 'slow', sec: 1 })).toMatchObject({ code: 'forbidden' })
    await agent.delete(`${path}/members/${friend.id}/`).expect(404)
    await close(page)
  })
})

describe('bans', () => {
  it('hold on open pages at once, are listed with who and why, and end when they are taken back', async () => {
    const person = await chat.server.register('student', 'Loud')
    const page = await enter(person)
    const agent = await chat.as(owner)
    const { body } = await agent
      .post(`${path}/bans/`)
      .send({ user: person.id, seconds: 600, reason: 'shouting' })
      .expect(201)
    expect(body).toMatchObject({ user: { id: person.id }, by: { id: owner.id }, reason: 'shouting' })
    expect(Math.abs(Date.parse(body.until) - Date.now() - 600_000)).toBeLessThan(10_000)
    expect((await page.next('you')).until).toBeGreaterThan(Date.now())
    expect(await page.send(room, 'HELLO')).toMatchObject({ code: 'timed_out' })
    await agent.post(`${path}/bans/`).send({ user: person.id }).expect(201)
    expect(await page.send(room, 'HELLO')).toMatchObject({ code: 'banned' })
    const list = await agent.get(`${path}/bans/`).expect(200)
    expect(list.body).toMatchObject({ count: 1, results: [{ user: { id: person.id }, until: null }] })
    const own = await (await chat.as(person)).get(`${path}/`).expect(200)
    expect(own.body.ban).toEqual({ until: null })
    await agent.delete(`${path}/bans/${person.id}/`).expect(204)
    expect(await page.send(room, 'hello')).toMatchObject({ t: 'ack' })
    await agent.delete(`${path}/bans/${person.id}/`).expect(404)
    await close(page)
  })
})

describe('older messages', () => {
  it('are read back page by page, also by guests, without holes and without those that are gone', async () => {
    const quiet = await aPublisher(chat.server)
    const where = quiet.channel.chatRoom()
    const page = await enter(quiet.user, where)
    for (let i = 1; i <= 7; i++) expect(await page.send(where, `line ${i}`)).toMatchObject({ t: 'ack' })
    await page.moderate(where, { op: 'del', s: 4 })
    await expect.poll(() => em().count(ChatMessage, { room: where, deletedAt: null }), { timeout: 8000 }).toBe(6)
    const { e } = await page.join(where)
    const guest = await chat.as(null)
    const read: string[] = []
    let before = `${e}:8`
    for (;;) {
      const { body } = await guest.get(`/api/rooms/${where}/messages/?limit=2&before=${before}`).expect(200)
      read.push(...body.results.map(({ text }: { text: string }) => text))
      if (body.next === null) break
      before = body.next
    }
    expect(read).toEqual([7, 6, 5, 3, 2, 1].map((i) => `line ${i}`))
    const newest = await guest.get(`/api/rooms/${where}/messages/?limit=1`).expect(200)
    expect(newest.body.results[0]).toMatchObject({ epoch: e, seq: 7, rank: 3, author: { id: quiet.user.id } })
    for (const query of ['before=x', 'before=1', 'limit=0', 'limit=101', `before=${e}:-1`, 'before=a:1;drop']) {
      await guest.get(`/api/rooms/${where}/messages/?${query}`).expect(400)
    }
    await close(page)
  })

  it('are found by Russian and English words in any form, and by their beginnings', async () => {
    const teacher = await aPublisher(chat.server)
    const where = teacher.channel.chatRoom()
    const page = await enter(teacher.user, where)
    const said = [
      'Посмотрите на уроки по линейной алгебре',
      'The students were running faster',
      'Ёлка стоит в углу и the end',
      'https://example.com/lecture?a=1 and C++ code',
    ]
    for (const text of said) await page.send(where, text)
    await expect.poll(() => em().count(ChatMessage, { room: where }), { timeout: 8000 }).toBe(said.length)
    const found = async (q: string) => {
      const agent = await chat.as(null)
      const { body } = await agent.get(`/api/rooms/${where}/messages/search/?q=${encodeURIComponent(q)}`).expect(200)
      return body.results.map(({ text }: { text: string }) => said.indexOf(text))
    }
    expect(await found('урок')).toEqual([0])
    expect(await found('уроков')).toEqual([0])
    expect(await found('АЛГЕБРА')).toEqual([0])
    expect(await found('линей')).toEqual([0])
    expect(await found('run')).toEqual([1])
    expect(await found('student fast')).toEqual([1])
    expect(await found('stud')).toEqual([1])
    expect(await found('елка')).toEqual([2])
    expect(await found('ёлки')).toEqual([2])
    // Words that other searches leave out.
    expect(await found('the')).toEqual([2, 1])
    expect(await found('на')).toEqual([0])
    expect(await found('example')).toEqual([3])
    expect(await found('урок students')).toEqual([])
    for (const hostile of ["'", "' | 'x", ':*', '&!()', '\\', '%', '😀']) expect(await found(hostile)).toEqual([])
    const elsewhere = await (await chat.as(null)).get(`${path}/messages/search/?q=students`).expect(200)
    expect(elsewhere.body.results).toEqual([])
    await close(page)
  })
})

describe('a message that is taken away', () => {
  it('is nowhere afterwards, pinned or not: not in history, search, resume, Redis, or the books', async () => {
    const secret = 'xylophone'
    const [ownPage, page] = [await enter(owner), await enter(member)]
    const { e } = await page.join(room)
    const sent = await page.send(room, `my ${secret} secret`)
    const s = 's' in sent ? sent.s : 0
    expect(await ownPage.moderate(room, { op: 'pin', s })).toMatchObject({ t: 'ack' })
    await expect.poll(() => page.lines(room).at(-1)).toMatchObject({ k: 'pin', of: s, b: `my ${secret} secret` })
    await expect.poll(() => em().count(ChatMessage, { room, seq: s, deletedAt: null }), { timeout: 8000 }).toBe(1)
    const agent = await chat.as(owner)
    expect((await agent.get(`${path}/`)).body.pin).toEqual({
      seq: s,
      author: expect.any(String),
      text: expect.stringContaining(secret),
    })
    const { body } = await agent.get(`${path}/messages/search/?q=${secret}`).expect(200)
    const id = body.results[0].id
    const stranger = await chat.as(await chat.server.register('student'))
    await stranger.delete(`${path}/messages/${id}/`).expect(403)
    await (await chat.as(member)).delete(`${path}/messages/${id}/`).expect(204)
    await (await chat.as(member)).delete(`${path}/messages/${id}/`).expect(404)

    await expect.poll(() => page.lines(room).at(-1)).toMatchObject({ k: 'del', of: s })
    const late = await chat.connect(member)
    const whole = [await late.join(room), await late.join(room, { e, s: s - 1 })]
    late.say({ t: 'hist', room, before: s + 10, limit: 100, cid: 'history-of-all' })
    const everywhere = JSON.stringify([
      ...whole,
      await late.next('hist'),
      (await agent.get(`${path}/messages/?limit=100`)).body,
      (await agent.get(`${path}/messages/search/?q=${secret}`)).body,
      (await agent.get(`${path}/audit/?page_size=100`)).body,
      (await agent.get(`${path}/`)).body,
      await chat.server.context.redis.xRange(`{r:${room}}:log`, '-', '+'),
      await chat.server.context.redis.hGetAll(`{r:${room}}:meta`),
      await em().find(AuditLog, {}),
      await em().find(ChatMessage, { room }),
    ])
    expect(everywhere).not.toContain(secret)
    expect(whole[0]?.pin).toBe(null)
    // What is gone cannot be pinned either.
    expect(await ownPage.moderate(room, { op: 'pin', s })).toMatchObject({ code: 'bad_field' })
    await close(ownPage, page, late)
  })

  it('goes with all the others of somebody, over the API, and stays away', async () => {
    const person = await chat.server.register('student', 'Spammer')
    const [page, ownPage] = [await enter(person), await enter(owner)]
    for (const text of ['zanzibar one', 'zanzibar two']) await page.send(room, text)
    const { s } = (await page.send(room, 'zanzibar three')) as { s: number }
    await ownPage.moderate(room, { op: 'pin', s })
    const agent = await chat.as(owner)
    await agent.delete(`${path}/messages/?user=${person.id}`).expect(204)
    await expect.poll(() => ownPage.lines(room).at(-1)).toMatchObject({ k: 'purge', u: `u:${person.id}` })
    const { body } = await agent.get(`${path}/messages/search/?q=zanzibar`).expect(200)
    expect(body.results).toEqual([])
    const log = await chat.server.context.redis.xRange(`{r:${room}}:log`, '-', '+')
    expect(JSON.stringify(log)).not.toContain('zanzibar')
    expect((await agent.get(`${path}/`)).body.pin).toBe(null)
    await close(page, ownPage)
  })
})

describe('followers', () => {
  it('may write where only followers may, from the moment on that they follow', async () => {
    const person = await chat.server.register('student', 'Fan')
    const page = await enter(person)
    const agent = await chat.as(owner)
    await agent.patch(`${path}/`).send({ mode: 'followers' }).expect(200)
    expect(await page.send(room, 'hello')).toMatchObject({ code: 'not_member' })
    const fan = await chat.as(person)
    await fan.post(`/api/channels/${publisher.channel.slug}/follow/`).expect(200)
    expect((await page.next('you')).modes).toContain('followers')
    expect(await page.send(room, 'hello')).toMatchObject({ t: 'ack' })
    await fan.delete(`/api/channels/${publisher.channel.slug}/follow/`).expect(200)
    await page.next('you', ({ modes }) => !modes.includes('followers'))
    expect(await page.send(room, 'still here?')).toMatchObject({ code: 'not_member' })
    await agent.patch(`${path}/`).send({ mode: 'all' }).expect(200)
    await close(page)
  })
})

describe('learners', () => {
  it('of the owner’s courses may write where only they may', async () => {
    const [learner, stranger] = [await chat.server.register('student'), await chat.server.register('student')]
    const fork = em()
    await anEnrollment(fork, await aCourse(fork, owner), learner)
    await anEnrollment(fork, await aCourse(fork, (await aPublisher(chat.server)).user), stranger)
    const [page, other] = [await enter(learner), await enter(stranger)]
    await (await chat.as(owner)).patch(`${path}/`).send({ mode: 'enrolled' }).expect(200)
    expect(await page.send(room, 'as a learner')).toMatchObject({ t: 'ack' })
    expect(await other.send(room, 'as a stranger')).toMatchObject({ code: 'not_member' })
    await (await chat.as(owner)).patch(`${path}/`).send({ mode: 'all' }).expect(200)
    await close(page, other)
  })
})

describe('a course’s room', () => {
  it('opens for who enrolls, follows what its staff may, and shuts for who is taken out', async () => {
    const fork = em()
    const course = await aCourse(fork, owner)
    const name = `course-${course.id}`
    const learner = await chat.server.register('student', 'Learner')
    await fork.nativeUpdate(User, { id: learner.id }, { isVerified: true })
    const page = await chat.connect(learner)
    page.say({ t: 'join', room: name })
    expect(await page.next('err')).toMatchObject({ code: 'forbidden', room: name })
    await (await chat.as(learner)).post(`/api/courses/${course.id}/enroll/`).send({}).expect(201)
    await expect
      .poll(
        () => {
          page.say({ t: 'join', room: name })
          return page.frames.some(({ t }) => t === 'joined')
        },
        { timeout: 8000, interval: 500 },
      )
      .toBe(true)
    expect(await page.send(name, 'I am in')).toMatchObject({ t: 'ack' })

    const assistant = await chat.server.register('student', 'Assistant')
    const teacher = await chat.as(owner)
    const added = await teacher
      .post(`/api/courses/${course.id}/roles/`)
      .send({ user: assistant.id, role: 'assistant', permissions: { moderate_chat: true } })
      .expect(201)
    const helper = await chat.connect(assistant)
    expect((await helper.join(name)).rank).toBe(ranks.moderator)
    await teacher.put(`/api/courses/${course.id}/roles/${added.body.id}/`).send({ permissions: {} }).expect(200)
    expect((await helper.next('you')).rank).toBe(ranks.member)
    await teacher.delete(`/api/courses/${course.id}/roles/${added.body.id}/`).expect(204)
    expect(await helper.next('err')).toMatchObject({ code: 'forbidden', room: name })
    expect(await helper.send(name, 'still?')).toMatchObject({ code: 'not_member' })

    await teacher.delete(`/api/courses/${course.id}/students/${learner.id}/`).expect(204)
    await expect.poll(() => page.closeCode, { timeout: 8000 }).toBe(4401)
    // What is issued in the second of a revocation counts as older.
    const again = await vi.waitFor(() => chat.connect(learner), { timeout: 8000, interval: 500 })
    again.say({ t: 'join', room: name })
    expect(await again.next('err')).toMatchObject({ code: 'forbidden', room: name })
    await close(helper, again)
  })
})

describe('without Redis', () => {
  it('a room is still shown, its messages are read, and nothing is changed', async () => {
    await using alone = await startServer({ redisUrl: 'redis://127.0.0.1:1' })
    const { user, channel } = await aPublisher(alone)
    const where = `/api/rooms/${channel.chatRoom()}`
    const agent = await alone.signIn(user)
    const { body } = await agent.get(`${where}/`).expect(200)
    expect(body).toMatchObject({ slow: 0, mode: 'all', viewers: 0, pin: null, rank: 3 })
    await agent.get(`${where}/messages/`).expect(200)
    for (const answer of [
      await agent.patch(`${where}/`).send({ slow: 5 }),
      await agent.delete(`${where}/messages/?user=${(await alone.register('student')).id}`),
      await agent.post(`${where}/bans/`).send({ user: (await alone.register('student')).id }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([503, 'chat_unavailable'])
    }
    expect((await agent.get(`${where}/`)).body.slow).toBe(0)
    // What PostgreSQL alone has goes on; hubs hear of it later.
    await agent.post(`${where}/blocked-terms/`).send({ term: 'spam' }).expect(201)
    expect((await agent.get(`${where}/audit/`)).body.count).toBe(1)
  })
})
