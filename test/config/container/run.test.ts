import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { freePort } from '../../support/ports.ts'

const directory = mkdtempSync(join(tmpdir(), 'ustat-container-'))
const database = `container_${randomBytes(6).toString('hex')}`
const logs = join(directory, 'log')
const running = new Map<string, ChildProcess>()
const compose = readFileSync('docker-compose.yml', 'utf8')

/** What docker-compose.yml starts, as it starts it; the containers' names are ports of this machine here. */
const commands = [...compose.matchAll(/^ {4}command: (\w+)$/gm)].map(([, command = '']) => command)
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  await inDatabase(inject('databaseUrl'), `create database ${database}`)
  const [port, rtmpPort, api, media, chat, worker] = await Promise.all(Array.from({ length: 6 }, freePort))
  env = {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: 'node_modules/.cache/node',
    HOST: '127.0.0.1',
    PORT: String(port),
    RTMP_PORT: String(rtmpPort),
    DATA_DIR: join(directory, 'data'),
    DATABASE_URL: inject('databaseUrl').replace(/\/postgres$/, `/${database}`),
    REDIS_URL: inject('redisUrl'),
    API_URL: `http://127.0.0.1:${api}`,
    MEDIA_URL: `http://127.0.0.1:${media}`,
    CHAT_URL: `http://127.0.0.1:${chat}`,
    LISTEN_api: `127.0.0.1:${api}`,
    LISTEN_media: `127.0.0.1:${media}`,
    LISTEN_chat: `127.0.0.1:${chat}`,
    LISTEN_worker: `127.0.0.1:${worker}`,
    DEMO: '1',
  }
})
afterAll(async () => {
  await Promise.all([...running.values()].map(stop))
  await inDatabase(inject('databaseUrl'), `drop database ${database} with (force)`)
  rmSync(directory, { recursive: true, force: true })
})

function start(role: string): ChildProcess {
  // A file: nginx opens /dev/stdout anew, which a socket refuses and a container's pipe does not.
  const output = openSync(logs, 'a')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'config/container/run.ts', role], {
    env: { ...env, LISTEN: env[`LISTEN_${role}`] ?? 'none' },
    stdio: ['ignore', output, output],
  })
  return child
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  return code
}

async function inDatabase(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

it('runs every command of docker-compose.yml with settings alone, and each stops when it is told to', async () => {
  expect(commands.sort()).toEqual(['api', 'chat', 'front', 'media', 'migrate', 'worker'])
  const [code] = await once(start('migrate'), 'exit')
  expect(code, readFileSync(logs, 'utf8')).toBe(0)

  for (const role of ['api', 'worker', 'chat', 'media', 'front']) running.set(role, start(role))
  const url = `http://127.0.0.1:${env.PORT}`
  await vi.waitFor(
    async () => {
      for (const [role, child] of running) expect(child.exitCode, `${role}: ${readFileSync(logs, 'utf8')}`).toBeNull()
      expect((await fetch(`${url}/readyz`)).status).toBe(200)
      // No such show: the answer is media's own.
      expect((await fetch(`${url}/live/m1/token/b/index.m3u8`)).status).toBeLessThan(500)
    },
    { timeout: 50_000, interval: 200 },
  )
  expect(await (await fetch(url)).text()).toContain('<html')
  const login = await fetch(`${url}/api/auth/login/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'teacher@ustat.local', password: 'demo-password' }),
  })
  expect(login.status).toBe(200)

  for (const [role, child] of running) expect([role, await stop(child)]).toEqual([role, 0])
})

it('has a value in docker-compose.yml for every variable that a container needs, and no unknown one', () => {
  const known = [...readFileSync('config/example.env', 'utf8').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name)
  const block = /^x-environment: &environment\n((?: {2}.*\n)+)/m.exec(compose)?.[1] ?? ''
  const given = [...block.matchAll(/^ {2}([A-Z0-9_]+):/gm)].map(([, name]) => name)
  expect(given.filter((name) => !known.includes(name))).toEqual([])
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'API_URL', 'MEDIA_URL', 'CHAT_URL', 'JWT_SECRET', 'S3_BUCKET']) {
    expect(given).toContain(name)
  }
})

it('refuses an unknown role in one sentence', async () => {
  const child = start('everything')
  const [code] = await once(child, 'exit')
  expect(code).toBe(1)
  expect(readFileSync(logs, 'utf8')).toContain('Say what to run: migrate, api, worker, chat, media or front.\n')
})
