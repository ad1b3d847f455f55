import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ranks } from '../../../server/chat/protocol.ts'
import { signChatTicket } from '../../../server/chat/ticket.ts'
import { aHub, aTicket, Client, FakeHost, SECRET, type TestHub } from './hub.ts'

/** Two nodes on one Redis. */
let host: FakeHost
let one: TestHub
let two: TestHub
let room: string
let rooms = 0

beforeAll(async () => {
  host = new FakeHost()
  ;[one, two] = await Promise.all([aHub(host), aHub(host)])
})

afterAll(async () => {
  await Promise.all([one?.[Symbol.asyncDispose](), two?.[Symbol.asyncDispose]()])
})

beforeEach(() => {
  rooms += 1
  room = `room-${Date.now()}-${rooms}`
})

describe('messages', () => {
  it('reach everybody of the room on both nodes, once and in one order', async () => {
    const people = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        Client.open(i % 2 ? one.url : two.url, { uid: `u:${1000 + i}`, name: `P${i}` }),
      ),
    )
    await Promise.all(people.map((person) => person.join(room)))
    const answers = await Promise.all(people.map((person, i) => person.send(room, `from ${i}`)))
    expect(answers.map(({ t }) => t)).toEqual(people.map(() => 'ack'))
    for (const person of people) await expect.poll(() => person.lines(room).length).toBe(people.length)
    const [first] = people
    const order = first?.lines(room).map(({ s, b }) => [s, b])
    expect(order?.map(([s]) => s)).toEqual(people.map((_, i) => i + 1))
    for (const person of people) expect(person.lines(room).map(({ s, b }) => [s, b])).toEqual(order)
    await Promise.all(people.map((person) => person.close()))
  })

  it('sent again with the same cid, also on both nodes at once, are one message', async () => {
    const [here, there] = [await Client.open(one.url), await Client.open(two.url)]
    await Promise.all([here.join(room), there.join(room)])
    const cid = here.cid()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i < 25 ? here : there)).map((client) => client.send(room, 'once', cid)),
    )
    expect(new Set(answers.map((answer) => ('s' in answer ? answer.s : answer.code)))).toEqual(new Set([1]))
    await expect.poll(() => there.lines(room).length).toBe(1)
    await Promise.all([here.close(), there.close()])
  })

  it('of a guest are refused, and those of a burst over both nodes slowed down', async () => {
    const guest = await Client.open(one.url, { uid: 'g:abc', name: '', family: null })
    await guest.join(room)
    expect(await guest.send(room, 'hello')).toMatchObject({ code: 'read_only' })
    const [here, there] = [await Client.open(one.url), await Client.open(two.url)]
    await Promise.all([here.join(room), there.join(room)])
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 ? here : there).send(room, `${i}`)))
    expect(answers.filter(({ t }) => t === 'ack')).toHaveLength(4)
    const refused = answers.find(({ t }) => t === 'err')
    expect(refused).toMatchObject({ code: 'rate_limited' })
    await Promise.all([guest.close(), here.close(), there.close()])
  })

  it('are cleaned, and refused when nothing is left, too long, or blocked', async () => {
    const person = await Client.open(one.url)
    await person.join(room)
    await person.send(room, 'a\u202eb\u0007c')
    await expect.poll(() => person.lines(room)).toMatchObject([{ b: 'abc' }])
    expect(await person.send(room, ' \u0000 ')).toMatchObject({ code: 'bad_field' })
    expect(await person.send(room, 'x'.repeat(501))).toMatchObject({ code: 'bad_field' })
    await person.close()
  })
})

