import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, expect, it, vi } from 'vitest'
import { freePort } from '../../support/ports.ts'
import { quickFolder } from '../../support/quick-folder.ts'

const directory = mkdtempSync(join(quickFolder(), 'ustat-platform-'))
/** As `npm start` and `npm run admin` set it. */
const NODE_COMPILE_CACHE = 'node_modules/.cache/node'
const ADMIN_PASSWORD = 'violet umbrella 1897'
const launchers: ChildProcess[] = []
afterAll(async () => {
  await Promise.all(launchers.map((child) => (child.exitCode ?? child.signalCode) === null && stop(child)))
  rmSync(directory, { recursive: true, force: true })
})

/** `start.ts` as `npm start` runs it, ready; with sockets in a temporary directory of its own. */
async function start(dataDir: string, ports?: { port: number; rtmpPort: number }) {
  const { port, rtmpPort } = ports ?? { port: await freePort(), rtmpPort: await freePort() }
  const temporary = mkdtempSync(join(directory, 't'))
  const child = spawn(process.execPath, ['config/local/start.ts'], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE,
      HOST: '127.0.0.1',
      PORT: String(port),
      RTMP_PORT: String(rtmpPort),
      DATA_DIR: dataDir,
      TMPDIR: temporary,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  launchers.push(child)
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (log += piece))
  await vi.waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`it stopped:\n${log}`)
      expect(log).toContain('Ctrl-C stops it.')
    },
    { timeout: 50_000, interval: 50 },
  )
  return { child, port, rtmpPort, temporary, url: `http://127.0.0.1:${port}`, log: () => log }
}

/** Every process below this one, with its command line. */
function familyOf(pid: number | undefined): { pid: number; command: string }[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
        return [{ pid: Number(name), parent: Number(parent), command: commandOf(name) }]
      } catch {
        return [] // gone since
      }
    })
  const below = (parent: number): typeof parents =>
    parents.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)])
  return below(pid ?? 0)
}

function commandOf(pid: number | string): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
}

function stillRunning(family: { pid: number; command: string }[]): string[] {
  return family
    .filter(({ pid, command }) => existsSync(`/proc/${pid}`) && commandOf(pid) === command)
    .map((each) => each.command)
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  child.kill(signal)
  const [code] = await once(child, 'exit')
  return code
}

async function signIn(url: string, email = 'teacher@ustat.local', password = 'demo-password'): Promise<number> {
  const { status } = await fetch(`${url}/api/auth/login/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  return status
}

/** As an operator does in another shell, who knows the data directory and nothing else. */
async function makeAdmin(dataDir: string, email: string): Promise<string> {
  const child = spawn(process.execPath, ['server/admin/cli.ts', 'create-admin', email], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE, DATA_DIR: dataDir },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(ADMIN_PASSWORD)
  return text(child.stdout)
}

const dataDir = join(directory, 'data')
const restored = join(directory, 'restored')
let firstSecrets: string

it('starts everything, restarts what dies, and leaves nothing running', async () => {
  const first = await start(dataDir)
  expect(first.log()).toContain(`Ustat runs on   http://localhost:${first.port}`)
  expect(first.log()).toContain(`rtmp://localhost:${first.rtmpPort}/live`)
  expect((await fetch(`${first.url}/health`)).status).toBe(200)
  expect(await (await fetch(first.url)).text()).toContain('<html')
  expect(await signIn(first.url)).toBe(200)

  const family = familyOf(first.child.pid)
  for (const name of [
    'postgres',
    'redis-server',
    'nginx',
    'main.ts api',
    'main.ts worker',
    'main.ts chat',
    'media/main.ts',
  ]) {
    expect(family.map(({ command }) => command).join('\n')).toContain(name)
  }

  const api = family.find(({ command }) => command.includes('main.ts api'))
  process.kill(api?.pid ?? 0, 'SIGKILL')
  await vi.waitFor(() => expect(first.log()).toContain('api runs again'), { timeout: 30_000, interval: 50 })
  expect(first.log()).toContain('api was ended by SIGKILL; starting it again in 0.25 s')
  expect((await fetch(`${first.url}/health`)).status).toBe(200)

  firstSecrets = readFileSync(join(dataDir, 'secrets.json'), 'utf8')
  expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600)
  expect(statSync(join(dataDir, 'environment.json')).mode & 0o777).toBe(0o600)
  expect(await makeAdmin(dataDir, 'boss@example.org')).toBe('boss@example.org is an administrator.\n')
  expect(await signIn(first.url, 'boss@example.org', ADMIN_PASSWORD)).toBe(200)
  const all = familyOf(first.child.pid)
  expect(await stop(first.child)).toBe(0)
  expect(existsSync(join(dataDir, 'environment.json'))).toBe(false)
  expect(stillRunning(all)).toEqual([])
  expect(readdirSync(first.temporary)).toEqual([])
  // Orders of stopping: PostgreSQL was asked after everybody had left.
  expect(readFileSync(join(dataDir, 'logs', 'postgres.log'), 'utf8')).not.toContain('terminating connection')
}, 120_000)

it('goes on from a copy of its data, beside the other instance, which starts again right after it was killed', async () => {
  // A copy made meanwhile is a backup.
  execFileSync('cp', ['-a', dataDir, restored])
  const [left, right] = await Promise.all([start(dataDir), start(restored)])
  for (const { url } of [left, right]) expect(await signIn(url, 'boss@example.org', ADMIN_PASSWORD)).toBe(200)
  const secrets = [dataDir, restored].map((each) => readFileSync(join(each, 'secrets.json'), 'utf8'))
  expect(secrets).toEqual([firstSecrets, firstSecrets])

  const family = familyOf(left.child.pid)
  await stop(left.child, 'SIGKILL')
  const again = await start(dataDir, left)
  expect(await signIn(again.url)).toBe(200)
  expect(await signIn(right.url)).toBe(200)
  // The kernel has told them to stop; they may take the time that a drain takes.
  await vi.waitFor(() => expect(stillRunning(family)).toEqual([]), { timeout: 20_000, interval: 100 })

  const all = [...familyOf(again.child.pid), ...familyOf(right.child.pid)]
  expect(await Promise.all([stop(again.child), stop(right.child, 'SIGINT')])).toEqual([0, 0])
  expect(stillRunning(all)).toEqual([])
}, 120_000)
