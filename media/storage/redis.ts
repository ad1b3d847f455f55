import { createClient } from 'redis'
import type { RedisClient } from './revocations.ts'

interface Log {
  info(message: string): void
  warn(fields: object, message: string): void
}

/**
 * A client that fails fast and comes back by itself: what Redis holds may be rebuilt, so nobody waits for it.
 * A command that was written to a Redis that hangs is given up with its socket after about 3 s.
 */
export function createRedis(url: string, log: Log): RedisClient {
  const client = createClient({
    url,
    socket: {
      connectTimeout: 2000,
      socketTimeout: 2500,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1000) * (0.75 + Math.random() / 2),
    },
    pingInterval: 1000,
    disableOfflineQueue: true,
    commandOptions: { timeout: 1000 },
  }) as RedisClient
  let isDown = false
  client.on('error', (error) => {
    if (!isDown) log.warn({ error }, 'Redis is away')
    isDown = true
  })
  client.on('ready', () => {
    if (isDown) log.info('Redis is back')
    isDown = false
  })
  return client
}
