import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Config, loadConfig } from '../config.ts'
import { claimDataDir, logFile, wasLeftInHaste } from './data-dir.ts'
import { startNginx } from './nginx.ts'
import { requireFreePorts } from './ports.ts'
import { ensureDatabase, startPostgres } from './postgres.ts'
import { ManagedProcess, ProcessError, run } from './processes.ts'
import { startRedis } from './redis.ts'
import { keepEnvironment } from './running.ts'
import { findSecrets, secretNames } from './secrets.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Long enough for media to close what is live. */
const STOP_TIMEOUT_MS = 30_000

export interface PlatformOptions {
  /** Where the pages come from: built, or Vite's address. */
  pages: { directory: string } | { url: string }
  /** Processes start again when their sources change. */
  isWatched?: boolean
  /** Told what happens, a line each; lines of our processes begin with their name. */
  print(line: string): void
}

/**
 * Starts all there is, in order, on this machine, and returns the configuration that it runs with:
 *
 *   PostgreSQL, Redis ──▶ migrations ──▶ nginx ──▶ api, worker, chat, media
 *
 * What `env` names (DATABASE_URL, REDIS_URL, S3_*) is used instead of a service of ours. Disposing `stack` stops them
 * the other way round: media first, while the api still takes its reports and viewers their last segments.
 *
 * @throws {ConfigError | ProcessError} in one sentence; disposing the stack stops what had been started
 */
export async function startPlatform(
  environment: NodeJS.ProcessEnv,
  { pages, isWatched = false, print }: PlatformOptions,
  stack: AsyncDisposableStack,
): Promise<Config> {
  const dataDir = resolve(environment.DATA_DIR || './data')
  // Read once with stand-ins for what is not known yet, so that a bad value stops us before anything is started.
  const early = loadConfig({ ...standIns(), ...withoutBlanks(environment), DATA_DIR: dataDir })
  const patienceMs = wasLeftInHaste(dataDir) ? STOP_TIMEOUT_MS : 0
  await requireFreePorts({ PORT: early.port, RTMP_PORT: early.ingest.port }, early.host, patienceMs)
  claimDataDir(dataDir, stack)
  const secrets = findSecrets(environment, join(dataDir, 'secrets.json'))

  // Sockets have short paths in a directory of their own: theirs end at 107 bytes.
  const sockets = mkdtempSync(join(tmpdir(), 'ustat-'))
  chmodSync(sockets, 0o711)
  stack.defer(() => rmSync(sockets, { recursive: true, force: true }))
  const socket = (name: string) => join(sockets, `${name}.sock`)

  const hubs = Array.from({ length: early.chat.hubs }, (_, i) => `chat-${i + 1}`)

  const [databaseUrl, redisUrl] = await Promise.all([
    environment.DATABASE_URL || startOwnPostgres(dataDir, sockets, print, stack),
    environment.REDIS_URL ||
      startRedis(
        {
          dataDir: join(dataDir, 'redis'),
          socket: socket('redis'),
          logFile: logFile(dataDir, 'redis'),
          report: print,
        },
        stack,
      ),
  ])

  const env: NodeJS.ProcessEnv = {
    ...environment,
    ...secrets,
    DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    PUBLIC_URL: early.publicUrl,
    API_URL: `unix:${socket('api')}`,
    MEDIA_URL: `unix:${socket('media')}`,
    CHAT_URL: hubs.map((name) => `unix:${socket(name)}`).join(','),
    MEDIA_NODES: '',
    LISTEN: socket('api'),
    DEMO: environment.DEMO || (environment.DATABASE_URL ? '0' : '1'),
  }
  const config = loadConfig(env)
  for (const name of ['store', 'spool']) mkdirSync(join(dataDir, name), { recursive: true, mode: 0o700 })
  await migrate(env)
  keepEnvironment(dataDir, env, stack)

  const ours = (name: string, ...command: string[]) =>
    new ManagedProcess(
      {
        name,
        command: [process.execPath, ...(isWatched ? ['--watch', '--watch-preserve-output'] : []), ...command],
        env: { ...env, LISTEN: socket(name) },
        cwd: root,
        socket: socket(name),
        readiness: 'message',
        output: (line) => print(`${name.padEnd(6)} │ ${line}`),
        stopTimeoutMs: STOP_TIMEOUT_MS,
      },
      print,
    )
  const serverAs = (role: string, name = role) => ours(name, 'server/main.ts', role)
  await startNginx(
    {
      directory: join(dataDir, 'nginx'),
      host: config.host,
      port: config.port,
      tls: config.ingest.tls,
      upstreams: config.upstreams,
      pages,
      store: config.store,
      storeBefore: config.storeBefore,
      accessLog: logFile(dataDir, 'access'),
      chatSocketsPerAddress: config.chat.limits.socketsPerAddress,
    },
    { logFile: logFile(dataDir, 'nginx'), report: print },
    stack,
  )
  const [api, worker, ...chat] = [serverAs('api'), serverAs('worker'), ...hubs.map((name) => serverAs('chat', name))]
  stack.defer(async () => {
    await Promise.all([api, worker, ...chat].map((server) => server.stop()))
  })
  const media = stack.use(ours('media', 'media/main.ts'))
  // Media asks the api for its place at once.
  await Promise.all([api.start().then(() => media.start()), worker.start(), ...chat.map((hub) => hub.start())])
  return config
}

/** Values of the right form for what is made further down. */
function standIns(): NodeJS.ProcessEnv {
  const secrets = secretNames.map((name) => [name, randomBytes(32).toString('base64url')])
  return { LISTEN: '-', DATABASE_URL: '-', REDIS_URL: '-', ...Object.fromEntries(secrets) }
}

/** `NAME=` in a file of settings means that it is not set. */
function withoutBlanks(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value))
}

async function startOwnPostgres(
  dataDir: string,
  sockets: string,
  report: (line: string) => void,
  stack: AsyncDisposableStack,
): Promise<string> {
  const url = await startPostgres(
    {
      dataDir: join(dataDir, 'postgres'),
      socketDir: join(sockets, 'postgres'),
      logFile: logFile(dataDir, 'postgres'),
      report,
    },
    stack,
  )
  await ensureDatabase(url, 'ustat')
  return url('ustat')
}

/** Brings the database up to date, and makes the demo data on an empty one. */
async function migrate(env: NodeJS.ProcessEnv): Promise<void> {
  const { isOk, text } = await run([process.execPath, 'server/main.ts', 'migrate'], { env, cwd: root })
  if (!isOk) throw new ProcessError(`The database could not be brought up to date:\n${text}`)
}
