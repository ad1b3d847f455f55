import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { RtmpServerOptions } from '../../../media/ingest/rtmp-server.ts'
import { allPackets, aServer as startServer, type TestServer } from './ingest-server.ts'
import {
  audio,
  command,
  connectCommand,
  encode,
  HANDSHAKE,
  message,
  RtmpClient,
  setChunkSize,
  uint32,
  video,
} from './rtmp-client.ts'

// live.md's table "what node-media-server lets through", row by row.

const MiB = 1024 * 1024

async function aServer(options: Partial<RtmpServerOptions> = {}): Promise<TestServer> {
  const server = await startServer(options)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

function aClient({ port }: TestServer, from?: string): RtmpClient {
  const client = new RtmpClient(port, from)
  onTestFinished(() => client[Symbol.dispose]())
  return client
}

/** Connected, accepted, and handed on. */
async function aPublisher(server: TestServer, key = 'good-key') {
  const client = await aClient(server).connect().publish(key).accepted()
  const publisher = server.publishers.at(-1)
  if (!publisher) throw new Error('nobody was handed on')
  return { client, publisher }
}

/** The rest of the world notices nothing. */
async function expectServing(server: TestServer): Promise<void> {
  const { client } = await aPublisher(server)
  client.send(command('deleteStream', 4, null, 1))
}

describe('malformed input before any key', () => {
  /** An object in an object in an object, without an end. */
  const nested = Buffer.concat([encode(['connect', 1]), Buffer.alloc(60_000, Buffer.from([3, 0, 1, 0x61]))])
  it.each<[string, Buffer[]]>([
    ['a zero-length video message', [HANDSHAKE, connectCommand(), message({ type: 9 }), video(0)]],
    ['a zero-length SetChunkSize', [HANDSHAKE, message({ type: 1, chunkStream: 2 }), video(0)]],
    ['a SetChunkSize of 0', [HANDSHAKE, setChunkSize(0), connectCommand()]],
    ['connect without tcUrl', [HANDSHAKE, connectCommand('live', { tcUrl: undefined })]],
    ['connect with a tcUrl that is no URL', [HANDSHAKE, connectCommand('live', { tcUrl: 'here' })]],
    ['connect without an app', [HANDSHAKE, connectCommand(null)]],
    ['connect without an object', [HANDSHAKE, command('connect', 1, null)]],
    ['connect twice', [HANDSHAKE, connectCommand(), connectCommand()]],
    ['publish without a name', [HANDSHAKE, connectCommand(), command('publish', 3, null)]],
    ['publish with a number for a name', [HANDSHAKE, connectCommand(), command('publish', 3, null, 7)]],
    ['publish before connect', [HANDSHAKE, command('publish', 3, null, 'good-key')]],
    ['createStream with an object for a transaction', [HANDSHAKE, connectCommand(), command('createStream', {}, null)]],
    ['a command of no bytes', [HANDSHAKE, message({ type: 20 }), connectCommand()]],
    ['a command that is a property of every object', [HANDSHAKE, command('constructor', 1, null)]],
    ['AMF nested 15,000 deep', [HANDSHAKE, message({ type: 20, payload: nested })]],
    ['AMF cut off in the middle', [HANDSHAKE, message({ type: 20, payload: Buffer.from([2, 0, 7, 0x63, 0x6f]) })]],
    [
      'a header that shrinks its message',
      [
        HANDSHAKE,
        message({ type: 20, payload: Buffer.alloc(300) }).subarray(0, 140),
        message({ type: 20, payload: Buffer.alloc(10) }),
      ],
    ],
    ['16 MB announced', [HANDSHAKE, message({ type: 9, announcedLength: 0xffffff, payload: Buffer.alloc(1) })]],
    [
      '33 chunk streams',
      [
        HANDSHAKE,
        ...Array.from({ length: 33 }, (_, n) => message({ type: 9, chunkStream: n + 2, payload: Buffer.alloc(1) })),
      ],
    ],
    [
      'a hundred commands without a publish',
      [HANDSHAKE, connectCommand(), ...Array.from({ length: 100 }, () => command('createStream', 2, null))],
    ],
    ['HTTP', [Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
  ])('%s: that socket is destroyed, nothing else notices', async (_, bytes) => {
    const server = await aServer()
    const { client: bystander, publisher } = await aPublisher(server)
    const client = aClient(server)
    client.send(...bytes)
    await client.closed
    expect(server.requests).toHaveLength(1)
    expect(server.server.metrics.violations).toBe(1)
    bystander.send(video(40), command('deleteStream', 4, null, 1))
    expect(await allPackets(publisher)).toHaveLength(1)
    await expectServing(server)
  })
})

describe('chunk headers that announce 16 MB, twenty of them', () => {
  it('allocate nothing: the first is refused', async () => {
    const server = await aServer()
    const before = process.memoryUsage().arrayBuffers
    const clients = Array.from({ length: 20 }, () => aClient(server))
    for (const client of clients)
      client.send(
        HANDSHAKE,
        connectCommand(),
        ...Array.from({ length: 20 }, (_, n) => message({ type: 9, chunkStream: n + 4, announcedLength: 0xffffff })),
      )
    await Promise.all(clients.map(({ closed }) => closed))
    // A megabyte each is node-media-server's for a parser of files.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * MiB)
  })

  it('are refused from an accepted publisher too, above 8 MiB', async () => {
    const server = await aServer()
    const { client, publisher } = await aPublisher(server)
    client.send(message({ type: 9, announcedLength: 8 * MiB + 1 }))
    await client.closed
    expect(await allPackets(publisher)).toEqual([])
  })
})

describe('the key is checked first', () => {
  it('answers nothing and reads nothing until the platform has decided', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: decided, resolve: decide } = Promise.withResolvers<void>()
    const published: Promise<unknown>[] = []
    const server = await aServer({
      onPublish: async () => {
        ask()
        await decided
        return { accept: (publisher) => published.push(allPackets(publisher)) }
      },
    })
    const client = aClient(server).connect()
    await client.answer('_result')
    client.send(command('publish', 3, null, 'good-key'), setChunkSize(4096), video(0))
    await asked
    client.send(audio(10), command('FCUnpublish', 5, null, 'good-key'))
    // Another connection's whole conversation fits in between.
    const other = aClient(server).connect()
    await other.answer('_result')
    expect(client.messages.some(({ payload }) => payload.includes('onStatus'))).toBe(false)
    decide()
    expect(await client.status()).toMatchObject({ level: 'status', code: 'NetStream.Publish.Start' })
    // What was sent meanwhile is read now, and in order.
    expect(await published[0]).toMatchObject([
      { kind: 'video', dts: 0 },
      { kind: 'audio', dts: 10 },
    ])
  })

  it('does not take a flood in while the platform decides', async () => {
    const { promise: decided, resolve: decide } = Promise.withResolvers<void>()
    const server = await aServer({
      onPublish: async () => {
        await decided
        return { refuse: 'Unknown stream key.' }
      },
    })
    const client = aClient(server).connect().publish('good-key')
    for (let n = 0; n < 64; n++) client.send(Buffer.alloc(MiB))
    // Time enough for all of it, were it read.
    await aServer({ limits: { publishWithinMs: 400 } }).then((other) => aClient(other).closed)
    expect(server.server.metrics.receivedBytes).toBeLessThan(MiB)
    decide()
    await client.closed
  })

  it('refuses with NetStream.Publish.BadName and a sentence, and closes both ways', async () => {
    const server = await aServer({ limits: { lingerMs: 60_000 } })
    const client = aClient(server).connect().publish('bad-key')
    expect(await client.status()).toEqual({
      level: 'error',
      code: 'NetStream.Publish.BadName',
      description: 'Unknown stream key.',
    })
    client.send(video(0), command('publish', 4, null, 'good-key'))
    await client.closed
    expect(server.publishers).toHaveLength(0)
    expect(server.requests).toHaveLength(1)
    await vi.waitFor(() => expect(server.server.connections).toBe(0))
  })

  it('closes also on an encoder that keeps its side open and sends on', async () => {
    const server = await aServer()
    const client = aClient(server).connect().publish('bad-key')
    client.socket.allowHalfOpen = true
    await client.status()
    const sending = setInterval(() => client.send(video(0)), 5)
    await client.closed
    clearInterval(sending)
    await vi.waitFor(() => expect(server.server.connections).toBe(0))
  })

  it.each([
    ['cannot be asked', async () => Promise.reject(new Error('no route'))],
    ['does not answer', () => new Promise<never>(() => {})],
  ])('refuses when the platform %s', async (_, onPublish) => {
    const server = await aServer({ onPublish, limits: { decideWithinMs: 100 } })
    const client = aClient(server).connect().publish('good-key')
    expect((await client.status()).description).toContain('cannot be checked right now')
    await client.closed
  })

  it('does not hand on a publisher who left before the answer', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
    const { promise: decided, resolve: decide } = Promise.withResolvers<void>()
    let accepted = 0
    const server = await aServer({
      onPublish: async () => {
        ask()
        await decided
        return { accept: () => accepted++ }
      },
    })
    aClient(server).connect().publish('good-key')
    await asked
    const closing = server.server.close()
    decide()
    await closing
    expect(accepted).toBe(0)
  })

  it('closes the connection when a publisher cannot be taken after all', async () => {
    const server = await aServer({
      onPublish: async () => ({
        accept: () => {
          throw new Error('a second publisher for one broadcast')
        },
      }),
    })
    const client = aClient(server).connect().publish('good-key')
    expect((await client.status()).level).toBe('error')
    await client.closed
  })
})

