import { once } from 'node:events'
import { type Config, loadConfig } from '../config/config.ts'
import { listen } from './listen.ts'
import { createLogger } from './logger.ts'

/**
 * role → config → context → listen → wait for a signal → dispose
 *
 * Each role loads only what it needs: a chat hub without the database's mapper is a third of the size.
 */
const roles: Record<string, (config: Config, stop: AbortSignal) => Promise<void>> = { api, worker, chat, migrate }

const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort())
// The launcher is gone without a word: nobody is left to stop us.
process.on('disconnect', () => stopping.abort())

/** A room says who comes and who goes while no more than these are there. */
const ANNOUNCED_CROWD = 50

const role = roles[process.argv[2] ?? '']
if (!role) {
  process.stderr.write(`Say what to run: ${Object.keys(roles).join(', ')}.\n`)
  process.exit(1)
}
try {
  await role(loadConfig(), stopping.signal)
  process.exit(0)
} catch (error) {
  createLogger(process.argv[2] ?? 'server', 'error').fatal({ error }, 'stopped')
  process.exit(1)
}

async function api(config: Config, stop: AbortSignal): Promise<void> {
  const [{ createApp }, { createContext }] = await Promise.all([import('./app.ts'), import('./context.ts')])
  await using context = await createContext(config, { role: 'api' })
  await using _server = await listen(config.listen, createApp(context).callback())
  await untilStopped(stop)
}

/** Serves its health and metrics beside its jobs. */
async function worker(config: Config, stop: AbortSignal): Promise<void> {
  const [{ createContext }, { startJobs }, { healthApp }, { ChatKeeper }] = await Promise.all([
    import('./context.ts'),
    import('./jobs/schedule.ts'),
    import('./http/health.ts'),
    import('./chat/persist-messages.ts'),
  ])
  await using context = await createContext(config, { role: 'worker' })
  using _jobs = await startJobs(context)
  await using _keeper = new ChatKeeper(context.orm, context.redis, context.log, context.metrics)
  await using _server = await listen(config.listen, healthApp(context).callback())
  await untilStopped(stop)
}

/** A hub of the chat: no database, so it stays small and starts quickly. */
async function chat(config: Config, stop: AbortSignal): Promise<void> {
  const [{ startHub }, { HttpChatHost }, { createRedis }, { Revocations }, { Registry, collectDefaultMetrics }] =
    await Promise.all([
      import('./chat/hub.ts'),
      import('./chat/host-client.ts'),
      import('../media/storage/redis.ts'),
      import('../media/storage/revocations.ts'),
      import('prom-client'),
    ])
  const log = createLogger('chat', config.logLevel)
  await using stack = new AsyncDisposableStack()
  const redis = createRedis(config.redis.url, log)
  stack.defer(() => redis.destroy())
  redis.connect().catch((error) => log.warn({ error }, 'Redis is not there yet'))
  const revocations = stack.use(new Revocations(redis, log))
  await revocations.start()
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })
  stack.use(
    await startHub({
      listen: config.listen,
      publicUrl: config.publicUrl,
      allowedHosts: config.allowedHosts,
      ticketSecret: config.secrets.jwt,
      redis,
      host: new HttpChatHost(config.apiUrl, config.secrets.internal),
      revocations,
      log,
      metrics,
      limits: config.chat.limits,
      announceUpTo: ANNOUNCED_CROWD,
    }),
  )
  await untilStopped(stop)
}

/** Brings the database to this version, and is run before any other role. */
async function migrate(config: Config): Promise<void> {
  const [{ openOrm }, { migrateDatabase }, { migrateStatistics }] = await Promise.all([
    import('./db/orm.ts'),
    import('./db/migrate.ts'),
    import('./analytics/orm.ts'),
  ])
  const log = createLogger('migrate', config.logLevel)
  const orm = await openOrm(config.database.url)
  try {
    const migrations = await migrateDatabase(orm, config.database.url)
    migrations.push(...(await migrateStatistics(config, log)))
    log.info({ migrations }, 'the database is ready')
  } finally {
    await orm.close(true)
  }
  if (!config.isDemo) return
  const [{ createContext }, { makeDemo }] = await Promise.all([import('./context.ts'), import('./demo.ts')])
  await using context = await createContext(config, { role: 'api', log })
  await makeDemo(context)
}

async function untilStopped(stop: AbortSignal): Promise<void> {
  process.send?.('ready')
  if (!stop.aborted) await once(stop, 'abort')
}
