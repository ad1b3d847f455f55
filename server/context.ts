import { mkdirSync } from 'node:fs'
import type { Agent } from 'node:https'
import { Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import { measureDisk } from '../media/storage/disk-metrics.ts'
import type { ObjectStore } from '../media/storage/object-store.ts'
import { openStore } from '../media/storage/open-store.ts'
import { createRedis } from '../media/storage/redis.ts'
import { Revocations } from '../media/storage/revocations.ts'
import { Passwords } from './accounts/password.ts'
import { Viewers } from './accounts/viewers.ts'
import { driftCounter } from './admin/reconcile-counters.job.ts'
import { Settings } from './admin/settings.ts'
import { openAnalytics } from './analytics/orm.ts'
import { measureBackups } from './backups/metrics.ts'
import { ChannelPages } from './channels/channel-page.ts'
import { StreamKeys } from './channels/stream-key.ts'
import { CatalogCache } from './courses/catalog-cache.ts'
import { measurePool } from './db/metrics.ts'
import { type Orm, openOrm } from './db/orm.ts'
import { RateLimits } from './http/rate-limit.ts'
import { Cookies } from './http/session-cookie.ts'
import { JobMetrics, measureQueues } from './jobs/metrics.ts'
import { Queue } from './jobs/queue.ts'
import { MediaNodes } from './live/media-nodes.ts'
import { createLogger, type Logger } from './logger.ts'
import { createMailer, type Mailer } from './mail/mailer.ts'
import { WebPush } from './notices/web-push.ts'
import { openProviders } from './payments/open-providers.ts'
import type { PaymentProvider, PaymentProviders } from './payments/provider.ts'
import { ProgressBuffer } from './progress/progress-buffer.ts'
import type { RedisClient } from './redis.ts'
import { Playback } from './vod/playback.ts'

/** Everything long-lived of an api or worker process. */
export interface Context extends AsyncDisposable {
  config: Config
  log: Logger
  orm: Orm
  /** Statistics; perhaps of another database, which may be away. */
  analytics: Orm
  redis: RedisClient
  queue: Queue
  store: ObjectStore
  mailer: Mailer
  revocations: Revocations
  playback: Playback
  passwords: Passwords
  viewers: Viewers
  streamKeys: StreamKeys
  cookies: Cookies
  limits: RateLimits
  channelPages: ChannelPages
  catalogCache: CatalogCache
  nodes: MediaNodes
  payments: PaymentProviders
  progress: ProgressBuffer
  settings: Settings
  /** Null without a key pair. */
  push: WebPush | null
  metrics: Registry
}

export interface ContextOptions {
  role: 'api' | 'worker'
  log?: Logger
  /** Multiplies every rate limit. */
  limitFactor?: number
  /** Instead of those that the configuration names. */
  providers?: readonly PaymentProvider[]
  /** Instead of one that reaches push services alone. */
  pushAgent?: Agent
  /** How old a channel page may be, milliseconds. */
  pageMs?: number
}

/** Built once, disposed in reverse. Redis need not be there; PostgreSQL must. */
export async function createContext(config: Config, options: ContextOptions): Promise<Context> {
  await using stack = new AsyncDisposableStack()
  const log = options.log ?? createLogger(options.role, config.logLevel)
  const orm = await openOrm(config.database.url)
  stack.defer(() => orm.close(true))
  const analytics = await openAnalytics(config.analytics.url)
  stack.defer(() => analytics.close(true))
  if (config.store.kind === 'disk') mkdirSync(config.store.directory, { recursive: true })
  const redis = createRedis(config.redis.url, log)
  stack.defer(() => redis.destroy())
  // Comes back by itself for as long as it takes; nobody waits for it.
  redis.connect().catch((error) => log.warn({ error }, 'Redis is not there yet'))
  const revocations = stack.use(new Revocations(redis, log))
  const metrics = new Registry()
  const catalogCache = stack.use(new CatalogCache(redis, log, metrics))
  catalogCache.start()
  measureQueues(metrics, orm)
  measurePool(metrics, orm)
  driftCounter(metrics)
  measureDisk(metrics, config.dataDir)
  const role = options.role === 'worker' ? 'works' : 'adds'
  const queue = stack.use(new Queue(config.database.url, log, role, new JobMetrics(metrics)))
  const store = openStore(config.store, config.storeBefore)
  if (options.role === 'worker') measureBackups(metrics, store)
  const settings = stack.use(new Settings(orm, redis, log))
  await Promise.all([queue.start(), revocations.start(), settings.start()])
  const { secrets } = config
  const push = config.push && stack.use(new WebPush(config.push, options.pushAgent))
  const owned = stack.move()
  return {
    config,
    log,
    orm,
    analytics,
    redis,
    queue,
    store,
    mailer: createMailer(config.mail),
    revocations,
    playback: new Playback(secrets.token, revocations),
    passwords: new Passwords(),
    viewers: new Viewers(orm, redis),
    streamKeys: new StreamKeys(secrets.streamKey),
    cookies: new Cookies(config.publicUrl, secrets.token),
    limits: new RateLimits(redis, options.limitFactor),
    channelPages: new ChannelPages(orm, redis, options.pageMs),
    catalogCache,
    nodes: new MediaNodes(secrets.internal, log),
    payments: openProviders(config, orm, options.providers),
    progress: new ProgressBuffer(redis),
    settings,
    push,
    metrics,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
