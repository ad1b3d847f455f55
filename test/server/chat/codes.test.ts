import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type ChatErrorCode, closeCodes, ranks } from '../../../server/chat/protocol.ts'
import { aHub, aTicket, Client, FakeHost, type TestHub } from './hub.ts'

/** Every code that the protocol has is one that somebody can be told. */
const host = new FakeHost()
let hub: TestHub
let room: string

beforeAll(async () => {
  hub = await aHub(host)
  room = `codes-${Date.now()}`
  host.blockedTerms.push('forbidden fruit')
  for (const name of ['', '-slow', '-frozen', '-emote', '-mods', '-ban', '-busy']) {
    host.ranks.set(`${room}${name} u:2`, ranks.moderator)
  }
})
afterAll(() => hub?.[Symbol.asyncDispose]())

let people = 10
const somebody = () => {
  people += 1
  return Client.open(hub.url, { uid: `u:${people}` })
}
const guest = () => Client.open(hub.url, { uid: 'g:one', name: '', family: null })

/** The first error that a client is told after these. */
async function toldAfter(client: Client, ...said: (object | string)[]): Promise<string> {
  for (const each of said) client.socket.send(typeof each === 'string' ? each : JSON.stringify(each))
  const { code } = await client.next('err')
  await client.close()
  return code
}

/** What somebody is answered who writes in a room that a moderator has set so. */
async function writing(name: string, operation: object, texts = ['hello']): Promise<string> {
  const [moderator, writer] = [await Client.open(hub.url, { uid: 'u:2' }), await somebody()]
  await Promise.all([moderator.join(room + name), writer.join(room + name)])
  const uid = `u:${people}`
  expect(await moderator.moderate(room + name, 'uid' in operation ? { ...operation, uid } : operation)).toMatchObject({
    t: 'ack',
  })
  const answers = []
  for (const text of texts) answers.push(await writer.send(room + name, text))
  await Promise.all([moderator.close(), writer.close()])
  const last = answers.at(-1)
  return last?.t === 'err' ? last.code : 'ack'
}

const send = (body: string) => ({ t: 'send', room, cid: crypto.randomUUID(), body })

const errors: Record<ChatErrorCode, () => Promise<string>> = {
  bad_json: async () => toldAfter(await somebody(), '{'),
  bad_type: async () => toldAfter(await somebody(), { t: 'dance' }),
  bad_field: async () => toldAfter(await somebody(), { t: 'join', room: 7 }),
  too_large: async () => toldAfter(await somebody(), 'x'.repeat(5000)),
  read_only: async () => {
    const client = await guest()
    await client.join(room)
    return toldAfter(client, send('hello'))
  },
  unauthorized: async () => {
    host.closedRooms.add('members')
    return toldAfter(await guest(), { t: 'join', room: 'members' })
  },
  forbidden: async () => {
    host.closedRooms.add('members')
    return toldAfter(await somebody(), { t: 'join', room: 'members' })
  },
  not_member: async () => toldAfter(await somebody(), send('hello')),
  banned: () => writing('-ban', { op: 'ban', uid: '' }),
  timed_out: () => writing('-ban', { op: 'timeout', uid: '', sec: 60 }),
  slow_mode: () => writing('-slow', { op: 'slow', sec: 60 }, ['first', 'second']),
  rate_limited: () => writing('', { op: 'slow', sec: 0 }, ['1', '2', '3', '4', '5']),
  room_not_found: async () => toldAfter(await somebody(), { t: 'join', room: 'no-such' }),
  too_many_rooms: async () =>
    toldAfter(await somebody(), ...Array.from({ length: 11 }, (_, i) => ({ t: 'join', room: `${room}-${i}` }))),
  chat_closed: () => writing('-frozen', { op: 'freeze', on: true }),
  emote_only: () => writing('-emote', { op: 'mode', mode: 'emote' }),
  room_busy: async () => {
    const writers = await Promise.all(Array.from({ length: 20 }, somebody))
    await Promise.all(writers.map((writer) => writer.join(`${room}-busy`)))
    const answers = await Promise.all(
      writers.flatMap((writer) => [1, 2, 3, 4].map((n) => writer.send(`${room}-busy`, `${n}`))),
    )
    await Promise.all(writers.map((writer) => writer.close()))
    expect(answers.filter(({ t }) => t === 'ack').length).toBeGreaterThanOrEqual(50)
    return answers.some((answer) => answer.t === 'err' && answer.code === 'room_busy') ? 'room_busy' : 'none'
  },
  blocked_term: () => writing('', { op: 'slow', sec: 0 }, ['a forbidden  FRUIT, you know']),
  unavailable: async () => {
    host.isAway = true
    try {
      return await toldAfter(await somebody(), { t: 'join', room: `${room}-away` })
    } finally {
      host.isAway = false
    }
  },
  internal: async () => {
    host.isBroken = true
    try {
      return await toldAfter(await somebody(), { t: 'join', room: `${room}-broken` })
    } finally {
      host.isBroken = false
    }
  },
}

