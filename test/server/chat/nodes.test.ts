import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { startRedis } from '../../../config/local/redis.ts'
import { createRedis } from '../../../media/storage/redis.ts'
import { presenceTiming } from '../../../server/chat/presence.ts'
import { ranks } from '../../../server/chat/protocol.ts'
import type { RedisClient } from '../../../server/redis.ts'
import { Follower } from './follower.ts'
import { aTicket, Client } from './hub.ts'
import { aHubProcess, type HubProcess, quick } from './nodes.ts'

/** Hubs in processes of their own, which die, hang and stop, on a Redis that does, too. */
const directory = mkdtempSync(join(tmpdir(), 'ustat-nodes-'))
const services = new AsyncDisposableStack()
let redisUrl: string
let redis: RedisClient
const running: HubProcess[] = []
let room: string
let rooms = 0

beforeAll(async () => {
  redisUrl = await aRedis('lasting', false)
  redis = createRedis(redisUrl, { warn() {}, info() {} })
  services.defer(() => redis.destroy())
  await redis.connect()
})

beforeEach(() => {
  rooms += 1
  room = `room-${rooms}`
})

afterEach(() => Promise.all(running.splice(0).map((hub) => hub[Symbol.asyncDispose]())))

/** Two hubs on the lasting Redis. */
async function twoHubs(): Promise<[HubProcess, HubProcess]> {
  const hubs = await Promise.all([aHubProcess(redisUrl), aHubProcess(redisUrl)])
  running.push(...hubs)
  return hubs
}

afterAll(async () => {
  await services.disposeAsync()
  rmSync(directory, { recursive: true, force: true })
})

/** With what it is told on disk, or without. */
function aRedis(name: string, isDisposable: boolean): Promise<string> {
  const at = join(directory, name)
  return startRedis(
    { dataDir: at, socket: `${at}.sock`, logFile: `${at}.log`, isDisposable, report: () => {} },
    services,
  )
}

/** Its launcher starts it again at once. */
async function kill(client: RedisClient): Promise<void> {
  const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1])
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(
    async () => expect(Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1])).not.toBe(pid),
    10_000,
  )
}

const guests = (count: number, urls: string[], prefix = 'g') =>
  Array.from({ length: count }, (_, i) => new Follower(room, urls, { uid: `g:${prefix}${i}`, name: '', family: null }))

const people = (count: number, urls: (i: number) => string[]) =>
  Array.from({ length: count }, (_, i) => new Follower(room, urls(i), { uid: `u:${i + 1}`, name: `P${i}` }))

const end = (followers: readonly Follower[]) => Promise.all(followers.map((each) => each[Symbol.asyncDispose]()))

/** Everybody shows the same, and that is each of these once. */
async function allShow(followers: readonly Follower[], expected: readonly string[], timeout = 15_000): Promise<void> {
  const all = [...expected].sort()
  await vi.waitFor(() => {
    for (const each of followers) expect([...each.said()].sort()).toEqual(all)
  }, timeout)
  const [first] = followers
  for (const each of followers) expect(each.said()).toEqual(first?.said())
}

it('the viewers of a node that is killed are gone within 12 s, and nobody else notices', async () => {
  const [one, two] = await twoHubs()
  const staying = guests(20, [two.url], 'stay')
  const dying = guests(200, [one.url])
  await Follower.all([...staying, ...dying])
  await vi.waitFor(() => expect(staying[0]?.count).toBe(220), 5000)
  const before = staying.map(({ counts }) => counts.length)
  for (const each of dying) void each[Symbol.asyncDispose]().catch(() => {})
  one.signal('SIGKILL')
  const killedAt = performance.now()
  await vi.waitFor(() => expect(staying[0]?.count).toBe(20), { timeout: quick.leaseMs + 3000, interval: 20 })
  // The same waits with the lease that hubs have, at worst.
  const slack = performance.now() - killedAt - quick.leaseMs
  expect(slack).toBeLessThan(2000)
  expect(presenceTiming.leaseMs + 1.1 * presenceTiming.sweepMs).toBeLessThan(11_000)
  for (const [index, { counts, closeCodes, replaced }] of staying.entries()) {
    const seen = counts.slice(before[index])
    expect(seen).toEqual([...seen].sort((a, b) => b - a))
    expect(Math.min(...seen)).toBe(20)
    expect([closeCodes, replaced]).toEqual([[], 1])
  }
  expect(await redis.hLen(`{r:${room}}:pu`)).toBe(20)
  await end(staying)
})

