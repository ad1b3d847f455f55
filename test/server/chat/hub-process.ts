import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { createRedis } from '../../../media/storage/redis.ts'
import { type HubOptions, startHub } from '../../../server/chat/hub.ts'
import type { Rank } from '../../../server/chat/protocol.ts'
import { FakeHost, SECRET } from './fake-host.ts'

/** What a hub in a process of its own is told, as JSON. */
export interface HubProcessOptions extends Partial<Pick<HubOptions, 'limits' | 'timing' | 'listen'>> {
  redisUrl: string
  usualRank: Rank
}

const { redisUrl, usualRank, ...options } = JSON.parse(process.argv[2] ?? '') as HubProcessOptions
const host = new FakeHost()
host.usualRank = usualRank
const log = { warn() {}, info() {} }
const redis = createRedis(redisUrl, log)
const metrics = new Registry()
collectDefaultMetrics({ register: metrics })
// As in production it starts without Redis, too.
await Promise.race([redis.connect().catch(() => {}), delay(500)])
const hub = await startHub({
  ...{ listen: '127.0.0.1:0', publicUrl: 'http://ustat.test', allowedHosts: [], ticketSecret: SECRET },
  ...{ redis, host, log, metrics, maxLoopLagMs: 60_000, revocations: { issuedBefore: () => 0 } },
  limits: { socketsPerAccount: 1000, guestsPerAddress: 10_000, socketsPerAddress: 10_000, upgradesPerSecond: 10_000 },
  ...options,
})
process.send?.(hub.address)
await once(process, 'SIGTERM')
await hub[Symbol.asyncDispose]()
redis.destroy()
process.exit(0)