describe('media reaches the show of its own connection only', () => {
  it('is never that of a second publisher who was refused', async () => {
    const server = await aServer({
      onPublish: async () => {
        const [first] = server.publishers
        return first ? { refuse: 'Already live.' } : { accept: (publisher) => server.publishers.push(publisher) }
      },
    })
    const { client, publisher } = await aPublisher(server)
    const second = aClient(server).connect().publish('good-key')
    await second.status()
    second.send(video(999), audio(999))
    await second.closed
    client.send(video(40), command('FCUnpublish', 5, null, 'good-key'))
    expect((await allPackets(publisher)).map(({ dts }) => dts)).toEqual([40])
  })

  it('is never that of a player', async () => {
    const server = await aServer()
    const { client, publisher } = await aPublisher(server)
    const player = aClient(server).connect()
    player.send(command('play', 4, null, 'good-key'), video(999), audio(999))
    await player.closed
    client.send(video(40), command('FCUnpublish', 5, null, 'good-key'))
    expect((await allPackets(publisher)).map(({ dts }) => dts)).toEqual([40])
  })

  it('is dropped before publish', async () => {
    const server = await aServer()
    const client = aClient(server).connect()
    client.send(video(1), audio(2))
    await client.publish('good-key').accepted()
    client.send(video(40), command('FCUnpublish', 5, null, 'good-key'))
    expect((await allPackets(server.publishers[0])).map(({ dts }) => dts)).toEqual([40])
  })
})