it.each(Object.keys(errors) as ChatErrorCode[])('%s is told', async (code) => {
  expect(await errors[code]()).toBe(code)
})

async function closeCodeOf(client: Client, timeout = 2000): Promise<number | null> {
  await expect.poll(() => client.closeCode, { timeout }).not.toBe(null)
  return client.closeCode
}

const revoked = new Map<string, number>()
const strict = { socketsPerAccount: 1, guestsPerAddress: 1, socketsPerAddress: 2, upgradesPerSecond: 100 }
let door: TestHub
beforeAll(async () => {
  door = await aHub(host, { limits: strict, revocations: { issuedBefore: (subject) => revoked.get(subject) ?? 0 } })
})
afterAll(() => door?.[Symbol.asyncDispose]())

const closings: Record<keyof typeof closeCodes, () => Promise<number | null>> = {
  async drain() {
    const stopping = await aHub(host)
    const client = await Client.open(stopping.url)
    await stopping[Symbol.asyncDispose]()
    expect(await client.next('bye')).toMatchObject({ code: 1012 })
    return closeCodeOf(client)
  },
  async overloaded() {
    // Those of the test before may still be leaving.
    const others = await Promise.all(
      ['u:1', 'u:2'].map((uid) => vi.waitFor(() => Client.open(door.url, { uid }), 10_000)),
    )
    const code = await closeCodeOf(Client.dial(door.url, `t.${aTicket({ uid: 'u:3' })}`))
    await Promise.all(others.map((each) => each.close()))
    return code
  },
  async protocolError() {
    const client = await somebody()
    client.socket.send(new Uint8Array([1]))
    return closeCodeOf(client)
  },
  ticketExpired: () => closeCodeOf(Client.dial(hub.url, 't.old')),
  async banned() {
    host.shutOut.add('u:4')
    revoked.set(`u4s${'f'.repeat(16)}`, Math.floor(Date.now() / 1000) + 60)
    return closeCodeOf(Client.dial(door.url, `t.${aTicket({ uid: 'u:4' })}`))
  },
  noAuth: () => closeCodeOf(Client.dial(hub.url, 'nothing'), 8000),
  async tooManySockets() {
    const first = await Client.open(door.url, { uid: 'u:5' })
    const code = await closeCodeOf(Client.dial(door.url, `t.${aTicket({ uid: 'u:5' })}`))
    await first.close()
    return code
  },
  async flood() {
    const client = await somebody()
    for (let i = 0; i < 300; i++) client.say({ t: 'ping', ts: i })
    return closeCodeOf(client)
  },
}

it.each(Object.keys(closings) as (keyof typeof closeCodes)[])('a connection is closed for %s', async (name) => {
  expect(await closings[name]()).toBe(closeCodes[name])
})
