import { createClient } from 'redis'
import type { RedisClient } from './revocations.ts'

/** Milliseconds that a Redis may take to answer, and how often it is asked. */
const PATIENCE_MS = 2500
const ASK_MS = 500

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
      socketTimeout: PATIENCE_MS,
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
  client.once('ready', () => watch(client))
  return client
}

/** The socket's own timeout sees a write as a sign of life: whoever keeps writing to a Redis that hangs would wait for ever. */
function watch(client: RedisClient): void {
  // Looks, not milliseconds: a process that was busy itself for long has made one look in that time.
  let unanswered = 0
  const answered = () => {
    unanswered = 0
  }
  const timer = setInterval(() => {
    if (!client.isOpen) return clearInterval(timer)
    if (!client.isReady) return answered()
    unanswered += 1
    if (unanswered === 1) client.ping().then(answered, answered)
    if (unanswered <= PATIENCE_MS / ASK_MS) return
    answered()
    client.emit('error', new Error('Redis does not answer'))
    client.destroy()
    client.connect().catch(() => {})
  }, ASK_MS)
  timer.unref()
}