describe('play', () => {
  it.each(['play', 'play2'])('is refused: viewers come over HLS (%s)', async (name) => {
    const server = await aServer()
    await aPublisher(server)
    const player = aClient(server).connect()
    player.send(command(name, 4, null, 'good-key'))
    expect(await player.status()).toMatchObject({ level: 'error', code: 'NetStream.Play.Failed' })
    await player.closed
    expect(player.messages.some(({ type }) => type === 8 || type === 9)).toBe(false)
  })
})

describe('silence', () => {
  it('ends a publisher: a half-open connection never says so itself', async () => {
    const server = await aServer({ limits: { idleMs: 100 } })
    const { client, publisher } = await aPublisher(server)
    client.send(video(0))
    expect(await allPackets(publisher)).toHaveLength(1)
    expect(publisher.hasStopped).toBe(false)
    await client.closed
  })

  it('does not end a publisher who sends a little now and then', async () => {
    const server = await aServer({ limits: { idleMs: 200 } })
    const { client, publisher } = await aPublisher(server)
    let sent = 0
    const sending = setInterval(() => {
      client.send(audio(sent))
      if (++sent === 20) client.send(command('FCUnpublish', 5, null, 'good-key'))
    }, 30)
    expect(await allPackets(publisher)).toHaveLength(20)
    clearInterval(sending)
    expect(publisher.hasStopped).toBe(true)
  })

  it('before publish ends a connection, also one that dribbles', async () => {
    const server = await aServer({ limits: { publishWithinMs: 200 } })
    const silent = aClient(server)
    const dribbling = aClient(server)
    const bytes = Buffer.concat([HANDSHAKE, connectCommand()])
    let sent = 0
    const sending = setInterval(() => dribbling.send(bytes.subarray(sent, ++sent)), 5)
    const stalled = aClient(server).connect()
    await Promise.all([silent.closed, dribbling.closed, stalled.closed])
    clearInterval(sending)
    expect(server.server.metrics.violations).toBe(3)
  })

  it('of the network is noticed: TCP keep-alive runs on every connection', async () => {
    const server = await aServer()
    const { client } = await aPublisher(server)
    const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
    const line = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .find((text) => text.includes(`:${hex(server.port)} 0100007F:${hex(client.socket.localPort ?? 0)} `))
    // The column "tr": 2 is the keep-alive timer.
    expect(line?.trim().split(/\s+/)[5]).toMatch(/^02:/)
  })
})

