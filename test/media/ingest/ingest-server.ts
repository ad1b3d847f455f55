import { pino } from 'pino'
import type { MediaPacket, PublishDecision, Publisher, PublishRequest } from '../../../media/ingest/publisher.ts'
import { type RtmpServer, type RtmpServerOptions, startRtmpServer } from '../../../media/ingest/rtmp-server.ts'

export interface TestServer extends AsyncDisposable {
  server: RtmpServer
  port: number
  /** What the platform was asked. */
  requests: PublishRequest[]
  publishers: Publisher[]
  /** Every line logged. */
  log(): string
}

/** An RTMP listener that knows one key. */
export async function aServer({
  key = 'good-key',
  ...options
}: Partial<RtmpServerOptions> & { key?: string } = {}): Promise<TestServer> {
  const lines: string[] = []
  const requests: PublishRequest[] = []
  const publishers: Publisher[] = []
  const known = async (request: PublishRequest): Promise<PublishDecision> => {
    if (request.streamKey !== key) return { refuse: 'Unknown stream key.' }
    return { accept: (publisher) => publishers.push(publisher) }
  }
  const { onPublish = known } = options
  const server = await startRtmpServer({
    port: 0,
    host: '127.0.0.1',
    tls: null,
    logger: pino({ level: 'trace' }, { write: (line) => lines.push(line) }),
    ...options,
    limits: { lingerMs: 200, ...options.limits },
    onPublish: (request) => {
      requests.push(request)
      return onPublish(request)
    },
  })
  return {
    server,
    port: server.port,
    requests,
    publishers,
    log: () => lines.join(''),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

export async function allPackets(publisher: Publisher | undefined): Promise<MediaPacket[]> {
  const packets: MediaPacket[] = []
  if (publisher) for await (const packet of publisher.packets) packets.push(packet)
  return packets
}
