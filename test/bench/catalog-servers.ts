import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../../config/local/postgres.ts'
import { startRedis } from '../../config/local/redis.ts'
import { migrateDatabase } from '../../server/db/migrate.ts'
import { openOrm } from '../../server/db/orm.ts'
import { delay } from './clock.ts'
import { freePort } from './ports.ts'

/** The server that is measured. Everything else, this process too, keeps to the other one. */
const SERVER_CORE = '0'
const OTHER_CORE = '1'

export interface CatalogStage extends AsyncDisposable {
  databaseUrl: string
  redisUrl: string
  directory: string
}

/** PostgreSQL and Redis beside the load, all on the core that the measured server has not. */
export async function startCatalogStage(): Promise<CatalogStage> {
  await using stack = new AsyncDisposableStack()
  // What is started from here on inherits it.
  execFileSync('taskset', ['-a', '-p', '-c', OTHER_CORE, String(process.pid)])
  const directory = mkdtempSync(join(tmpdir(), 'ustat-catalog-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(join(directory, 'redis'))
  const [databaseUrl, redisUrl] = await Promise.all([
    startPostgres(
      {
        dataDir: join(directory, 'cluster'),
        socketDir: join(directory, 'postgres'),
        logFile: join(directory, 'postgres.log'),
        isDisposable: true,
        report: () => {},
      },
      stack,
    ),
    startRedis(
      {
        dataDir: join(directory, 'redis'),
        socket: join(directory, 'redis.sock'),
        logFile: join(directory, 'redis.log'),
        isDisposable: true,
        report: () => {},
      },
      stack,
    ),
  ])
  await createDatabase(databaseUrl('postgres'))
  const url = databaseUrl('catalog')
  const orm = await openOrm(url)
  await migrateDatabase(orm, url)
  await orm.close(true)
  const owned = stack.move()
  return { databaseUrl: url, redisUrl, directory, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Where a server answers, and how it is ended. */
export interface CatalogServer extends AsyncDisposable {
  origin: string
}

export async function startApi({ databaseUrl, redisUrl, directory }: CatalogStage): Promise<CatalogServer> {
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(
    'taskset',
    [
      ...['-c', SERVER_CORE, process.execPath, 'test/bench/catalog-api.ts'],
      ...['--database', databaseUrl, '--redis', redisUrl, '--listen', address, '--data', join(directory, 'data')],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  return answering(child, `http://${address}`)
}

/** Two workers, so that one waits for the database while the other computes. */
export async function startPeer({ databaseUrl, redisUrl, directory }: CatalogStage): Promise<CatalogServer> {
  const address = `127.0.0.1:${await freePort()}`
  const { hostname, pathname, username } = new URL(databaseUrl)
  const socket = decodeURIComponent(hostname)
  const redis = redisUrl.replace(/^[a-z+]+:\/\//, 'unix://')
  const ini = join(directory, 'peer.ini')
  writeFileSync(
    ini,
    `[peer]\ndatabase_host = ${socket}\ndatabase_name = ${pathname.slice(1)}\ndatabase_user = ${username}\nredis = ${redis}\n`,
  )
  const child = spawn(
    'taskset',
    [
      ...[
        '-c',
        SERVER_CORE,
        'gunicorn',
        '--workers',
        '2',
        '--bind',
        address,
        '--keep-alive',
        '60',
        '--log-level',
        'error',
      ],
      ...['--worker-class', 'gthread', '--threads', '4', '--worker-tmp-dir', directory],
      `serve:application('${ini}')`,
    ],
    { cwd: join(import.meta.dirname, 'peer'), stdio: ['ignore', 'inherit', 'inherit'] },
  )
  return answering(child, `http://${address}`)
}

async function answering(child: ChildProcess, origin: string): Promise<CatalogServer> {
  const server = {
    origin,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) throw new Error('the server ended at once')
    const answer = await fetch(`${origin}/api/courses/?page_size=1`).catch(() => null)
    if (answer?.ok) return server
    await answer?.body?.cancel()
    await delay(100)
  }
  await server[Symbol.asyncDispose]()
  throw new Error('the server does not answer')
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('create database catalog')
  await client.end()
}