describe('names', () => {
  it.each([
    ['..', '../../etc/passwd'],
    ['/', 'live/key'],
    ['NUL', 'good-key\0'],
    ['4 kB', 'a'.repeat(4096)],
    ['another alphabet', 'ключ'],
    ['an encoded slash', 'a%2fb'],
    ['nothing', ''],
    ['nothing but a query', '?key=good-key'],
    ['a property of every object', '__proto__.x'],
  ])('with %s are refused before the platform or a map sees them', async (_, key) => {
    const server = await aServer()
    const client = aClient(server).connect().publish(key)
    expect((await client.status()).code).toBe('NetStream.Publish.BadName')
    await client.closed
    expect(server.requests).toEqual([])
  })

  it.each(['other', '', 'live/../x', 'live/good-key', 'live\0', 'LIVE', 'l'.repeat(4096)])(
    'of an app that is not live are refused before a key is sent (%j)',
    async (app) => {
      const server = await aServer()
      const client = aClient(server)
      client.send(HANDSHAKE, connectCommand(app))
      expect(await client.answer('_error')).toMatchObject({ code: 'NetConnection.Connect.Rejected' })
      await client.closed
      expect(server.log()).not.toContain('good-key')
    },
  )

  it.each([
    ['OBS: server and key', 'live', 'good-key'],
    ['OBS: a slash behind the server', 'live/', 'good-key'],
    ['a query behind the key', 'live', 'good-key?bandwidthtest=true&a=../b'],
    ['a query behind the app', 'live?token=1', 'good-key'],
    ['a key that was pasted with a line end', 'live', 'good-key\n'],
  ])('as encoders send them are taken (%s)', async (_, app, key) => {
    const server = await aServer()
    await aClient(server).connect(app).publish(key).accepted()
    expect(server.requests).toEqual([{ streamKey: 'good-key', address: '127.0.0.1' }])
  })
})

describe('wrong keys', () => {
  it('slow down the address that tries them, loopback too, and nobody else', async () => {
    const server = await aServer()
    const tryKey = async (key: string, from?: string) => {
      const status = await aClient(server, from).connect().publish(key).status()
      return status.description ?? status.code
    }
    for (let n = 0; n < 5; n++) expect(await tryKey(`wrong-${n}`)).toBe('Unknown stream key.')
    const slow = tryKey('good-key').then((said) => `slow: ${said}`)
    await vi.waitFor(() => expect(server.server.connections).toBeGreaterThan(0))
    const next = await tryKey('wrong-6')
    expect(next).toContain('Too many wrong stream keys')
    const other = tryKey('good-key', '127.0.0.2').then((said) => `other: ${said}`)
    expect(await Promise.race([slow, other])).toBe('other: The show begins.')
    // A right key gets in from a slowed address, later.
    expect(await slow).toBe('slow: The show begins.')
    expect(server.requests).toHaveLength(7)
  })

  it('are not those of a publisher who is refused for another reason', async () => {
    const server = await aServer({ onPublish: async () => ({ refuse: 'Already live.', isKeyWrong: false }) })
    for (let n = 0; n < 12; n++) {
      const client = aClient(server).connect().publish('good-key')
      expect((await client.status()).description).toBe('Already live.')
    }
  })
})

