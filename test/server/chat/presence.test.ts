import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { createRedis } from '../../../media/storage/redis.ts'
import { PresenceBook, presenceTiming } from '../../../server/chat/presence.ts'
import type { RedisClient } from '../../../server/redis.ts'
import { redisUrl } from './hub.ts'
import { quick } from './nodes.ts'

/** The books of who is where, without sockets. */
let redis: RedisClient
let room: string
let rooms = 0
const books: PresenceBook[] = []

beforeAll(async () => {
  redis = createRedis(redisUrl(), { warn() {}, info() {} })
  await redis.connect()
})
beforeEach(() => {
  rooms += 1
  room = `presence-${Date.now()}-${rooms}`
  return () => Promise.all(books.splice(0).map((book) => book[Symbol.asyncDispose]()))
})
afterAll(() => redis.destroy())

function aBook(told: number[] = [], onAudit = (_: number) => {}): PresenceBook {
  const book = new PresenceBook({
    ...{ redis, log: { warn() {} }, timing: quick, onRegistered() {}, onMoved() {}, onAudit },
    onCount: (_, viewers) => told.push(viewers),
  })
  books.push(book)
  book.start()
  return book
}

const counted = () => redis.hLen(`{r:${room}}:pu`)
const viewers = (count: number) => Array.from({ length: count }, (_, i) => `g:${i}`)

it('keeps the pauses that the chat promises', () => {
  expect(presenceTiming).toMatchObject({ leaseMs: 10_000, beatMs: 3000, lingerMs: 8000, auditMs: 3_600_000 })
})

it('somebody who comes and goes often is one, and is gone in the end', async () => {
  const book = aBook()
  for (let i = 0; i < 20; i++) {
    book.enter(room, 'u:1')
    book.exit(room, 'u:1')
  }
  book.enter(room, 'u:2')
  await vi.waitFor(async () => expect(await counted()).toBe(2))
  await vi.waitFor(async () => expect(await counted()).toBe(1), 4000)
  book.exit(room, 'u:2')
  await vi.waitFor(async () => expect(await counted()).toBe(0), 4000)
})

it('a second tab keeps somebody here, on this node and on another', async () => {
  const [here, there] = [aBook(), aBook()]
  here.enter(room, 'u:1')
  here.enter(room, 'u:1')
  there.enter(room, 'u:1')
  await vi.waitFor(async () => expect(await redis.hGet(`{r:${room}}:pu`, 'u:1')).toBe('2'))
  here.exit(room, 'u:1')
  there.exit(room, 'u:1')
  await vi.waitFor(async () => expect(await redis.hGet(`{r:${room}}:pu`, 'u:1')).toBe('1'), 4000)
  here.exit(room, 'u:1')
  await vi.waitFor(async () => expect(await counted()).toBe(0), 4000)
})

it('a page that is loaded again within the linger leaves no dip', async () => {
  const told: number[] = []
  const book = aBook(told)
  await book.counts.learn(room)
  const ear = redis.duplicate()
  await ear.connect()
  await ear.subscribe('chat:counts', (message) => book.counts.hear(message))
  for (const viewer of viewers(10)) book.enter(room, viewer)
  await vi.waitFor(() => expect(told.at(-1)).toBe(10), 4000)
  const before = told.length
  for (const viewer of viewers(10)) book.exit(room, viewer)
  for (const viewer of viewers(10)) book.enter(room, viewer)
  book.enter(room, 'g:last')
  await vi.waitFor(() => expect(told.at(-1)).toBe(11), 4000)
  expect(Math.min(...told.slice(before))).toBeGreaterThanOrEqual(10)
  ear.destroy()
})

it('what could not be said is said later, as it stands then', async () => {
  const book = aBook()
  await vi.waitFor(() => expect(book.lease.isHeld).toBe(true))
  const run = vi.spyOn(redis, 'evalSha').mockRejectedValue(new Error('Redis is away'))
  for (const viewer of viewers(30)) book.enter(room, viewer)
  for (const viewer of viewers(10)) book.exit(room, viewer)
  await vi.waitFor(() => expect(run).toHaveBeenCalled())
  run.mockRestore()
  await vi.waitFor(async () => expect(await counted()).toBe(20), 5000)
})

it('a node that was swept says all of its viewers again under another name', async () => {
  const book = aBook()
  for (const viewer of viewers(1500)) book.enter(room, viewer)
  await vi.waitFor(async () => expect(await counted()).toBe(1500), 5000)
  const { node } = book
  await redis.del(`n:${node}`)
  const other = aBook()
  await vi.waitFor(() => expect(book.node).not.toBe(node), 4000)
  await vi.waitFor(async () => expect(await redis.exists(`{r:${room}}:pn:${node}`)).toBe(0), 5000)
  await vi.waitFor(async () => expect(new Set(await redis.hVals(`{r:${room}}:pu`))).toEqual(new Set(['1'])), 4000)
  expect(await counted()).toBe(1500)
  expect(other.node).not.toBe(book.node)
})

it('a dead node is swept by two at once, and nobody is counted down twice', async () => {
  const [staying, dying] = [aBook(), aBook()]
  for (const viewer of viewers(50)) {
    staying.enter(room, viewer)
    dying.enter(room, viewer)
  }
  dying.enter(room, 'g:only')
  await vi.waitFor(async () => expect(new Set(await redis.hVals(`{r:${room}}:pu`))).toEqual(new Set(['1', '2'])))
  await dying.lease[Symbol.asyncDispose]()
  aBook()
  aBook()
  await vi.waitFor(
    async () =>
      expect(await redis.hGetAll(`{r:${room}}:pu`)).toEqual(Object.fromEntries(viewers(50).map((each) => [each, '1']))),
    6000,
  )
})

it('a count is told at most once in 0.9 s, and exactly in the end', async () => {
  const told: number[] = []
  const book = aBook()
  const ear = redis.duplicate()
  await ear.connect()
  await ear.subscribe('chat:counts', (message) => {
    const [name, count] = message.split(' ')
    if (name === room) told.push(Number(count))
  })
  const from = performance.now()
  for (const viewer of viewers(200)) {
    book.enter(room, viewer)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await vi.waitFor(() => expect(told.at(-1)).toBe(200), 4000)
  expect(told.length).toBeLessThanOrEqual(Math.ceil((performance.now() - from) / 900) + 1)
  ear.destroy()
})

it('an audit says by how much the books are apart', async () => {
  const drifts: number[] = []
  const book = aBook([], (drift) => drifts.push(drift))
  for (const viewer of viewers(5)) book.enter(room, viewer)
  await vi.waitFor(async () => expect(await counted()).toBe(5))
  await book.audit()
  await redis.hSet(`{r:${room}}:pu`, { 'g:ghost': '1', 'g:other': '1' })
  await book.audit()
  expect(drifts).toEqual([0, 2])
})