describe('who comes back', () => {
  it('gets exactly what was missed', async () => {
    const [writer, reader] = [await Client.open(one.url, { uid: 'u:7' }), await Client.open(two.url, { uid: 'u:8' })]
    await writer.join(room)
    await reader.join(room)
    await writer.send(room, 'one')
    await expect.poll(() => reader.lines(room).length).toBe(1)
    const { e, s } = reader.lines(room).map((line) => ({ e: 'x', s: line.s }))[0] ?? { e: '', s: 0 }
    expect([e, s]).toEqual(['x', 1])
    await reader.close()
    const { e: epoch } = (await writer.send(room, 'two')) as { e: string }
    await writer.send(room, 'three')
    const again = await Client.open(one.url, { uid: 'u:8' })
    const joined = await again.join(room, { e: epoch, s: 1 })
    expect(joined).toMatchObject({ recovered: true, s: 3 })
    expect(joined.m.map(({ b }) => b)).toEqual(['two', 'three'])
    const elsewhere = await again.join(room, { e: 'another', s: 1 })
    expect(elsewhere.recovered).toBe(false)
    expect(elsewhere.m.map(({ b }) => b)).toEqual(['one', 'two', 'three'])
    await Promise.all([writer.close(), again.close()])
  })

  it('loses nothing while the subscriptions of both nodes are cut in the midst of it', async () => {
    const [writer, reader] = [await Client.open(one.url, { uid: 'u:9' }), await Client.open(two.url, { uid: 'u:10' })]
    host.ranks.set(`${room} u:9`, ranks.moderator)
    await writer.join(room)
    await reader.join(room)
    const said: string[] = []
    for (let i = 0; i < 30; i++) {
      if (i % 10 === 5) await one.redis.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
      expect(await writer.send(room, `line ${i}`)).toMatchObject({ t: 'ack' })
      said.push(`line ${i}`)
    }
    await expect.poll(() => reader.lines(room).length, { timeout: 10_000 }).toBe(30)
    expect(reader.lines(room).map(({ b }) => b)).toEqual(said)
    await expect.poll(() => writer.lines(room).length, { timeout: 10_000 }).toBe(30)
    await Promise.all([writer.close(), reader.close()])
  })

  it('after Redis has lost everything, is told to begin anew, and the room goes on', async () => {
    const person = await Client.open(one.url, { uid: 'u:11' })
    await person.join(room)
    await person.send(room, 'before')
    await expect.poll(() => person.lines(room).length).toBe(1)
    await one.redis.flushDb()
    await expect.poll(async () => (await person.send(room, 'after')).t).toBe('ack')
    const reset = await person.next('reset')
    const { m, recovered } = await person.join(room, { e: 'old', s: 1 })
    expect([recovered, m.map(({ b }) => b), reset.e.length > 0]).toEqual([false, ['after'], true])
    await person.close()
  })
})

