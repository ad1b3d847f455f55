import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { MediaPacket } from '../../../media/ingest/publisher.ts'
import { RtmpConnection } from '../../../media/ingest/rtmp-connection.ts'
import { DEFAULT_LIMITS } from '../../../media/ingest/rtmp-guard.ts'
import { noMetrics } from '../../../media/ingest/rtmp-metrics.ts'
import { type RtmpServerOptions, startRtmpServer } from '../../../media/ingest/rtmp-server.ts'
import { TlsContext } from '../../../media/ingest/tls-context.ts'
import { publish } from './ffmpeg-publisher.ts'
import { allPackets, aServer as startServer } from './ingest-server.ts'
import { HANDSHAKE, RtmpClient } from './rtmp-client.ts'

const certificates = join(import.meta.dirname, '../../fixtures/certificates')
const tls = { certFile: join(certificates, 'first.cert.pem'), keyFile: join(certificates, 'first.key.pem') }

async function aServer(options: Partial<RtmpServerOptions> = {}) {
  const received: Promise<MediaPacket[]>[] = []
  const server = await startServer({
    ...options,
    onPublish: async ({ streamKey }) => {
      if (streamKey !== 'good-key') return { refuse: 'Unknown stream key.' }
      return {
        accept: (publisher) => {
          server.publishers.push(publisher)
          received.push(allPackets(publisher))
        },
      }
    },
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { ...server, url: `rtmp://127.0.0.1:${server.port}/live/good-key`, received }
}

const framesOf = (packets: MediaPacket[] | undefined, kind: MediaPacket['kind']) =>
  (packets ?? []).filter((packet) => packet.kind === kind && !packet.isHeader)

describe('ffmpeg as publisher', () => {
  it('is received whole and in order, headers first, and has stopped when it ends', async () => {
    const { url, received, publishers, server } = await aServer()
    expect(await publish(url)).toEqual({ code: 0, said: '' })
    const packets = await received[0]
    const [video, audio] = [framesOf(packets, 'video'), framesOf(packets, 'audio')]
    expect(video).toHaveLength(30)
    expect(video.filter(({ isKeyframe }) => isKeyframe)).toHaveLength(1)
    expect(audio.length).toBeGreaterThan(40)
    expect(packets?.filter(({ isHeader }) => isHeader).map(({ kind }) => kind)).toEqual(['video', 'audio'])
    expect(video.map(({ dts }) => dts)).toEqual(video.map(({ dts }) => dts).toSorted((a, b) => a - b))
    expect(publishers[0]).toMatchObject({ address: '127.0.0.1', hasStopped: true })
    expect(publishers[0]?.encoder).toMatch(/^Lavf/)
    await vi.waitFor(() => expect(server.connections).toBe(0))
    expect(server.metrics).toMatchObject({ connections: 1, publishes: 1, violations: 0, refusals: 0 })
  })

  it('sends composition times with B-frames', async () => {
    const { url, received } = await aServer()
    await publish(url, { args: ['-preset', 'veryfast', '-bf', '2'] })
    const video = framesOf(await received[0], 'video')
    expect(video.some(({ dts, pts }) => pts > dts)).toBe(true)
    const presented = video.map(({ pts }) => pts).toSorted((a, b) => a - b)
    expect(new Set(presented).size).toBe(video.length)
  })

  it('crosses the extended time stamps of 0xffffff ms with frames of many chunks', async () => {
    const { url, received, server } = await aServer()
    const args = ['-s', '960x540', '-qp', '0', '-g', '5']
    expect(await publish(url, { args, output: ['-output_ts_offset', '16776.7'] })).toEqual({ code: 0, said: '' })
    const video = framesOf(await received[0], 'video')
    expect(video).toHaveLength(30)
    expect(video[0]?.dts).toBeLessThan(0xffffff)
    expect(video.at(-1)?.dts).toBeGreaterThan(0xffffff)
    expect(video.every(({ dts }, n) => n === 0 || dts - (video[n - 1]?.dts ?? 0) < 40)).toBe(true)
    // More than one chunk of 64 KiB, so that a bare header with an extended time stamp came too.
    expect(Math.max(...video.filter(({ dts }) => dts > 0xffffff).map(({ data }) => data.length))).toBeGreaterThan(
      65_535,
    )
    expect(server.metrics.violations).toBe(0)
  })

  it('prints why its key is refused', async () => {
    const { port } = await aServer()
    const { code, said } = await publish(`rtmp://127.0.0.1:${port}/live/bad-key`)
    expect(code).not.toBe(0)
    expect(said).toContain('Server error: Unknown stream key.')
  })

  it('prints that its address has a folder too many', async () => {
    const { port, requests } = await aServer()
    const { said } = await publish(`rtmp://127.0.0.1:${port}/live/good-key/more`)
    expect(said).toContain('Server error: Check the server address')
    expect(requests).toEqual([])
  })

  it('prints why it is disconnected in mid-show', async () => {
    const { url, publishers } = await aServer({ limits: DEFAULT_LIMITS })
    const done = publish(url, { seconds: 600, isRealTime: true })
    await vi.waitFor(() => expect(publishers).toHaveLength(1), 10_000)
    publishers[0]?.disconnect('The stream key was rotated.')
    const { code, said } = await done
    expect(code).not.toBe(0)
    expect(said).toContain('The stream key was rotated.')
    expect(publishers[0]?.hasStopped).toBe(false)
  })

  it.each([
    ['audio only', ['-vn'], 0, 1],
    ['video only', ['-an'], 1, 0],
  ])('may send %s', async (_, args, hasVideo, hasAudio) => {
    const { url, received } = await aServer()
    await publish(url, { args })
    const packets = await received[0]
    expect(Math.sign(framesOf(packets, 'video').length)).toBe(hasVideo)
    expect(Math.sign(framesOf(packets, 'audio').length)).toBe(hasAudio)
  })
})

describe('RTMPS', () => {
  it('shares the port with RTMP from this machine', async () => {
    const { url, received, publishers, server } = await aServer({ tls })
    expect(await publish(url.replace('rtmp://', 'rtmps://'))).toEqual({ code: 0, said: '' })
    expect(await publish(url)).toEqual({ code: 0, said: '' })
    for (const packets of await Promise.all(received)) expect(framesOf(packets, 'video')).toHaveLength(30)
    expect(publishers.map(({ hasStopped }) => hasStopped)).toEqual([true, true])
    await vi.waitFor(() => expect(server.connections).toBe(0))
  })

  it('ends a connection that is silent before or within its TLS handshake', async () => {
    const { port, server } = await aServer({ tls, limits: { publishWithinMs: 100 } })
    using silent = new RtmpClient(port)
    using halfway = new RtmpClient(port)
    halfway.send(Buffer.from([0x16, 3, 1, 2, 0, 1]))
    await Promise.all([silent.closed, halfway.closed])
    await vi.waitFor(() => expect(server.connections).toBe(0))
  })

  it('survives what is neither TLS nor RTMP', async () => {
    const { port, server, url } = await aServer({ tls })
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(3000, 0x16), Buffer.alloc(3000, 0xff)]) {
      using client = new RtmpClient(port)
      client.send(bytes)
      await client.closed
    }
    await vi.waitFor(() => expect(server.connections).toBe(0))
    expect(await publish(url)).toEqual({ code: 0, said: '' })
  })

  it('is demanded of others before they send their key', async () => {
    const listener = createServer((socket) => {
      new RtmpConnection(socket, {
        address: '192.0.2.7',
        limits: { ...DEFAULT_LIMITS, lingerMs: 100 },
        logger: pino({ level: 'silent' }),
        metrics: noMetrics(),
        refusal: 'Use rtmps://.',
        acceptsEnhanced: false,
        decide: () => Promise.reject(new Error('must not be asked')),
      })
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void listener.close())
    await once(listener, 'listening')
    using client = new RtmpClient((listener.address() as { port: number }).port)
    client.connect().publish('good-key')
    expect(await client.answer('_error')).toMatchObject({ description: 'Use rtmps://.' })
    await client.closed
  })

  it('reads a renewed certificate, and keeps the old one when the new one cannot be used', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ustat-tls-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const files = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') }
    const install = (name: string, part: 'cert' | 'key', at: number) => {
      const target = part === 'cert' ? files.certFile : files.keyFile
      cpSync(join(certificates, `${name}.${part}.pem`), target)
      utimesSync(target, at, at)
    }
    install('first', 'cert', 1000)
    install('first', 'key', 1000)
    const context = new TlsContext(files, pino({ level: 'silent' }), 0)
    const first = context.current(0)
    install('second', 'cert', 2000)
    expect(context.current(59_000)).toBe(first)
    // Certificate and key do not fit together yet.
    expect(context.current(61_000)).toBe(first)
    install('second', 'key', 2000)
    expect(context.current(130_000)).not.toBe(first)
  })

  it('shows the configured certificate', async () => {
    const { port } = await aServer({ tls })
    const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    onTestFinished(() => void socket.destroy())
    await once(socket, 'secureConnect')
    expect(socket.getPeerCertificate().subject.CN).toBe('first.ustat.test')
    socket.write(HANDSHAKE)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer[0]).toBe(3)
  })

  it('does not start without its certificate', async () => {
    const missing = { certFile: '/nowhere.pem', keyFile: '/nowhere.pem' }
    await expect(startServer({ tls: missing })).rejects.toThrow('/nowhere.pem')
  })
})

it('does not start on a port that is taken', async () => {
  const { port } = await aServer()
  const logger = pino({ level: 'silent' })
  const starting = startRtmpServer({
    port,
    host: '127.0.0.1',
    tls: null,
    logger,
    onPublish: async () => ({ refuse: '' }),
  })
  await expect(starting).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