describe('too many connections', () => {
  it('from one address are turned away, others are not', async () => {
    const server = await aServer({ limits: { maxConnectionsPerAddress: 3 } })
    const clients = Array.from({ length: 3 }, () => aClient(server).connect())
    await Promise.all(clients.map((client) => client.answer('_result')))
    await aClient(server).connect().closed
    expect(server.server.metrics.turnedAway).toBe(1)
    await aClient(server, '127.0.0.2').connect().publish('good-key').accepted()
  })

  it('in all: the oldest that does not publish gives way, a publisher never does', async () => {
    const server = await aServer({ limits: { maxConnections: 3 } })
    const { client, publisher } = await aPublisher(server)
    const waiting = [aClient(server).connect(), aClient(server).connect()]
    await Promise.all(waiting.map((one) => one.answer('_result')))
    await aClient(server).connect().publish('good-key').accepted()
    await waiting[0]?.closed
    await aClient(server).connect().publish('good-key').accepted()
    await waiting[1]?.closed
    await aClient(server).connect().closed
    client.send(video(40), command('FCUnpublish', 5, null, 'good-key'))
    expect(await allPackets(publisher)).toHaveLength(1)
  })
})

describe('enhanced RTMP', () => {
  const hevc = video(0, Buffer.from([0x90, ...Buffer.from('hvc1'), 1, 2, 3]))
  const opus = audio(0, Buffer.from([0x90, ...Buffer.from('Opus'), 1, 2, 3]))

  it.each([
    ['HEVC', hevc],
    ['Opus', opus],
  ])('(%s) is refused with a sentence that the encoder sees', async (_, bytes) => {
    const server = await aServer()
    const { client, publisher } = await aPublisher(server)
    client.messages.length = 0
    client.send(bytes, video(1))
    expect(await client.status()).toMatchObject({ level: 'error', description: expect.stringContaining('H.264') })
    await client.closed
    expect(await allPackets(publisher)).toEqual([])
  })

  it('is passed on where the ladder can decode it', async () => {
    const server = await aServer({ acceptsEnhanced: true })
    const { client, publisher } = await aPublisher(server)
    client.send(hevc, command('FCUnpublish', 5, null, 'good-key'))
    expect(await allPackets(publisher)).toMatchObject([{ kind: 'video', isHeader: true }])
  })
})

describe('a publisher', () => {
  it('may publish once: a second publish on its connection is refused', async () => {
    const server = await aServer()
    const { client, publisher } = await aPublisher(server)
    client.messages.length = 0
    client.publish('good-key')
    expect(await client.status()).toMatchObject({ code: 'NetStream.Publish.BadName' })
    await client.closed
    expect(server.requests).toHaveLength(1)
    expect(await allPackets(publisher)).toEqual([])
  })

  it.each(['FCUnpublish', 'deleteStream', 'closeStream'])('ends at once with %s', async (name) => {
    const server = await aServer()
    const { client, publisher } = await aPublisher(server)
    client.send(video(0), command(name, 5, null, 1), video(40))
    expect((await allPackets(publisher)).map(({ dts }) => dts)).toEqual([0])
    expect(publisher.hasStopped).toBe(true)
    await client.closed
  })

  it('that is lost has not stopped', async () => {
    const server = await aServer()
    const { client, publisher } = await aPublisher(server)
    client.send(video(0))
    await vi.waitFor(() => expect(server.server.metrics.receivedBytes).toBeGreaterThan(3100))
    client.socket.resetAndDestroy()
    await allPackets(publisher)
    expect(publisher.hasStopped).toBe(false)
  })

  it('is told why it is disconnected, and twice does no harm', async () => {
    const server = await aServer()
    const { client, publisher } = await aPublisher(server)
    client.messages.length = 0
    publisher.disconnect('The key was rotated: “new”.')
    publisher.disconnect('again')
    expect(await client.status()).toMatchObject({ level: 'error', description: 'The key was rotated: ?new?.' })
    expect(await allPackets(publisher)).toEqual([])
    await client.closed
  })

  it('is not read while its show takes nothing, and loses nothing', async () => {
    const server = await aServer({ limits: { maxQueuedBytes: MiB, idleMs: 300 } })
    const { client, publisher } = await aPublisher(server)
    const frames = 32
    client.send(setChunkSize(2 * MiB))
    for (let n = 0; n < frames; n++)
      client.send(message({ type: 9, chunkStream: 6, timestamp: n, payload: Buffer.alloc(MiB, 1), chunkSize: 2 * MiB }))
    await vi.waitFor(() => expect(server.server.metrics.receivedBytes).toBeGreaterThan(MiB))
    // Longer than the idle limit: a publisher who is not read is not silent.
    await aServer({ limits: { publishWithinMs: 600 } }).then((other) => aClient(other).closed)
    expect(server.server.metrics.receivedBytes).toBeLessThan(frames * MiB)
    client.send(command('FCUnpublish', 5, null, 'good-key'))
    expect((await allPackets(publisher)).map(({ dts }) => dts)).toEqual(Array.from({ length: frames }, (_, n) => n))
  })

  it('that does not read its answers is dropped', async () => {
    const server = await aServer({ limits: { maxUnsentBytes: 1024 } })
    const { client, publisher } = await aPublisher(server)
    client.socket.pause()
    const ping = message({ type: 4, chunkStream: 2, payload: Buffer.from([0, 6, 0, 0, 0, 1]) })
    const pings = Buffer.concat(Array.from({ length: 50_000 }, () => ping))
    const flood = () => {
      while (!client.socket.destroyed && client.socket.write(pings));
    }
    client.socket.on('drain', flood)
    flood()
    expect(await allPackets(publisher)).toEqual([])
    expect(server.log()).toContain('answers are not read')
  })
})

