import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRedis } from '../../../media/storage/redis.ts'
import { ranks } from '../../../server/chat/protocol.ts'
import { RoomStore } from '../../../server/chat/room-store.ts'
import type { RedisClient } from '../../../server/redis.ts'
import { aHub, aTicket, Client, FakeHost, redisUrl, type TestHub } from './hub.ts'
import { aHubProcess } from './nodes.ts'
import { RawSocket } from './raw-socket.ts'

/** What clients send that no page of ours would, and do not read. */
let hub: TestHub
let port: number
let room: string
let rooms = 0

beforeAll(async () => {
  hub = await aHub(new FakeHost())
  port = Number(hub.address.split(':')[1])
})
afterAll(() => hub?.[Symbol.asyncDispose]())
beforeEach(() => {
  rooms += 1
  room = `frames-${Date.now()}-${rooms}`
})

async function opened(): Promise<RawSocket> {
  const raw = await RawSocket.open(port, `chat.v1, t.${aTicket()}`)
  await vi.waitFor(() => expect(raw.received().frames[0]).toMatchObject({ t: 'hello' }))
  return raw
}

const said = (raw: RawSocket) => raw.received().frames.slice(1)

/** Whatever was sent before, it goes on. */
async function stillAnswers(raw: RawSocket): Promise<void> {
  raw.say({ t: 'ping', ts: 77 })
  await vi.waitFor(() => expect(said(raw)).toContainEqual({ t: 'pong', ts: 77 }))
  expect(raw.isClosed).toBe(false)
}

describe('a frame', () => {
  it.each([
    ['no JSON', '{', 'bad_json'],
    ['an empty one', '', 'bad_json'],
    ['a list', '[]', 'bad_json'],
    ['null', 'null', 'bad_json'],
    ['a thousand brackets', '['.repeat(2000), 'bad_json'],
    ['of no type', '{}', 'bad_type'],
    ['of a type that nobody knows', '{"t":"nothing"}', 'bad_type'],
    ['of a type from the prototype', '{"t":"constructor"}', 'bad_type'],
    ['without its fields', '{"t":"join"}', 'bad_field'],
    ['with fields of another type', '{"t":"ping","ts":"soon"}', 'bad_field'],
    ['with a room that is a path', '{"t":"join","room":"../../etc"}', 'bad_field'],
    [
      'with a number that no number is',
      '{"t":"hist","room":"r","before":1e999,"limit":1,"cid":"12345678"}',
      'bad_field',
    ],
    ['over 4 KiB', JSON.stringify({ t: 'ping', ts: 1, pad: 'x'.repeat(4096) }), 'too_large'],
  ])('%s is answered with an error, and the connection goes on', async (_, text, code) => {
    const raw = await opened()
    raw.frame(1, text)
    await vi.waitFor(() => expect(said(raw)).toMatchObject([{ t: 'err', code }]))
    await stillAnswers(raw)
    raw.close()
  })

  it('with fields that nobody knows, however deep, is taken without them', async () => {
    const raw = await opened()
    raw.frame(1, `{"t":"ping","ts":5,"__proto__":{"t":"x"},"deep":${'['.repeat(1500)}${']'.repeat(1500)}}`)
    await vi.waitFor(() => expect(said(raw)).toEqual([{ t: 'pong', ts: 5 }]))
    raw.close()
  })

  it('in pieces is one frame, with pings in between', async () => {
    const raw = await opened()
    raw.frame(1, '{"t":"pi', { isLast: false })
    raw.frame(9, 'still here')
    raw.frame(0, 'ng","ts"', { isLast: false })
    raw.frame(0, ':9}')
    await vi.waitFor(() => expect(said(raw)).toEqual([{ t: 'pong', ts: 9 }]))
    raw.close()
  })

  it.each([
    ['over 16 KiB', (raw: RawSocket) => raw.frame(1, 'x'.repeat(17_000))],
    [
      'over 16 KiB in pieces',
      (raw: RawSocket) => {
        for (let i = 0; i < 5; i++) raw.frame(i === 0 ? 1 : 0, 'x'.repeat(4000), { isLast: false })
      },
    ],
    ['of invalid UTF-8', (raw: RawSocket) => raw.frame(1, Buffer.from([0x7b, 0xc3, 0x28, 0xff]))],
    ['that goes on without a beginning', (raw: RawSocket) => raw.frame(0, '{}')],
    ['with an opcode of nobody', (raw: RawSocket) => raw.frame(5, '{}')],
  ])('%s ends the connection, and nobody else’s', async (_, send) => {
    const [raw, other] = [await opened(), await opened()]
    send(raw)
    await vi.waitFor(() => expect(raw.isClosed).toBe(true))
    expect(said(raw)).toEqual([])
    await stillAnswers(other)
    other.close()
  })

  it('of bytes ends the connection with 4400', async () => {
    const raw = await opened()
    raw.frame(2, Buffer.from([1, 2, 3]))
    await vi.waitFor(() => expect(raw.received().closeCode).toBe(4400))
    raw.close()
  })

  it('too many a second is refused, and far too many end the connection with 4429', async () => {
    const raw = await opened()
    for (let i = 0; i < 45; i++) raw.say({ t: 'ping', ts: i })
    await vi.waitFor(() => expect(said(raw).length).toBe(45))
    expect(said(raw).filter(({ code }) => code === 'rate_limited').length).toBeGreaterThan(2)
    expect(raw.isClosed).toBe(false)
    for (let i = 0; i < 200; i++) raw.say({ t: 'ping', ts: i })
    await vi.waitFor(() => expect(raw.received().closeCode).toBe(4429))
    raw.close()
  })

  it('joins ten rooms at most, also when all are asked for at once', async () => {
    const raw = await opened()
    for (let i = 0; i < 15; i++) raw.say({ t: 'join', room: `${room}-${i}` })
    await vi.waitFor(() => expect(said(raw).filter(({ t }) => t === 'joined' || t === 'err')).toHaveLength(15))
    expect(said(raw).filter(({ t }) => t === 'joined')).toHaveLength(10)
    expect(said(raw).filter(({ code }) => code === 'too_many_rooms')).toHaveLength(5)
    raw.close()
  })
})

