import { afterAll, beforeAll, expect, it } from 'vitest'
import { tellPeople, tellPerson, tellRoom } from '../../../server/chat/control.ts'
import { aHub, Client, FakeHost, type TestHub } from './hub.ts'

let hubs: [TestHub, TestHub]
beforeAll(async () => {
  const host = new FakeHost()
  hubs = [await aHub(host), await aHub(host)]
})
afterAll(async () => {
  for (const hub of hubs) await hub[Symbol.asyncDispose]()
})

/** Whatever was told before it has come by now. */
async function settled(...clients: Client[]): Promise<void> {
  for (const client of clients) {
    const stamp = Math.random()
    client.say({ t: 'ping', ts: stamp })
    await client.next('pong', ({ ts }) => ts === stamp)
  }
}

it('a word to a person reaches each of their pages, on every hub and without a room, and nobody else’s', async () => {
  const [first, second] = hubs
  const mine = [await Client.open(first.url, { uid: 'u:71' }), await Client.open(second.url, { uid: 'u:71' })]
  const others = [await Client.open(first.url, { uid: 'u:7' }), await Client.open(second.url, { uid: 'u:711' })]
  const guest = await Client.open(first.url, { uid: 'g:71', family: null })
  await tellPerson(first.redis, 'u:71', { t: 'job', id: 'e1', status: 'running', progress: 40 })
  for (const client of mine) expect(await client.next('job')).toMatchObject({ id: 'e1', progress: 40 })
  await tellPerson(second.redis, 'g:71', { t: 'job', id: 'e2', status: 'ready', progress: 100 })
  expect(await guest.next('job')).toMatchObject({ id: 'e2' })
  await settled(...others, ...mine, guest)
  for (const client of others) expect(client.frames.filter(({ t }) => t === 'job')).toEqual([])
  expect(guest.frames.filter(({ t }) => t === 'job')).toHaveLength(1)
})

it('a word to thousands reaches those who are there, once each', async () => {
  const [hub] = hubs
  const here = await Promise.all([3, 700, 1999].map((id) => Client.open(hub.url, { uid: `u:9${id}` })))
  const uids = Array.from({ length: 2000 }, (_, id) => `u:9${id}`)
  await tellPeople(hub.redis, uids, { t: 'unread', n: 1 })
  for (const client of here) await client.next('unread')
  await settled(...here)
  for (const client of here) expect(client.frames.filter(({ t }) => t === 'unread')).toHaveLength(1)
  // Who has left is forgotten, and a word to them harms nobody.
  await here[0]?.close()
  await tellPeople(hub.redis, uids, { t: 'unread', n: 2 })
  await here[1]?.next('unread', ({ n }) => n === 2)
})

it('a word to a room reaches those in it alone', async () => {
  const [first, second] = hubs
  const [inside, outside] = [
    await Client.open(first.url, { uid: 'u:81' }),
    await Client.open(second.url, { uid: 'u:82' }),
  ]
  await inside.join('channel-81')
  await outside.join('channel-82')
  const live = { t: 'live', room: 'channel-81', broadcast: 'b1', status: 'live' } as const
  await tellRoom(second.redis, 'channel-81', live)
  expect(await inside.next('live')).toEqual(live)
  await settled(outside)
  expect(outside.frames.filter(({ t }) => t === 'live')).toEqual([])
})
