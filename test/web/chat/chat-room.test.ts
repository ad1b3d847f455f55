import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ServerFrame } from '../../../server/chat/protocol.ts'
import { ChatConnection } from '../../../web/chat/chat-connection.ts'
import { ChatRoom } from '../../../web/chat/chat-room.ts'

/** The platform: tickets, and one emote in each room. */
vi.mock('../../../web/api.ts', () => ({
  send: async () => ({ ticket: 'a' }),
  get: async () => [{ name: 'hi', url: '/hi.webp' }],
}))

/** The hub, as a page's one socket shows it. */
class Socket {
  static readonly OPEN = 1
  static last: Socket
  readonly readyState = 1
  readonly said: { t: string; room?: string }[] = []
  onmessage: (event: { data: string }) => void = () => {}
  onclose: (event: { code: number }) => void = () => {}

  constructor() {
    Socket.last = this
  }

  send(text: string): void {
    this.said.push(JSON.parse(text))
  }

  close(): void {}

  tell(frame: ServerFrame): void {
    this.onmessage({ data: JSON.stringify(frame) })
  }
}

beforeEach(() => {
  vi.stubGlobal('WebSocket', Socket)
  vi.stubGlobal('location', { origin: 'http://ustat.test' })
  const items = new Map<string, string>()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  })
  return () => vi.unstubAllGlobals()
})

const settings = { slow: 0, mode: 'all', frozen: false, emoteOnly: false, notices: 'staff', emotes: 0 }
const joined = (room: string, rank: number, more: object = {}) =>
  ({
    ...{ t: 'joined', room, e: `epoch of ${room}`, s: 0, recovered: false, m: [], n: 7, pin: null },
    ...{ set: settings, rank, modes: ['all'], ...more },
  }) as unknown as ServerFrame

/** A learner in a room that they may write in, and moderate. */
async function inOpenRoom(connection = new ChatConnection()): Promise<ChatRoom> {
  const chat = new ChatRoom(connection)
  chat.become(1, 'Learner')
  chat.follow('channel-1')
  chat.connect()
  await vi.waitFor(() => expect(Socket.last).toBeDefined())
  await vi.waitFor(() => {
    Socket.last.tell({ t: 'hello', resume: 'r' } as ServerFrame)
    expect(Socket.last.said).toContainEqual(expect.objectContaining({ t: 'join', room: 'channel-1' }))
  })
  Socket.last.tell(joined('channel-1', 3, { until: 5 }))
  expect(chat).toMatchObject({ hasJoined: true, refusal: null, rank: 3, viewers: 7, until: 5 })
  return chat
}

it('takes nothing from one room into another', async () => {
  const chat = await inOpenRoom()
  chat.follow('course-2')
  expect(chat).toMatchObject({ hasJoined: false, rank: 0, modes: [], viewers: 0, until: null, slowUntilMs: 0 })
})

it.each(['forbidden', 'unauthorized', 'room_not_found', 'too_many_rooms'] as const)(
  'lets nobody write in a room that answers %s, whatever room they come from',
  async (code) => {
    const chat = await inOpenRoom()
    chat.follow('course-2')
    Socket.last.tell({ t: 'err', room: 'course-2', code })
    expect(chat).toMatchObject({ refusal: code, hasJoined: false })
    // What the hub had said of the first room before it heard that they left.
    Socket.last.tell(joined('channel-1', 3))
    Socket.last.tell({ t: 'you', room: 'channel-1', rank: 3, modes: ['all'] })
    Socket.last.tell({ t: 'cnt', room: 'channel-1', n: 9 })
    expect(chat).toMatchObject({ refusal: code, hasJoined: false, rank: 0, viewers: 0 })

    chat.follow('channel-1')
    expect(chat.refusal).toBeNull()
    Socket.last.tell(joined('channel-1', 3))
    expect(chat).toMatchObject({ refusal: null, hasJoined: true, rank: 3 })
  },
)

it('says so when a room that they are in is theirs no more', async () => {
  for (const code of ['forbidden', 'unauthorized', 'room_not_found'] as const) {
    const chat = await inOpenRoom()
    Socket.last.tell({ t: 'err', room: 'channel-1', code: 'rate_limited', retry: 1000 })
    expect(chat.refusal).toBeNull()
    Socket.last.tell({ t: 'err', room: 'channel-1', code })
    expect(chat.refusal).toBe(code)
  }
})

it('hears what is said to the page in every room', async () => {
  const chat = await inOpenRoom()
  Socket.last.tell({ t: 'state', degraded: true })
  expect(chat.state).toBe('degraded')
  Socket.last.tell({ t: 'err', code: 'forbidden' })
  expect(chat.refusal).toBe('forbidden')
})

it('fetches the emotes of each room, though their numbers are the same', async () => {
  const chat = await inOpenRoom()
  Socket.last.tell(joined('channel-1', 3, { set: { ...settings, emotes: 4 } }))
  await vi.waitFor(() => expect([...chat.emotes.keys()]).toEqual(['hi']))
  chat.follow('course-2')
  expect(chat.emotes.size).toBe(0)
  Socket.last.tell(joined('course-2', 1, { set: { ...settings, emotes: 4 } }))
  await vi.waitFor(() => expect([...chat.emotes.keys()]).toEqual(['hi']))
})

describe('a message that is refused for a moment', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    return () => vi.useRealTimers()
  })

  const sends = () => Socket.last.said.filter(({ t }) => t === 'send') as { t: string; cid: string }[]

  it('goes out again at the pace that the hub asks for, however long that takes', async () => {
    const chat = await inOpenRoom()
    chat.send('Hello', undefined, undefined)
    let answered = 0
    for (let seconds = 0; seconds < 60; seconds += 1) {
      for (const { cid } of sends().slice(answered)) {
        Socket.last.tell({ t: 'err', room: 'channel-1', code: 'room_busy', cid, retry: 2000 })
      }
      answered = sends().length
      await vi.advanceTimersByTimeAsync(1000)
    }
    expect(answered).toBeGreaterThanOrEqual(20)
    expect(answered).toBeLessThanOrEqual(32)
    expect(new Set(sends().map(({ cid }) => cid)).size).toBe(1)
    Socket.last.tell({ t: 'ack', cid: sends()[0]?.cid ?? '', room: 'channel-1', e: 'e', s: 1 })
    const said = sends().length
    await vi.advanceTimersByTimeAsync(20_000)
    expect(sends()).toHaveLength(said)
    expect(chat.outbox.messages).toEqual([])
  })

  it('is said once in a while when nobody answers at all', async () => {
    const chat = await inOpenRoom()
    chat.send('Hello', undefined, undefined)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sends().length).toBeGreaterThanOrEqual(11)
    expect(sends().length).toBeLessThanOrEqual(13)
  })
})

it('says nothing before the room has let them in again, once they were out of it', async () => {
  const connection = new ChatConnection()
  connection.listen(() => {}, { holds: true })
  const chat = await inOpenRoom(connection)
  chat.disconnect()
  chat.connect()
  chat.send('Hello', undefined, undefined)
  const sends = () => Socket.last.said.filter(({ t }) => t === 'send')
  expect(sends()).toEqual([])
  Socket.last.tell(joined('channel-1', 3))
  expect(sends()).toHaveLength(1)
})