describe('who does not read', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ustat-frames-'))
  let redis: RedisClient
  beforeAll(async () => {
    redis = createRedis(redisUrl(), { warn() {}, info() {} })
    await redis.connect()
  })
  afterAll(() => {
    redis?.destroy()
    rmSync(directory, { recursive: true, force: true })
  })

  /** As moderators of another node write. */
  async function write(from: number, count: number): Promise<void> {
    const store = new RoomStore(redis)
    const sender = { uid: 'u:9', rank: ranks.moderator, modes: ['all' as const] }
    const lines = Array.from({ length: count }, (_, i) => `${from + i} ${'x'.repeat(500)}`)
    await Promise.all(
      lines.map((b, i) => store.send(room, sender, `slow-${from + i}`, { k: 'msg', u: 'u:9', n: 'M', b })),
    )
  }

  it('is closed with what waits for them, costs the hub no more memory, and comes back to all of it', async () => {
    const listen = join(directory, 'hub.sock')
    await using slow = await aHubProcess(redisUrl(), { listen })
    const others = await Client.open(hub.url, { uid: 'u:7' })
    await others.join(room)
    const stalled = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const raw = await RawSocket.open(listen, `chat.v1, t.${aTicket({ uid: `u:${100 + i}` })}`)
        raw.say({ t: 'join', room })
        await vi.waitFor(() => expect(raw.received().frames.some(({ t }) => t === 'joined')).toBe(true))
        raw.socket.pause()
        return raw
      }),
    )
    const before = await slow.metric('process_resident_memory_bytes')
    for (let from = 0; from < 1100; from += 50) await write(from, 50)
    await vi.waitFor(async () => expect(await slow.metric('chat_dropped_total')).toBe(40), 10_000)
    await vi.waitFor(async () => expect(await slow.metric('chat_connections')).toBe(0), 10_000)
    // 40 times half a megabyte was said to them.
    expect((await slow.metric('process_resident_memory_bytes')) - before).toBeLessThan(40 * 600_000)
    // Whoever reads has all of it.
    await vi.waitFor(() => expect(others.lines(room)).toHaveLength(1100))

    const [raw] = stalled
    raw?.socket.resume()
    await vi.waitFor(() => expect(raw?.isClosed).toBe(true))
    const seen = raw?.received().frames.flatMap((frame) => (frame.t === 'b' ? (frame.m as { s: number }[]) : [])) ?? []
    const last = seen.at(-1)?.s ?? 0
    expect(last).toBeLessThan(1100)
    const again = await RawSocket.open(listen, `chat.v1, t.${aTicket({ uid: 'u:100' })}`)
    const e = String(raw?.received().frames.find(({ t }) => t === 'joined')?.e)
    again.say({ t: 'join', room, since: { e, s: last } })
    await vi.waitFor(() => expect(again.received().frames.some(({ t }) => t === 'joined')).toBe(true))
    const joined = again.received().frames.find(({ t }) => t === 'joined')
    expect(joined).toMatchObject({ recovered: true, s: 1100 })
    const missed = ((joined?.m ?? []) as { s: number }[]).map(({ s }) => s)
    expect([...seen.map(({ s }) => s), ...missed]).toEqual(Array.from({ length: 1100 }, (_, i) => i + 1))
    // What was said while so much was on its way comes behind it.
    await write(1100, 3)
    await vi.waitFor(() => {
      const lines = again
        .received()
        .frames.flatMap(({ t, m }) => (t === 'b' || t === 'joined' ? (m as { s: number }[]) : []))
      expect(lines.slice(missed.length).map(({ s }) => s)).toEqual([1101, 1102, 1103])
    })
    for (const each of [...stalled, again]) each.close()
    await others.close()
  })
})
