import { once } from 'node:events'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { createRedis } from '../../../media/storage/redis.ts'
import type { ChatHost } from '../../../server/chat/host.ts'
import { startHub } from '../../../server/chat/hub.ts'
import { ranks } from '../../../server/chat/protocol.ts'
import { createLogger } from '../../../server/logger.ts'

/**
 * The hub as it runs in production, beside a platform where everybody may write without limits and ten thousand people may come from
 * one address. Arguments: where it listens, Redis, secret.
 */
const [listen = '', redisUrl = '', ticketSecret = ''] = process.argv.slice(2)
const everybody = { rank: ranks.moderator, modes: ['all' as const] }
const host: ChatHost = {
  rules: async () => ({
    blockedTerms: [],
    emotes: [],
    settings: { slow: 0, mode: 'all', frozen: false, notices: 'moderators', emotes: 0 },
    bans: [],
  }),
  place: async () => everybody,
  present: async () => ({ people: [], guests: 0 }),
}
const log = createLogger('chat', 'warn')
const redis = createRedis(redisUrl, log)
redis.connect().catch(() => {})
const metrics = new Registry()
collectDefaultMetrics({ register: metrics })
const hub = await startHub({
  ...{ listen, publicUrl: 'http://ustat.test', allowedHosts: [], ticketSecret, redis, host, log, metrics },
  revocations: { issuedBefore: () => 0 },
  limits: { guestsPerAddress: 50_000, socketsPerAddress: 50_000 },
})
await once(process, 'SIGTERM')
await hub[Symbol.asyncDispose]()
process.exit(0)
