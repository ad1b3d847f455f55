import { type CrowdOptions, type CrowdVerdict, compileCrowd, runCrowd } from './chat-crowd.ts'
import {
  type ChatServer,
  type ChatStage,
  startBareUws,
  startChannels,
  startChatHub,
  startChatStage,
  startSocketIo,
} from './chat-servers.ts'
import { atLeast, atMost, type BenchOptions, type Figure, type Scenario } from './scenario.ts'

interface Row {
  connections: number
  perSecond: number
  /** Of ours, milliseconds. */
  p99: number
  peers: readonly (keyof typeof peers)[]
}

const peers = {
  'Socket.IO': { protocol: 'socketio', start: startSocketIo },
  'Django Channels': { protocol: 'plain', start: startChannels },
  'bare uWebSockets.js': { protocol: 'plain', start: startBareUws },
} as const

const rows: readonly Row[] = [
  { connections: 1000, perSecond: 10, p99: 20, peers: ['Socket.IO', 'Django Channels'] },
  { connections: 2000, perSecond: 40, p99: 50, peers: ['Socket.IO'] },
  { connections: 5000, perSecond: 40, p99: 100, peers: ['bare uWebSockets.js'] },
  { connections: 10_000, perSecond: 20, p99: 250, peers: [] },
]

/**
 * A room as a crowd sees it: one server process on one core, Redis and the crowd on the other. Bare uWebSockets.js says what the
 * crowd itself can take.
 */
export const chat: Scenario = {
  about:
    'one room, one server process: 1,000 to 10,000 viewers, beside Socket.IO, Django Channels and bare uWebSockets.js',
  async run(options) {
    const figures: Figure[] = []
    await using stage = await startChatStage()
    compileCrowd(stage.directory)
    const seconds = Math.max(5, Math.min(options.seconds / 3, 20))
    for (const row of rows) {
      const name = `${row.connections.toLocaleString('en')} × ${row.perSecond} 1/s`
      figures.push(...(await ours(stage, row, name, seconds, options)))
      if (options.isAlone) continue
      for (const system of row.peers) figures.push(...(await peer(stage, system, row, name, seconds, options)))
    }
    return figures
  },
}

async function ours(
  stage: ChatStage,
  row: Row,
  name: string,
  seconds: number,
  { say }: BenchOptions,
): Promise<Figure[]> {
  say(`Ustat: ${name}`)
  await using hub = await startChatHub(stage)
  const crowd: CrowdOptions = {
    ...{ protocol: 'chat', targets: [hub.target], secret: stage.secret, directory: stage.directory },
    ...{ connections: row.connections, perSecond: row.perSecond, seconds },
  }
  const [seen, share] = await measured(hub, () => runCrowd(crowd))
  say(`  p99 ${seen.p99} ms; ${noteOf(seen, share)}`)
  const wrong = seen.lost + seen.doubled + seen.reordered
  const figures: Figure[] = [
    {
      ...{ system: 'Ustat', what: `${name}, p99`, value: seen.p99, unit: 'ms', goal: atMost(seen.p99, row.p99, 'ms') },
      note: noteOf(seen, share),
    },
    {
      ...{ system: 'Ustat', what: `${name}, lost, doubled or reordered`, value: wrong, unit: '' },
      goal: atMost(wrong, 0, ''),
    },
  ]
  if (row.connections === 5000) {
    const rate = seen.delivered / seen.seconds
    figures.push({
      ...{ system: 'Ustat', what: `${name}, deliveries`, value: rate, unit: '1/s' },
      goal: atLeast(rate, 0.99 * row.connections * row.perSecond, '1/s'),
    })
  }
  return figures
}

async function peer(
  stage: ChatStage,
  system: keyof typeof peers,
  { connections, perSecond }: Row,
  name: string,
  seconds: number,
  { say }: BenchOptions,
): Promise<Figure[]> {
  say(`${system}: ${name}`)
  const { protocol, start } = peers[system]
  await using server = await start(stage)
  const [seen, share] = await measured(server, () =>
    runCrowd({
      ...{ protocol, targets: [server.target], secret: null, directory: stage.directory },
      ...{ connections, perSecond, seconds, connectsPerSecond: 100 },
    }),
  )
  say(`  p99 ${seen.p99} ms; ${noteOf(seen, share)}`)
  return [{ system, what: `${name}, p99`, value: seen.p99, unit: 'ms', note: noteOf(seen, share) }]
}

/** What was seen, and how much of a core the server took meanwhile. */
async function measured(server: ChatServer, run: () => Promise<CrowdVerdict>): Promise<[CrowdVerdict, number]> {
  const [from, at] = [server.cpuSeconds(), performance.now()]
  const seen = await run()
  return [seen, (server.cpuSeconds() - from) / ((performance.now() - at) / 1000)]
}

function noteOf({ delivered, seconds, p50, max, cpu, lost, counted }: CrowdVerdict, share: number): string {
  const rate = Math.round(delivered / seconds).toLocaleString('en')
  const missing =
    lost > 0 ? `, ${lost.toLocaleString('en')} deliveries lost of ${counted.toLocaleString('en')} messages` : ''
  const own = Math.round((100 * cpu) / seconds)
  return `${rate} 1/s, p50 ${p50}, max ${max}${missing}; server ${Math.round(100 * share)} %, crowd ${own} % of a core`
}
