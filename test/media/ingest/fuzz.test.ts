import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it, onTestFinished, vi } from 'vitest'
import { ChunkReader } from '../../../media/ingest/chunk-reader.ts'
import { toPacket } from '../../../media/ingest/flv-tags.ts'
import { allPackets, aServer } from './ingest-server.ts'
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

const MiB = 1024 * 1024

function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const good = [
  connectCommand(),
  command('releaseStream', 2, null, 'good-key'),
  command('createStream', 4, null),
  command('publish', 5, null, 'good-key', 'live'),
  setChunkSize(4096),
  message({ type: 5, chunkStream: 2, payload: uint32(100) }),
  message({ type: 4, chunkStream: 2, payload: Buffer.from([0, 6, 0, 0, 0, 1]) }),
  message({ type: 18, payload: encode(['@setDataFrame', 'onMetaData', { encoder: 'test', width: 1 }]) }),
  message({ type: 17, payload: Buffer.concat([Buffer.from([0]), encode(['FCUnpublish', 6, null])]) }),
  message({ type: 9, chunkStream: 6, timestamp: 0x1000000, payload: Buffer.alloc(500, 0x17) }),
  video(40),
  audio(50),
]

/** A conversation with parts left out, repeated, cut, and bytes changed. */
function mutated(random: (below: number) => number): Buffer {
  const parts = Array.from({ length: 1 + random(14) }, (_, n) => {
    const part = Buffer.from(good[random(4) === 0 ? random(good.length) : n % good.length] ?? '')
    for (let times = random(3); times > 0; times--) part[random(part.length)] = random(256)
    return random(10) === 0 ? part.subarray(0, random(part.length)) : part
  })
  return Buffer.concat(
    random(10) === 0 ? [Buffer.from(Array.from({ length: random(4000) }, () => random(256)))] : [HANDSHAKE, ...parts],
  )
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function bytesHeld(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

it('survives 2,000 mutated conversations, with no memory left behind and a publisher undisturbed', async () => {
  const server = await aServer({
    limits: { publishWithinMs: 300, idleMs: 60_000, lingerMs: 20 },
    onPublish: async ({ streamKey }) => {
      if (streamKey === 'steady-key') return { accept: (publisher) => server.publishers.push(publisher) }
      if (streamKey === 'good-key') return { accept: (publisher) => void allPackets(publisher) }
      return { refuse: 'Unknown stream key.', isKeyWrong: false }
    },
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  using steady = new RtmpClient(server.port)
  await steady.connect().publish('steady-key').accepted()
  const [publisher] = server.publishers
  const random = seeded(20_260_101)
  const before = bytesHeld()
  let sent = 0
  const one = async () => {
    while (sent < 2000) {
      const bytes = mutated(random)
      if (sent++ % 10 === 0) steady.send(video(sent))
      using client = new RtmpClient(server.port)
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + random(bytes.length)
        client.send(bytes.subarray(at, at + size))
        at += size
      }
      client.socket.end()
      await client.closed
    }
  }
  await Promise.all(Array.from({ length: 20 }, one))
  await vi.waitFor(() => expect(server.server.connections).toBe(1), 10_000)
  await vi.waitFor(() => expect(bytesHeld() - before).toBeLessThan(8 * MiB), 10_000)
  steady.send(command('FCUnpublish', 5, null, 'steady-key'))
  expect(await allPackets(publisher)).toHaveLength(200)
})

it('reads 20,000 random chunk streams without an endless loop, and throws nothing but a violation', () => {
  const random = seeded(7)
  for (let n = 0; n < 20_000; n++) {
    const reader = new ChunkReader()
    try {
      for (let parts = random(6); parts >= 0; parts--) {
        reader.push(
          random(2)
            ? mutated(random).subarray(HANDSHAKE.length)
            : Buffer.from(Array.from({ length: random(200) }, () => random(256))),
        )
        while (reader.next());
      }
    } catch (error) {
      expect(error).toMatchObject({ name: 'RtmpViolation' })
    }
  }
})

it('makes a packet or none of any media message', () => {
  const random = seeded(3)
  for (let n = 0; n < 20_000; n++) {
    const payload = Buffer.from(Array.from({ length: random(12) }, () => random(256)))
    const packet = toPacket({ type: [8, 9, 15, 18][random(4)] ?? 8, streamId: 1, timestamp: n, payload })
    if (packet) expect(packet.dts).toBe(n)
  }
})