it('a node that sleeps past its lease leaves neither ghosts nor missing viewers', async () => {
  const [one, two] = await twoHubs()
  const here = guests(30, [two.url], 'here')
  const sleeping = guests(30, [one.url], 'sleep')
  const both = [...guests(5, [one.url], 'both'), ...guests(5, [two.url], 'both')]
  await Follower.all([...here, ...sleeping, ...both])
  await vi.waitFor(() => expect(here[0]?.count).toBe(65), 5000)
  one.signal('SIGSTOP')
  await vi.waitFor(() => expect(here[0]?.count).toBe(35), quick.leaseMs + 4000)
  const leaving = sleeping.slice(0, 10)
  for (const each of leaving) void each[Symbol.asyncDispose]()
  one.signal('SIGCONT')
  await vi.waitFor(() => expect(here[0]?.count).toBe(55), 10_000)
  await vi.waitFor(() => expect(sleeping.at(-1)?.count).toBe(55), 10_000)
  const viewers = await redis.hGetAll(`{r:${room}}:pu`)
  expect(Object.keys(viewers).filter((viewer) => viewer.startsWith('g:sleep'))).toHaveLength(20)
  expect(Object.entries(viewers).filter(([, nodes]) => nodes === '2')).toHaveLength(5)
  await end([...here, ...sleeping.slice(10), ...both])
})

it('a thousand messages sent at once over two nodes reach everybody in one order, though subscriptions are cut', async () => {
  const [one, two] = await twoHubs()
  const all = people(40, (i) => [i % 2 ? one.url : two.url])
  await Follower.all(all)
  const bodies = all.map((_, i) => Array.from({ length: 25 }, (_, n) => `${i}-${n}`))
  const cuts = (async () => {
    for (let i = 0; i < 5; i++) {
      await vi.waitFor(() => expect(all[0]?.lines.length).toBeGreaterThan(150 * (i + 1)), {
        timeout: 10_000,
        interval: 1,
      })
      await redis.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    }
  })()
  await Promise.all([cuts, ...all.flatMap((each, i) => (bodies[i] ?? []).map((body) => each.send(body)))])
  await allShow(all, bodies.flat())
  expect(all[0]?.lines.map(({ s }) => s)).toEqual(bodies.flat().map((_, i) => i + 1))
  expect(all.map(({ replaced }) => replaced)).toEqual(all.map(() => 1))
  await end(all)
})

it('a hub that is killed and a Redis that is killed in mid-talk lose, double and reorder nothing', async () => {
  const [one, two] = await twoHubs()
  const all = people(30, (i) => (i % 2 ? [one.url, two.url] : [two.url, one.url]))
  await Follower.all(all)
  const epoch = all[0]?.epoch
  const said: string[] = []
  const talk = all.map(async (each, i) => {
    for (let n = 0; n < 6; n++) {
      const body = `${i}-${n}`
      await each.send(body)
      said.push(body)
    }
  })
  await vi.waitFor(() => expect(said.length).toBeGreaterThan(30), { timeout: 10_000, interval: 2 })
  one.signal('SIGKILL')
  await vi.waitFor(() => expect(said.length).toBeGreaterThan(90), { timeout: 20_000, interval: 2 })
  await kill(redis)
  await Promise.all(talk)
  await allShow(all, said)
  expect(said).toHaveLength(180)
  // The file that Redis appends to held every line that anybody was told of.
  expect(new Set(all.map((each) => each.epoch))).toEqual(new Set([epoch]))
  expect(all.some(({ states }) => states.includes(true) && states.at(-1) === false)).toBe(true)
  await end(all)
})

it('a Redis that comes back empty begins a new epoch, and nobody is stuck', async () => {
  const emptyUrl = await aRedis('empty', true)
  const client = createRedis(emptyUrl, { warn() {}, info() {} })
  await client.connect()
  await using here = await aHubProcess(emptyUrl)
  await using there = await aHubProcess(emptyUrl)
  const all = people(20, (i) => [i % 2 ? here.url : there.url])
  await Follower.all(all)
  await Promise.all(all.map((each, i) => each.send(`before ${i}`)))
  await allShow(
    all,
    all.map((_, i) => `before ${i}`),
  )
  const epoch = all[0]?.epoch
  await kill(client)
  await vi.waitFor(() => expect(all.every((each) => each.epoch !== epoch)).toBe(true), 10_000)
  await Promise.all(all.map((each, i) => each.send(`after ${i}`)))
  await allShow(
    all,
    all.map((_, i) => `after ${i}`),
  )
  await client.flushAll()
  await Promise.all(all.map((each, i) => each.send(`again ${i}`)))
  await allShow(
    all,
    all.map((_, i) => `again ${i}`),
  )
  expect(new Set(all.map(({ replaced }) => replaced))).toEqual(new Set([3]))
  await vi.waitFor(() => expect(all[0]?.count).toBe(20), 10_000)
  await end(all)
  client.destroy()
})

