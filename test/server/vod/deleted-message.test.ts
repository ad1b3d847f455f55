import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { ChatMessage } from '../../../server/chat/chat-message.ts'
import { HttpChatHost } from '../../../server/chat/host-client.ts'
import { ChatKeeper, persistRoom } from '../../../server/chat/persist-messages.ts'
import { writeDueChats } from '../../../server/vod/write-due-chats.job.ts'
import { type S3Server, startS3 } from '../../support/s3.ts'
import { INTERNAL_SECRET, startServer, type TestServer } from '../../support/server.ts'
import { aHub, Client, type TestHub } from '../chat/hub.ts'
import { aTalkedShow, replayOf } from './chat.ts'

/** A room with all that remembers what was said in it: two hubs, Redis, PostgreSQL, and recordings on disk and in S3. */
let s3: S3Server
let servers: { disk: TestServer; s3: TestServer }
beforeAll(async () => {
  s3 = await startS3()
  servers = { disk: await startServer(), s3: await startServer({ env: s3.env }) }
})
afterAll(async () => {
  await Promise.all([servers?.disk, servers?.s3].map((server) => server?.[Symbol.asyncDispose]()))
  await s3?.[Symbol.asyncDispose]()
})

async function hubOf(server: TestServer): Promise<TestHub> {
  const { port } = server.server.address() as AddressInfo
  return aHub(new HttpChatHost(`http://127.0.0.1:${port}`, INTERNAL_SECRET), {
    ticketSecret: server.config.secrets.jwt,
    revocations: server.context.revocations,
  })
}

async function connect(server: TestServer, hub: TestHub, user: User): Promise<Client> {
  const { body } = await (await server.signIn(user)).post('/api/chat/ticket/').expect(200)
  return Client.open(hub.url, {}, `t.${body.ticket}`)
}