describe('moderation', () => {
  it('a deleted message is nowhere to be found afterwards', async () => {
    host.ranks.set(`${room} u:20`, ranks.moderator)
    const [moderator, person] = [
      await Client.open(one.url, { uid: 'u:20' }),
      await Client.open(two.url, { uid: 'u:21' }),
    ]
    const { e } = await moderator.join(room)
    await person.join(room)
    await person.send(room, 'a secret')
    await person.send(room, 'fine')
    expect(await person.moderate(room, { op: 'ban', uid: 'u:20' })).toMatchObject({ code: 'forbidden' })
    expect(await moderator.moderate(room, { op: 'del', s: 1 })).toMatchObject({ t: 'ack' })
    await expect.poll(() => person.lines(room).at(-1)).toMatchObject({ k: 'del', of: 1 })
    const late = await Client.open(two.url, { uid: 'u:22' })
    expect(JSON.stringify(await late.join(room))).not.toContain('a secret')
    expect(JSON.stringify(await late.join(room, { e, s: 0 }))).not.toContain('a secret')
    late.say({ t: 'hist', room, before: 4, limit: 100, cid: 'history-1' })
    expect(JSON.stringify(await late.next('hist'))).not.toContain('a secret')
    expect(JSON.stringify(await one.redis.xRange(`{r:${room}}:log`, '-', '+'))).not.toContain('a secret')
    await Promise.all([moderator.close(), person.close(), late.close()])
  })

  it('somebody timed out or banned cannot write on any node, and a purge takes all of theirs away', async () => {
    host.ranks.set(`${room} u:30`, ranks.moderator)
    const moderator = await Client.open(one.url, { uid: 'u:30' })
    const [here, there] = [await Client.open(one.url, { uid: 'u:31' }), await Client.open(two.url, { uid: 'u:31' })]
    await Promise.all([moderator, here, there].map((client) => client.join(room)))
    await here.send(room, 'spam one')
    await there.send(room, 'spam two')
    expect(await moderator.moderate(room, { op: 'timeout', uid: 'u:31', sec: 60 })).toMatchObject({ t: 'ack' })
    expect((await there.next('you')).until).toBeGreaterThan(Date.now())
    expect(await there.send(room, 'again')).toMatchObject({ code: 'timed_out' })
    await moderator.moderate(room, { op: 'ban', uid: 'u:31' })
    expect(await here.send(room, 'again')).toMatchObject({ code: 'banned' })
    await moderator.moderate(room, { op: 'purge', uid: 'u:31' })
    const late = await Client.open(two.url, { uid: 'u:32' })
    expect(JSON.stringify((await late.join(room)).m)).not.toContain('spam')
    await moderator.moderate(room, { op: 'unban', uid: 'u:31' })
    expect(await here.send(room, 'sorry')).toMatchObject({ t: 'ack' })
    await Promise.all([moderator, here, there, late].map((client) => client.close()))
  })

  it('slow mode, a frozen room and a pin hold for members of both nodes', async () => {
    host.ranks.set(`${room} u:40`, ranks.moderator)
    const [moderator, person] = [
      await Client.open(one.url, { uid: 'u:40' }),
      await Client.open(two.url, { uid: 'u:41' }),
    ]
    const tab = await Client.open(one.url, { uid: 'u:41' })
    await Promise.all([moderator, person, tab].map((client) => client.join(room)))
    await moderator.moderate(room, { op: 'slow', sec: 30 })
    const raced = await Promise.all([person.send(room, 'first'), tab.send(room, 'second')])
    expect(raced.map((answer) => ('code' in answer ? answer.code : 'ack')).sort()).toEqual(['ack', 'slow_mode'])
    await moderator.moderate(room, { op: 'slow', sec: 0 })
    await moderator.moderate(room, { op: 'freeze', on: true })
    expect(await person.send(room, 'frozen')).toMatchObject({ code: 'chat_closed' })
    await moderator.moderate(room, { op: 'pin', s: 2 })
    const late = await Client.open(two.url, { uid: 'u:42' })
    expect(await late.join(room)).toMatchObject({ pin: { s: 2 }, set: { frozen: true, slow: 0 } })
    await Promise.all([moderator, person, tab, late].map((client) => client.close()))
  })

  it('what a moderator asks again with the same cid, on the other node, is done once', async () => {
    host.ranks.set(`${room} u:45`, ranks.moderator)
    const [here, there] = [await Client.open(one.url, { uid: 'u:45' }), await Client.open(two.url, { uid: 'u:45' })]
    await Promise.all([here.join(room), there.join(room)])
    const cid = here.cid()
    const answers = []
    for (const client of [here, there, here]) {
      const from = client.frames.length
      client.say({ t: 'mod', room, cid, op: 'slow', sec: 9 })
      answers.push(await client.answer(cid, from))
    }
    expect(answers.map((answer) => ('s' in answer ? answer.s : answer.code))).toEqual([1, 1, 1])
    await Promise.all([here.close(), there.close()])
  })

  it('a demoted moderator moderates no more, though still connected', async () => {
    host.ranks.set(`${room} u:50`, ranks.moderator)
    const moderator = await Client.open(one.url, { uid: 'u:50' })
    await moderator.join(room)
    expect(await moderator.moderate(room, { op: 'slow', sec: 5 })).toMatchObject({ t: 'ack' })
    host.ranks.delete(`${room} u:50`)
    await one.redis.publish('chat:ctl', JSON.stringify({ kind: 'place', room, uid: 'u:50' }))
    expect(await moderator.next('you')).toMatchObject({ rank: ranks.member })
    expect(await moderator.moderate(room, { op: 'slow', sec: 0 })).toMatchObject({ code: 'forbidden' })
    await moderator.close()
  })
})