describe('long shows', () => {
  it('are acknowledged, so that an encoder with a window never waits', async () => {
    const server = await aServer()
    const { client } = await aPublisher(server)
    client.send(message({ type: 5, chunkStream: 2, payload: uint32(1000) }))
    for (let n = 0; n < 10; n++) client.send(video(n, Buffer.alloc(600, 0x27)))
    await vi.waitFor(() => expect(client.messages.filter(({ type }) => type === 3).length).toBeGreaterThan(0))
    const acknowledged = client.messages.findLast(({ type }) => type === 3)?.payload.readUInt32BE() ?? 0
    expect(acknowledged).toBeLessThanOrEqual(client.socket.bytesWritten)
    expect(acknowledged).toBeGreaterThan(3073)
  })

  it('answer pings', async () => {
    const server = await aServer()
    const { client } = await aPublisher(server)
    client.send(message({ type: 4, chunkStream: 2, payload: Buffer.from([0, 6, 1, 2, 3, 4]) }))
    await vi.waitFor(() => {
      const pong = client.messages.find(({ type, payload }) => type === 4 && payload[1] === 7)
      expect(pong?.payload.subarray(2)).toEqual(Buffer.from([1, 2, 3, 4]))
    })
  })
})

describe('the stream key', () => {
  it('is in no line that anybody prints', async () => {
    const printed: string[] = []
    vi.spyOn(console, 'log').mockImplementation((...parts) => printed.push(parts.join(' ')))
    vi.spyOn(console, 'error').mockImplementation((...parts) => printed.push(parts.join(' ')))
    onTestFinished(() => void vi.restoreAllMocks())
    const key = 'sk-very-secret-key'
    const server = await aServer({ onPublish: async () => ({ refuse: 'Unknown stream key.' }) })
    const say = async (...bytes: Buffer[]) => {
      const client = aClient(server)
      client.send(HANDSHAKE, ...bytes)
      await client.closed
    }
    await say(
      connectCommand(),
      command('releaseStream', 2, null, key),
      command('FCPublish', 3, null, key),
      command('publish', 4, null, key),
    )
    await say(connectCommand(`live/${key}`), command('publish', 4, null, 'x'))
    await say(connectCommand(), command('play', 4, null, key))
    await say(connectCommand(), command('publish', 4, null, `${key}/..`))
    await say(connectCommand(), command('unheardOf', 4, null, key), message({ type: 20 }))
    expect(server.requests).toHaveLength(1)
    expect(server.log()).not.toContain(key)
    expect(printed).toEqual([])
  })
})

it('tells publishers and closes everything when the server closes', async () => {
  const server = await startServer()
  const { client, publisher } = await aPublisher(server)
  const idle = aClient(server).connect()
  await idle.answer('_result')
  client.messages.length = 0
  await server.server.close()
  expect(await client.status()).toMatchObject({ level: 'error', description: expect.stringContaining('restarts') })
  await Promise.all([client.closed, idle.closed])
  expect(await allPackets(publisher)).toEqual([])
  await expect(once(new RtmpClient(server.port).socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
