import { beforeEach, expect, it, vi } from 'vitest'
import type { ServerFrame } from '../../../server/chat/protocol.ts'
import { ChatConnection } from '../../../web/chat/chat-connection.ts'

/** The platform: tickets. */
vi.mock('../../../web/api.ts', () => ({ send: async () => ({ ticket: 'a' }) }))

/** The hubs: each attempt to reach one, and what it was made with. */
class Socket {
  static readonly OPEN = 1
  static attempts: Socket[] = []
  readyState = 1
  readonly token: string
  onmessage: (event: { data: string }) => void = () => {}
  onclose: (event: { code: number }) => void = () => {}

  constructor(_: string, [, token = '']: string[]) {
    this.token = token
    Socket.attempts.push(this)
  }

  send(): void {}
  close(): void {}

  welcome(): void {
    this.onmessage({ data: JSON.stringify({ t: 'hello', resume: 'again' } as ServerFrame) })
  }

  say(frame: object): void {
    this.onmessage({ data: JSON.stringify(frame) })
  }
}

let connection: ChatConnection

beforeEach(async () => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', Socket)
  vi.stubGlobal('location', { origin: 'http://ustat.test' })
  // The longest that chance allows.
  vi.spyOn(Math, 'random').mockReturnValue(0.999)
  Socket.attempts = []
  connection = new ChatConnection()
  connection.listen(() => {}, { holds: true })
  await vi.advanceTimersByTimeAsync(0)
  return () => {
    connection.close()
    vi.useRealTimers()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  }
})

const last = () => Socket.attempts.at(-1) as Socket

it('comes back with what the hub gave it, after waits that double, and asks the api for nothing while no hub answers', async () => {
  expect(last().token).toBe('t.a')
  last().welcome()
  for (const longestMs of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const { length } = Socket.attempts
    last().onclose({ code: 1006 })
    await vi.advanceTimersByTimeAsync(longestMs * 0.99)
    expect(Socket.attempts).toHaveLength(length)
    await vi.advanceTimersByTimeAsync(longestMs * 0.01)
    expect(Socket.attempts).toHaveLength(length + 1)
    expect(last().token).toBe('r.again')
  }
})

it('shows another ticket when what it has is no longer good, and waits as long as a hub that stops asks', async () => {
  last().welcome()
  last().onclose({ code: 4401 })
  await vi.advanceTimersByTimeAsync(500)
  expect(last().token).toBe('t.a')
  last().welcome()
  last().say({ t: 'bye', code: 1012, after: 7000 })
  last().onclose({ code: 1012 })
  const { length } = Socket.attempts
  await vi.advanceTimersByTimeAsync(6999)
  expect(Socket.attempts).toHaveLength(length)
  await vi.advanceTimersByTimeAsync(1)
  expect(last().token).toBe('r.again')
})

it('begins with short waits again once it was there for half a minute', async () => {
  last().welcome()
  for (let i = 0; i < 5; i += 1) {
    last().onclose({ code: 1006 })
    await vi.advanceTimersByTimeAsync(30_000)
  }
  last().welcome()
  await vi.advanceTimersByTimeAsync(30_001)
  const { length } = Socket.attempts
  last().onclose({ code: 1006 })
  await vi.advanceTimersByTimeAsync(500)
  expect(Socket.attempts).toHaveLength(length + 1)
})
