import { once } from 'node:events'
import { type Config, loadConfig } from '../config/config.ts'
import { createApp } from './app.ts'
import { StreamKeys } from './channels/stream-key.ts'
import { createContext } from './context.ts'
import { migrateDatabase } from './db/migrate.ts'
import { openOrm } from './db/orm.ts'
import { makeDemo } from './demo.ts'
import { startJobs } from './jobs/schedule.ts'
import { listen } from './listen.ts'
import { createLogger } from './logger.ts'

/** role → config → context → listen → wait for a signal → dispose */
const roles: Record<string, (config: Config, stop: AbortSignal) => Promise<void>> = { api, worker, chat, migrate }

const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort())
// The launcher is gone without a word: nobody is left to stop us.
process.on('disconnect', () => stopping.abort())

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
  await using context = await createContext(config, { role: 'api' })
  await using _server = await listen(config.listen, createApp(context).callback())
  await untilStopped(stop)
}

/** Serves health and metrics beside its jobs. */
async function worker(config: Config, stop: AbortSignal): Promise<void> {
  await using context = await createContext(config, { role: 'worker' })
  using _jobs = await startJobs(context)
  await using _server = await listen(config.listen, (request, response) => {
    response.writeHead(request.url === '/healthz' ? 200 : 404, { 'content-type': 'application/json' })
    response.end(request.url === '/healthz' ? '{"status":"ok"}' : '{}')
  })
  await untilStopped(stop)
}

async function chat(config: Config, stop: AbortSignal): Promise<void> {
  await using _server = await listen(config.listen, (request, response) => {
    response.writeHead(request.url === '/healthz' ? 200 : 404, { 'content-type': 'application/json' })
    response.end(request.url === '/healthz' ? '{"status":"ok"}' : '{}')
  })
  await untilStopped(stop)
}

/** Brings the database to this version, and is run before any other role. */
async function migrate(config: Config): Promise<void> {
  const log = createLogger('migrate', config.logLevel)
  const orm = await openOrm(config.database.url)
  try {
    const migrations = await migrateDatabase(orm, config.database.url)
    if (config.isDemo) await makeDemo(orm.em.fork(), new StreamKeys(config.secrets.streamKey))
    log.info({ migrations }, 'the database is ready')
  } finally {
    await orm.close(true)
  }
}

async function untilStopped(stop: AbortSignal): Promise<void> {
  process.send?.('ready')
  if (!stop.aborted) await once(stop, 'abort')
}