describe('the count', () => {
  it('is of people, not of tabs or nodes', async () => {
    const [tab, other] = [await Client.open(one.url, { uid: 'u:60' }), await Client.open(two.url, { uid: 'u:60' })]
    const guest = await Client.open(two.url, { uid: 'g:one', name: '', family: null })
    await Promise.all([tab, other, guest].map((client) => client.join(room)))
    await expect
      .poll(() => tab.frames.filter((frame) => frame.t === 'cnt').at(-1), { timeout: 10_000 })
      .toMatchObject({ n: 2 })
    await other.close()
    const late = await Client.open(one.url, { uid: 'u:61' })
    await late.join(room)
    await expect
      .poll(() => tab.frames.filter((frame) => frame.t === 'cnt').at(-1), { timeout: 10_000 })
      .toMatchObject({ n: 3 })
    await Promise.all([tab, guest, late].map((client) => client.close()))
  })
})

describe('the door', () => {
  const closed = async (token: string, origin?: string) => {
    const client = Client.dial(one.url, token, origin)
    await expect.poll(() => client.closeCode).not.toBe(null)
    return client.closeCode
  }
  const person = { uid: 'u:1', name: 'P', family: 'f'.repeat(16), sessionEndsAt: Math.floor(Date.now() / 1000) + 3600 }

  it('opens once for a ticket, and again for a resume token', async () => {
    const ticket = aTicket({ uid: 'u:70' })
    const client = await Client.open(one.url, {}, `t.${ticket}`)
    const { resume, sid, limits } = await client.next('hello')
    expect(limits).toEqual({ frame: 4096, graphemes: 500, bytes: 2000, rooms: 10, frames: 20, burst: 40 })
    expect(await closed(`t.${ticket}`)).toBe(4401)
    const again = await Client.open(two.url, {}, `r.${resume}`)
    const hello = await again.next('hello')
    expect(hello.uid).toBe('u:70')
    expect(hello.sid).not.toBe(sid)
    await Promise.all([client.close(), again.close()])
  })

  it('stays shut for tickets that are expired, edited, unsigned, or for something else, and for other sites', async () => {
    const old = signChatTicket(person, 'ticket', SECRET, Date.now() - 120_000)
    const [header = '', payload = '', signature = ''] = aTicket().split('.')
    const none = Buffer.from('{"alg":"none","typ":"chat-ticket+jwt"}').toString('base64url')
    expect(await closed(`t.${old}`)).toBe(4401)
    expect(await closed(`t.${header}.${payload}.${signature.slice(0, -2)}xx`)).toBe(4401)
    expect(await closed(`t.${none}.${payload}.`)).toBe(4401)
    expect(await closed(`t.${signChatTicket(person, 'ticket', 'another secret')}`)).toBe(4401)
    expect(await closed('t.')).toBe(4401)
    expect(await closed(`t.${aTicket()}`, 'https://evil.example')).toBe(1006)
  })

  it('answers nonsense with an error and goes on, and closes for binary frames', async () => {
    const client = await Client.open(one.url)
    for (const text of ['{', '[]', '{"t":"nothing"}', '{"t":"join"}', '{"t":"join","room":"../x"}', '['.repeat(3000)]) {
      client.socket.send(text)
    }
    client.socket.send(JSON.stringify({ t: 'ping', ts: 1, pad: 'x'.repeat(5000) }))
    client.say({ t: 'send', room, cid: 'not-joined', body: 'x' })
    client.say({ t: 'join', room: 'no-such' })
    client.say({ t: 'ping', ts: 5 })
    await client.next('pong')
    await expect
      .poll(() => client.frames.flatMap((frame) => (frame.t === 'err' ? [frame.code] : [])))
      .toEqual(
        expect.arrayContaining(['bad_json', 'bad_type', 'bad_field', 'too_large', 'not_member', 'room_not_found']),
      )
    client.socket.send(Buffer.from([1, 2, 3]))
    await expect.poll(() => client.closeCode).toBe(4400)
  })
})
