import { once, setMaxListeners } from 'node:events'
import { Registry } from 'prom-client'
import { inject } from 'vitest'
import { createRedis } from '../../../media/storage/redis.ts'
import type { ChatHost } from '../../../server/chat/host.ts'
import { type Hub, type HubOptions, startHub } from '../../../server/chat/hub.ts'
import type { ChatLine, ServerFrame } from '../../../server/chat/protocol.ts'
import { type ChatPerson, signChatTicket } from '../../../server/chat/ticket.ts'
import type { RedisClient } from '../../../server/redis.ts'

import { SECRET } from './fake-host.ts'

export { FakeHost, SECRET } from './fake-host.ts'

const quiet = { warn() {}, info() {} }

export interface TestHub extends Hub {
  redis: RedisClient
  url: string
}

export async function aHub(host: ChatHost, options: Partial<HubOptions> = {}): Promise<TestHub> {
  const redis = createRedis(redisUrl(), quiet)
  await redis.connect()
  const hub = await startHub({
    listen: '127.0.0.1:0',
    publicUrl: 'http://ustat.test',
    allowedHosts: [],
    ticketSecret: SECRET,
    redis,
    host,
    revocations: { issuedBefore: () => 0 },
    log: quiet,
    metrics: new Registry(),
    limits: { socketsPerAccount: 100, guestsPerAddress: 10_000, socketsPerAddress: 10_000, upgradesPerSecond: 10_000 },
    maxLoopLagMs: 60_000,
    ...options,
  })
  return {
    get address() {
      return hub.address
    },
    get node() {
      return hub.node
    },
    redis,
    url: `ws://${hub.address}/ws`,
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      redis.destroy()
    },
  }
}

export function redisUrl(): string {
  return `${inject('redisUrl')}?db=${1 + (Number(process.env.VITEST_POOL_ID ?? 1) % 15)}`
}

export function aTicket(person: Partial<ChatPerson> = {}): string {
  return signChatTicket(
    {
      uid: 'u:1',
      name: 'Person',
      family: 'f'.repeat(16),
      sessionEndsAt: Math.floor(Date.now() / 1000) + 3600,
      ...person,
    },
    'ticket',
    SECRET,
  )
}

type Frame<T extends ServerFrame['t']> = Extract<ServerFrame, { t: T }>

/** A browser's side of the protocol, with everything that it was told. */
export class Client {
  readonly frames: ServerFrame[] = []
  readonly socket: WebSocket
  closeCode: number | null = null
  #cid = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    setMaxListeners(0, socket)
    socket.addEventListener('message', ({ data }) => this.frames.push(JSON.parse(String(data)) as ServerFrame))
    socket.addEventListener('close', ({ code }) => {
      this.closeCode = code
    })
  }

  static async open(url: string, person: Partial<ChatPerson> = {}, token?: string): Promise<Client> {
    const client = Client.dial(url, token ?? `t.${aTicket(person)}`)
    await client.next('hello')
    return client
  }

  static dial(url: string, token: string, origin = 'http://ustat.test'): Client {
    const options = { protocols: ['chat.v1', token], headers: { origin } }
    return new Client(new WebSocket(url, options as never))
  }

  say(frame: object): void {
    this.socket.send(JSON.stringify(frame))
  }

  /** Resolves with the first frame of that kind, from `from` on, that is as wanted. */
  async next<T extends ServerFrame['t']>(
    t: T,
    isWanted: (frame: Frame<T>) => boolean = () => true,
    from = 0,
  ): Promise<Frame<T>> {
    return (await this.#find((frame) => frame.t === t && isWanted(frame as Frame<T>), from)) as Frame<T>
  }

  async #find(isWanted: (frame: ServerFrame) => boolean, from = 0): Promise<ServerFrame> {
    for (let i = from; ; i++) {
      while (i >= this.frames.length) {
        if (this.closeCode !== null) throw new Error(`closed with ${this.closeCode} before it was told`)
        await Promise.race([once(this.socket, 'message'), once(this.socket, 'close')])
      }
      const frame = this.frames[i]
      if (frame && isWanted(frame)) return frame
    }
  }

  async join(room: string, since?: { e: string; s: number }): Promise<Frame<'joined'>> {
    const from = this.frames.length
    this.say({ t: 'join', room, ...(since ? { since } : {}) })
    return this.next('joined', (frame) => frame.room === room, from)
  }

  /** Resolves with the answer to it. */
  async send(room: string, body: string, cid = this.cid()): Promise<Frame<'ack'> | Frame<'err'>> {
    this.say({ t: 'send', room, cid, body })
    return this.answer(cid)
  }

  async moderate(room: string, operation: object): Promise<Frame<'ack'> | Frame<'err'>> {
    const cid = this.cid()
    this.say({ t: 'mod', room, cid, ...operation })
    return this.answer(cid)
  }

  /** @param from for a `cid` that was answered before */
  async answer(cid: string, from = 0): Promise<Frame<'ack'> | Frame<'err'>> {
    const frame = await this.#find(
      ({ t, ...rest }) => (t === 'ack' || t === 'err') && 'cid' in rest && rest.cid === cid,
      from,
    )
    return frame as Frame<'ack'> | Frame<'err'>
  }

  cid(): string {
    this.#cid += 1
    return `cid-${process.pid}-${Math.random().toString(36).slice(2)}-${this.#cid}`
  }

  /** Every line of the room that it was told, in the order it was. */
  lines(room: string): ChatLine[] {
    return this.frames.flatMap((frame) => {
      if ((frame.t === 'joined' || frame.t === 'b') && frame.room === room) return frame.m
      return []
    })
  }

  async close(): Promise<void> {
    if (this.closeCode !== null) return
    this.socket.close()
    await once(this.socket, 'close')
  }
}
