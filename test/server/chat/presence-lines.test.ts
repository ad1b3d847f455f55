import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aHub, Client, FakeHost, type TestHub } from './hub.ts'

/** Lines that say who comes and goes, on two hubs, with a linger that a test can wait for. */
const options = { announceUpTo: 4, timing: { lingerMs: 300 } }
let host: FakeHost
let one: TestHub
let two: TestHub
let room: string

beforeAll(async () => {
  host = new FakeHost()
  ;[one, two] = await Promise.all([aHub(host, options), aHub(host, options)])
})

afterAll(async () => {
  await Promise.all([one?.[Symbol.asyncDispose](), two?.[Symbol.asyncDispose]()])
})

beforeEach(() => {
  room = `r-${randomUUID()}`
})

let people = 0
async function enter(hub: TestHub, uid = `u:${700_000 + ++people}`): Promise<Client> {
  const client = await Client.open(hub.url, { uid, name: `Name of ${uid}` })
  await client.join(room)
  return client
}

const moves = (client: Client) =>
  client.lines(room).flatMap(({ k, b, u }) => (k === 'sys' && (b === 'join' || b === 'leave') ? [`${b} ${u}`] : []))

describe('coming and going', () => {
  it('is said once for a person, whatever tabs and hubs they have open', async () => {
    const watcher = await enter(one, 'u:1')
    await expect.poll(() => moves(watcher)).toEqual(['join u:1'])
    const tabs = [await enter(one, 'u:2'), await enter(two, 'u:2')]
    await expect.poll(() => moves(watcher)).toEqual(['join u:1', 'join u:2'])
    expect(watcher.lines(room).at(-1)).toMatchObject({ n: 'Name of u:2' })
    await tabs[0]?.close()
    // Another goes in the meantime, so that the first would have been said before.
    const third = await enter(two, 'u:3')
    await third.close()
    await expect.poll(() => moves(watcher)).toEqual(['join u:1', 'join u:2', 'join u:3', 'leave u:3'])
    await tabs[1]?.close()
    await expect.poll(() => moves(watcher).at(-1)).toBe('leave u:2')
    const late = await enter(two, 'u:4')
    expect((await late.join(room)).m.filter(({ b }) => b === 'leave')).toEqual([])
    await Promise.all([watcher.close(), late.close()])
  })

  // Of a Redis that answers too late, on a busy machine, nobody knows whom it took in: such a line is not said.
  it('is not said of guests, of a page that is loaded again, or in a crowd', { retry: 2 }, async () => {
    const watcher = await enter(one)
    const again = await enter(two, 'u:10')
    await again.close()
    const back = await enter(two, 'u:10')
    const guest = await Client.open(one.url, { uid: 'g:someone', name: '', family: null })
    await guest.join(room)
    const third = await enter(one, 'u:11')
    await expect.poll(() => moves(watcher).at(-1)).toBe('join u:11')
    expect(moves(watcher).filter((move) => move.endsWith('u:10'))).toEqual(['join u:10'])
    expect(moves(watcher).filter((move) => move.includes('g:'))).toEqual([])
    // Four are here now: the fifth is one of many.
    const before = moves(watcher).length
    const many = [await enter(one), await enter(two), await enter(one)]
    await watcher.next('cnt', ({ n }) => n === 7)
    expect(moves(watcher)).toHaveLength(before)
    await Promise.all([watcher, back, guest, third, ...many].map((client) => client.close()))
  })

  it('is not said of those whose hub was killed, when they come back', async () => {
    const timing = { lingerMs: 300, leaseMs: 1500, beatMs: 300, sweepMs: 100 }
    await using alive = await aHub(host, { ...options, timing })
    const dying = await aHub(host, { ...options, timing })
    const watcher = await enter(alive)
    await enter(dying, 'u:30')
    await expect.poll(() => moves(watcher).at(-1)).toBe('join u:30')
    const before = moves(watcher).length
    // A count that never was two does not change to one.
    await watcher.next('cnt', ({ n }) => n === 2)
    // Nothing of what it has is said any more.
    dying.redis.destroy()
    await watcher.next('cnt', ({ n }) => n === 1, watcher.frames.length)
    const back = await enter(alive, 'u:30')
    const another = await enter(alive, 'u:31')
    await expect.poll(() => moves(watcher).at(-1)).toBe('join u:31')
    expect(moves(watcher)).toHaveLength(before + 1)
    await Promise.all([watcher, back, another].map((client) => client.close()))
    await dying[Symbol.asyncDispose]()
  })

  it('is not said when a hub ends and its people come to another', async () => {
    const ending = await aHub(host, options)
    const watcher = await enter(one)
    const person = await enter(ending, 'u:20')
    await expect.poll(() => moves(watcher).at(-1)).toBe('join u:20')
    const before = moves(watcher).length
    await ending[Symbol.asyncDispose]()
    await expect.poll(() => person.closeCode).toBe(1012)
    const back = await enter(two, 'u:20')
    const another = await enter(one, 'u:21')
    await expect.poll(() => moves(watcher).at(-1)).toBe('join u:21')
    expect(moves(watcher)).toHaveLength(before + 1)
    await Promise.all([watcher, back, another].map((client) => client.close()))
  })
})
