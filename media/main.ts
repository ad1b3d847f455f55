import { once } from 'node:events'
import { type Config, loadConfig } from '../config/config.ts'
import type { MediaContext } from './context.ts'
import { createHostClient } from './host-client.ts'
import { startRtmpServer } from './ingest/rtmp-server.ts'
import { warmUp } from './ladder/transcoder.ts'
import { createLogger } from './logger.ts'
import { createMetrics } from './metrics.ts'
import { startHlsServer } from './packager/hls-server.ts'
import { Sessions } from './sessions.ts'
import { openStore } from './storage/open-store.ts'
import { createRedis } from './storage/redis.ts'
import { Revocations } from './storage/revocations.ts'

const RETURN_WITHIN_MS = 30_000

/**
 * RTMP in, LL-HLS out, archived while it runs. A signal leaves running shows as a crash would, with nothing missing:
 * the next process takes them up when their publishers return.
 */
async function main(config: Config): Promise<void> {
  const logger = createLogger('media', config.logLevel)
  await using stack = new AsyncDisposableStack()
  const signal = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])

  const redis = createRedis(config.redis.url, logger)
  stack.defer(() => redis.destroy())
  // Shows go on without Redis: it comes when it comes.
  void redis.connect().catch(() => {})
  const revocations = stack.use(new Revocations(redis, logger))
  await revocations.start()

  const hls = stack.use(
    await startHlsServer({
      listen: config.listen,
      tokenSecret: config.secrets.token,
      internalSecret: config.secrets.internal,
      nodeName: config.nodeName,
      isRevoked: (token) => revocations.isRevoked(token),
      readRecording: async (recording, path) => sessions.readRecording(recording, path),
      endBroadcast: async (broadcast) => sessions.end(broadcast),
      metrics: async () => metrics.metrics(),
    }),
  )
  const context: MediaContext = {
    config,
    logger,
    host: createHostClient({ url: config.apiUrl, secret: config.secrets.internal }),
    store: openStore(config.store, config.storeBefore),
    hls,
    async publishHealth(broadcast, json, keptMs) {
      if (redis.isReady) await redis.set(`live:${broadcast}`, json, { PX: keptMs })
    },
    returnWithinMs: RETURN_WITHIN_MS,
    now: Date.now,
  }
  await warmUp()
  const sessions = stack.use(new Sessions(context))
  await sessions.start()

  const rtmp = stack.use(
    await startRtmpServer({
      port: config.ingest.port,
      ...(config.host ? { host: config.host } : {}),
      tls: config.ingest.tls,
      logger: createLogger('ingest', config.logLevel),
      onPublish: (request) => sessions.decide(request),
    }),
  )
  const metrics = createMetrics({ sessions, rtmp, hls, config })

  logger.info({ rtmpPort: rtmp.port, hls: hls.address }, 'media is ready')
  process.send?.('ready')
  const [cause] = await signal
  logger.info({ signal: cause }, 'draining')
}

await main(loadConfig())
