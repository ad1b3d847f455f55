import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { openDatabase, type TestDatabase } from '../support/database.ts'

let directory: string
let database: TestDatabase
const children = new Set<ChildProcess>()
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ustat-main-'))
  database = await openDatabase()
})
afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL')
  await database[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

function run(
  role: string,
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; output: string[]; ended: Promise<unknown[]> } {
  const child = fork('server/main.ts', [role], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: 'node_modules/.cache/node',
      LISTEN: join(directory, `${role}.sock`),
      DATA_DIR: directory,
      DATABASE_URL: database.url,
      REDIS_URL: inject('redisUrl'),
      JWT_SECRET: 'j'.repeat(40),
      TOKEN_SECRET: 't'.repeat(40),
      STREAM_KEY_SECRET: 's'.repeat(40),
      INTERNAL_SECRET: 'i'.repeat(40),
      ...env,
    },
  })
  children.add(child)
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => output.push(String(data)))
  return { child, output, ended: once(child, 'exit') }
}

async function ask(role: string, path: string, body?: object): Promise<{ status: number; text: string }> {
  const call = request({
    socketPath: join(directory, `${role}.sock`),
    path,
    method: body ? 'POST' : 'GET',
    headers: { host: 'localhost', 'content-type': 'application/json' },
  })
  call.end(body ? JSON.stringify(body) : undefined)
  const [answer] = await once(call, 'response')
  let text = ''
  for await (const piece of answer) text += piece
  return { status: answer.statusCode, text }
}

describe('migrate', () => {
  it('makes the demo accounts once, on an empty database, as anybody is made', async () => {
    for (let time = 0; time < 2; time++) {
      const { ended, output } = run('migrate', { DEMO: '1' })
      expect(await ended, output.join('')).toEqual([0, null])
    }
    const api = run('api')
    await once(api.child, 'message')
    for (const name of ['admin', 'producer', 'teacher', 'student']) {
      const body = { email: `${name}@ustat.local`, password: 'demo-password', session: true }
      const answer = await ask('api', '/api/auth/login/', body)
      expect([answer.status, JSON.parse(answer.text).user.role]).toEqual([200, name])
    }
    expect(JSON.parse((await ask('api', '/api/channels/demo/')).text)).toMatchObject({ slug: 'demo' })
    api.child.kill('SIGTERM')
    expect(await api.ended, api.output.join('')).toEqual([0, null])
  })
})

describe.each(['api', 'worker', 'chat'])('%s', (role) => {
  it('says ready, answers on its socket, and ends by itself on SIGTERM', async () => {
    const { child, ended, output } = run(role)
    const [message] = await Promise.race([once(child, 'message'), ended])
    expect(message, output.join('')).toBe('ready')
    expect((await ask(role, '/healthz')).status).toBe(200)
    child.kill('SIGTERM')
    expect(await ended, output.join('')).toEqual([0, null])
  })
})

describe('a worker', () => {
  it('deletes the files of a recording that is gone', async () => {
    const { mkdirSync, writeFileSync, existsSync } = await import('node:fs')
    const id = 'c'.repeat(24)
    const folder = join(directory, 'store', 'recordings', id, '720p')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '0.m4s'), 'segment')
    const { child, ended } = run('worker')
    await once(child, 'message')
    const { Queue } = await import('../../server/jobs/queue.ts')
    const { createLogger } = await import('../../server/logger.ts')
    const queue = new Queue(database.url, createLogger('test', 'silent'), 'adds')
    await queue.start()
    await queue.add('delete-recording-files', { recording: id })
    await vi.waitFor(() => expect(existsSync(join(folder, '0.m4s'))).toBe(false), { timeout: 10_000, interval: 100 })
    await queue[Symbol.asyncDispose]()
    child.kill('SIGTERM')
    await ended
  })
})

describe('a worker without a web interface', () => {
  it('says whether it can work, and how its queues stand', async () => {
    const { child, ended, output } = run('worker')
    await Promise.race([once(child, 'message'), ended])
    const ready = await ask('worker', '/readyz')
    expect([ready.status, JSON.parse(ready.text)], output.join('')).toEqual([
      200,
      { status: 'ok', database: true, redis: true, queue: true },
    ])
    const { text } = await ask('worker', '/metrics')
    for (const name of [
      'queue_jobs',
      'queue_oldest_seconds',
      'job_failures_total',
      'counter_drift_total',
      'process_cpu',
    ]) {
      expect(text).toContain(name)
    }
    expect((await ask('worker', '/api/live/')).status).toBe(404)
    child.kill('SIGTERM')
    expect(await ended, output.join('')).toEqual([0, null])
  })
})

describe('a process that cannot start', () => {
  it('says why in one line and exits 1', async () => {
    const unknown = run('nothing')
    expect(await unknown.ended).toEqual([1, null])
    expect(unknown.output.join('')).toBe('Say what to run: api, worker, chat, migrate.\n')
    const bad = run('api', { JWT_SECRET: 'short' })
    expect(await bad.ended).toEqual([1, null])
    expect(bad.output.join('')).toContain('JWT_SECRET')
    expect(bad.output.join('')).not.toContain('"short"')
  })
})
