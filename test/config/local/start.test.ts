import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'ustat-start-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Runs `start.ts` to its end, which these cases reach before anything is started. */
async function start(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['config/local/start.ts'], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: 'node_modules/.cache/node',
      HOST: '127.0.0.1',
      DATA_DIR: join(directory, 'data'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [printed, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { printed, complaint, code }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const piece of stream) all += piece
  return all
}

async function listen() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port: String(port), [Symbol.asyncDispose]: async () => void server.close() }
}

it('ends in one sentence when a port is in use, with nothing made', async () => {
  await using taken = await listen()
  expect(await start({ PORT: taken.port })).toMatchObject({
    code: 1,
    complaint: `Port ${taken.port} is in use: stop what listens there, or set PORT to another one.\n`,
  })
  expect(await start({ PORT: '18081', RTMP_PORT: taken.port })).toMatchObject({
    code: 1,
    complaint: `Port ${taken.port} is in use: stop what listens there, or set RTMP_PORT to another one.\n`,
  })
  expect(existsSync(join(directory, 'data'))).toBe(false)
})

it('ends in one sentence when a value is bad', async () => {
  const { code, complaint } = await start({ PORT: 'eighty', PART_TARGET_MS: '20' })
  expect(code).toBe(1)
  expect(complaint).toMatch(/^PORT: [^\n]+ PART_TARGET_MS: [^\n]+\n$/)
})

it('ends in one sentence in production without secrets', async () => {
  const { code, complaint } = await start({ NODE_ENV: 'production', PORT: '18082', RTMP_PORT: '11936' })
  expect(code).toBe(1)
  expect(complaint).toMatch(/set JWT_SECRET, TOKEN_SECRET, STREAM_KEY_SECRET, INTERNAL_SECRET\.\n$/)
})

it("does not touch another instance's data", async () => {
  const dataDir = join(directory, 'taken')
  mkdirSync(dataDir)
  // Any launcher of ours that is alive; this one waits for its standard input to end.
  const other = spawn(process.execPath, ['-', 'config/local/start.ts'], { stdio: ['pipe', 'ignore', 'ignore'] })
  writeFileSync(join(dataDir, 'launcher.pid'), String(other.pid))
  const { code, complaint } = await start({ DATA_DIR: dataDir, PORT: '18083', RTMP_PORT: '11937' })
  other.stdin.end()
  expect(code).toBe(1)
  expect(complaint).toBe(`DATA_DIR: ${dataDir} is in use by process ${other.pid}; give each instance its own.\n`)
  expect(existsSync(join(dataDir, 'postgres'))).toBe(false)
})

it('says when a cluster was made by another PostgreSQL', async () => {
  const dataDir = join(directory, 'old')
  mkdirSync(join(dataDir, 'postgres'), { recursive: true })
  writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
  const { code, complaint } = await start({ DATA_DIR: dataDir, PORT: '18084', RTMP_PORT: '11938' })
  expect(code).toBe(1)
  expect(complaint).toBe(`${dataDir}/postgres was made by PostgreSQL 17; this is 18: move it away or convert it.\n`)
  expect(existsSync(join(dataDir, 'launcher.pid'))).toBe(false)
})