/** Every table that has a row with those words. */
async function tablesWith({ context }: TestServer, words: string): Promise<string[]> {
  const em = context.orm.em.fork()
  const tables = await em.execute<{ name: string }[]>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
      where table_schema in ('public', 'pgboss') and table_type = 'BASE TABLE'`,
  )
  const found: string[] = []
  for (const { name } of tables) {
    const rows = await em.execute(`select 1 from ${name} t where t::text like ? limit 1`, [`%${words}%`])
    if (rows.length > 0) found.push(name)
  }
  return found
}

/** Every key of Redis that holds those words. */
async function keysWith({ context: { redis } }: TestServer, words: string): Promise<string[]> {
  const found: string[] = []
  for await (const keys of redis.scanIterator()) {
    for (const key of keys) {
      const contents = {
        string: () => redis.get(key),
        hash: () => redis.hGetAll(key),
        stream: () => redis.xRange(key, '-', '+'),
        set: () => redis.sMembers(key),
        zset: () => redis.zRange(key, 0, -1),
        list: () => redis.lRange(key, 0, -1),
      }[await redis.type(key)]
      if (JSON.stringify(await contents?.()).includes(words)) found.push(key)
    }
  }
  return found
}

async function objectsWith({ context: { store } }: TestServer, words: string): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list('')) {
    if ((await text((await store.get(key)).body)).includes(words)) found.push(key)
  }
  return found
}

it.each(['disk', 's3'] as const)(
  'a deleted message is nowhere to be found: not in history, resume, search, Redis, PostgreSQL or recordings (%s)',
  async (kind) => {
    const server = servers[kind]
    // Redis is one for both: nothing of the other may be found.
    await server.context.redis.flushDb()
    await using here = await hubOf(server)
    await using there = await hubOf(server)
    await using _keeper = new ChatKeeper(server.context.orm, server.context.redis, server.context.log)
    const [anna, show] = [
      await server.register('student', 'Anna'),
      await aTalkedShow(server, [{ seconds: 120 }], { startMs: Date.now() - 60_000 }),
    ]
    const { room, publisher } = show
    const owner = await connect(server, here, publisher.user)
    const writer = await connect(server, here, anna)
    const reader = await connect(server, there, await server.register('student', 'Reader'))
    await owner.join(room)
    const { e, s } = await reader.join(room)
    await writer.join(room)

    const secrets = ['xyzzy-by-hub', 'xyzzy-by-api', 'xyzzy-by-purge', 'xyzzy-by-author']
    const numbers: number[] = []
    for (const secret of secrets) {
      const ack = await writer.send(room, `my password is ${secret}`)
      numbers.push('s' in ack ? ack.s : 0)
    }
    const answer = { t: 'send', room, body: 'Do not say that', re: numbers[1], cid: writer.cid() }
    owner.say(answer)
    await owner.answer(answer.cid)
    await owner.moderate(room, { op: 'pin', s: numbers[0] })
    const stores = server.context
    await persistRoom(stores, room)
    await writeDueChats(server.context)
    const held = async () => [
      ...(await tablesWith(server, 'xyzzy')),
      ...(await keysWith(server, 'xyzzy')).filter((key) => key.includes(room)),
      ...(await objectsWith(server, 'xyzzy')),
    ]
    expect(await held()).toEqual(
      expect.arrayContaining([
        ...['public.chat_message', `{r:${room}}:log`, `{r:${room}}:meta`],
        `recordings/${show.recording}/chat-0.json`,
      ]),
    )

    const teacher = await server.signIn(publisher.user)
    const author = await server.signIn(anna)
    const idOf = async (i: number) =>
      (await server.context.orm.em.fork().findOneOrFail(ChatMessage, { room, seq: numbers[i] ?? 0 })).id
    await owner.moderate(room, { op: 'del', s: numbers[0] })
    await teacher.delete(`/api/rooms/${room}/messages/${await idOf(1)}/`).expect(204)
    await author.delete(`/api/rooms/${room}/messages/${await idOf(3)}/`).expect(204)
    await teacher.delete(`/api/rooms/${room}/messages/?user=${anna.id}`).expect(204)
    await expect.poll(() => tablesWith(server, 'xyzzy'), { timeout: 10_000 }).toEqual([])
    await writeDueChats(server.context)
    expect(await held()).toEqual([])
    // What was said beside it is there still.
    expect((await replayOf(server, show)).map(([, said]) => said)).toEqual(['Do not say that'])

    for (const hub of [here, there]) {
      const late = await connect(server, hub, publisher.user)
      const joined = await late.join(room)
      const resumed = await late.join(room, { e, s })
      const cid = late.cid()
      late.say({ t: 'hist', room, before: joined.s + 1, limit: 100, cid })
      const history = await late.next('hist', (frame) => frame.cid === cid)
      expect(resumed.recovered).toBe(true)
      expect(JSON.stringify([joined, resumed, history])).not.toContain('xyzzy')
      await late.close()
    }
    for (const path of ['messages/', 'messages/search/?q=xyzzy', 'messages/search/?q=password', '']) {
      const { text: said } = await teacher.get(`/api/rooms/${room}/${path}`).expect(200)
      expect(said).not.toContain('xyzzy')
    }
    const deeds = await teacher.get(`/api/rooms/${room}/audit/`).expect(200)
    expect(deeds.text).not.toContain('xyzzy')
    expect(server.log()).not.toContain('xyzzy')
    await Promise.all([owner, writer, reader].map((client) => client.close()))
  },
  60_000,
)

it('a message of an impossible moment does not keep the room from being written', async () => {
  const server = servers.disk
  await server.context.redis.flushDb()
  await using hub = await hubOf(server)
  const anna = await server.register('student', 'Anna')
  const { room } = await aTalkedShow(server)
  const writer = await connect(server, hub, anna)
  await writer.join(room)
  const moments = [Number.MAX_SAFE_INTEGER, 8.64e15, 253_402_300_799_999, 1]
  const codes: string[] = []
  for (const at of moments) {
    const cid = writer.cid()
    writer.say({ t: 'send', room, body: `at ${at}`, at, cid })
    const answer = await writer.answer(cid)
    codes.push(answer.t === 'err' ? answer.code : answer.t)
  }
  expect(codes).toEqual(['bad_field', 'bad_field', 'ack', 'ack'])
  await persistRoom(server.context, room)
  expect(await server.context.orm.em.fork().count(ChatMessage, { room })).toBe(2)
  await writer.close()
})