it('a Redis that lost the newest lines goes on behind them in a new epoch, and what is left stays', async () => {
  const [one, two] = await twoHubs()
  const all = people(4, (i) => [i % 2 ? one.url : two.url])
  await Follower.all(all)
  for (const body of ['one', 'two', 'three']) await all[0]?.send(body)
  await allShow(all, ['one', 'two', 'three'])
  const epoch = all[0]?.epoch
  // As a replica that had not heard of the third.
  await redis.multi().hSet(`{r:${room}}:meta`, 's', '2').xDel(`{r:${room}}:log`, '3-0').exec()
  await redis.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
  await vi.waitFor(() => expect(all.every((each) => each.epoch !== epoch)).toBe(true), 10_000)
  expect(new Set(all.map((each) => each.epoch)).size).toBe(1)
  await all[1]?.send('four')
  await allShow(all, ['one', 'two', 'four'])
  expect(all[0]?.lines.at(-1)?.s).toBe(4)
  await end(all)
})

it('a hub that is told to stop sends everybody elsewhere, and the count shows nothing of it', async () => {
  const [one, two] = await twoHubs()
  const staying = guests(5, [two.url], 'stay')
  const moving = guests(150, [one.url, two.url])
  await Follower.all([...staying, ...moving])
  await vi.waitFor(() => expect(staying[0]?.count).toBe(155), 5000)
  const before = staying[0]?.counts.length ?? 0
  const toldAt = performance.now()
  one.signal('SIGTERM')
  expect(await one.exit).toBe(0)
  expect(performance.now() - toldAt).toBeLessThan(25_000)
  await vi.waitFor(() => {
    for (const each of moving) expect([each.closeCodes, each.replaced]).toEqual([[1012], 1])
  }, 5000)
  await Follower.all(moving)
  await vi.waitFor(async () => expect(await redis.zCard('nodes')).toBe(1), 10_000)
  expect(await redis.hLen(`{r:${room}}:pu`)).toBe(155)
  expect(new Set(staying[0]?.counts.slice(before))).toEqual(new Set(staying[0]?.counts.length === before ? [] : [155]))
  await end([...staying, ...moving])
})

it('a hub that starts before Redis says what it cannot do yet, and does it when Redis is there', async () => {
  await using early = await aHubProcess(`unix://${join(directory, 'late')}.sock`)
  const client = await Client.open(early.url)
  // Whether its ticket was used before nobody can say: the next connection takes another one.
  expect(await client.next('hello')).toMatchObject({ resume: '' })
  expect(await client.next('state')).toMatchObject({ degraded: true })
  client.say({ t: 'join', room })
  expect(await client.next('err')).toMatchObject({ code: 'unavailable', room, retry: 2000 })
  const follower = new Follower(room, [early.url], { uid: 'u:3' })
  await aRedis('late', true)
  await follower.ready()
  expect((await client.join(room)).rank).toBe(ranks.guest)
  expect(await client.send(room, 'too soon')).toMatchObject({ code: 'read_only' })
  // Whether the ticket had been used nobody could say; another one can be checked.
  client.say({ t: 'auth', ticket: aTicket() })
  expect(await client.next('you')).toMatchObject({ rank: ranks.moderator })
  expect(await client.send(room, 'now')).toMatchObject({ t: 'ack', s: 1 })
  await vi.waitFor(() => expect(follower.said()).toEqual(['now']))
  await Promise.all([client.close(), end([follower])])
})

it('a Redis that hangs leaves the sockets open, says so once, and is caught up with', async () => {
  const [one] = await twoHubs()
  const [writer, reader] = people(2, () => [one.url]) as [Follower, Follower]
  await Follower.all([writer, reader])
  await writer.send('before')
  await allShow([writer, reader], ['before'])
  const pid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1])
  process.kill(pid, 'SIGSTOP')
  try {
    await vi.waitFor(() => expect(reader.states).toEqual([true]), 10_000)
    // Somebody who comes now is shown what this hub remembers; what they write has to wait.
    const late = await Client.open(one.url, { uid: 'u:2' })
    expect((await late.join(room)).m.map(({ b }) => b)).toEqual(['before'])
    expect(await late.send(room, 'now')).toMatchObject({ code: 'read_only' })
    const sent = writer.send('meanwhile')
    await vi.waitFor(() => expect(reader.states).toEqual([true]))
    process.kill(pid, 'SIGCONT')
    await sent
    await allShow([writer, reader], ['before', 'meanwhile'])
    expect(reader.states).toEqual([true, false])
    expect([writer.closeCodes, reader.closeCodes]).toEqual([[], []])
    expect(await late.next('exp')).toMatchObject({ in: 60 })
    await late.close()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  await end([writer, reader])
})
