import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNginx } from '../../config/local/nginx.ts'
import { delay } from './clock.ts'
import { freePort } from './ports.ts'
import { descendants, readProcess } from './processes.ts'

/** The servers that are measured. Redis and the crowd keep to the other core. */
const SERVER_CORE = '0'
const OTHER_CORE = '1'

export interface ChatServer extends AsyncDisposable {
  target: string
  memoryBytes(): number
  cpuSeconds(): number
  /** At once, as a power cut. */
  kill(): Promise<void>
}

export interface ChatStage extends AsyncDisposable {
  directory: string
  redisUrl: string
  secret: string
  /** Stops Redis and starts it again with what it had. */
  restartRedis(): Promise<void>
}

/** A Redis with an append-only file, beside the crowd. */
export async function startChatStage(): Promise<ChatStage> {
  await using stack = new AsyncDisposableStack()
  // What is started from here on inherits it.
  execFileSync('taskset', ['-a', '-p', '-c', OTHER_CORE, String(process.pid)])
  const directory = mkdtempSync(join(tmpdir(), 'ustat-chat-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  const port = await freePort()
  const start = async () => {
    const settings = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--save',
      '',
      '--appendonly',
      'yes',
    ]
    const child = spawn('redis-server', settings, { stdio: ['ignore', 'ignore', 'inherit'] })
    await listening(child, port)
    return child
  }
  let redis = await start()
  stack.defer(() => end(redis))
  const owned = stack.move()
  return {
    directory,
    redisUrl: `redis://127.0.0.1:${port}`,
    secret: randomBytes(32).toString('base64url'),
    async restartRedis() {
      await end(redis)
      redis = await start()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export async function startChatHub({ redisUrl, secret }: ChatStage, port?: number): Promise<ChatServer> {
  return serve(port, (at) => [process.execPath, 'test/bench/peer/chat-hub.ts', `127.0.0.1:${at}`, redisUrl, secret])
}

export async function startSocketIo({ redisUrl }: ChatStage): Promise<ChatServer> {
  return serve(undefined, (at) => [process.execPath, 'test/bench/peer/socket-io.ts', String(at), redisUrl])
}

export async function startBareUws(): Promise<ChatServer> {
  return serve(undefined, (at) => [process.execPath, 'test/bench/peer/bare-uws.ts', String(at)])
}

export async function startChannels({ redisUrl }: ChatStage): Promise<ChatServer> {
  return serve(undefined, (at) => ['daphne', '-v', '0', '-b', '127.0.0.1', '-p', String(at), 'chat_asgi:application'], {
    cwd: join(import.meta.dirname, 'peer'),
    env: { ...process.env, CHAT_REDIS: redisUrl },
  })
}

/** nginx as it stands before the hubs, beside the crowd. */
export async function startFront(
  { directory }: ChatStage,
  hubs: readonly ChatServer[],
): Promise<Omit<ChatServer, 'kill' | 'cpuSeconds'>> {
  await using stack = new AsyncDisposableStack()
  const port = await freePort()
  const nowhere = `unix:${directory}/none.sock`
  const folder = join(directory, 'front')
  mkdirSync(folder, { recursive: true })
  await startNginx(
    {
      ...{ directory: folder, host: '127.0.0.1', port, tls: null, pages: { directory: folder } },
      ...{ upstreams: { api: nowhere, chat: hubs.map(({ target }) => target), media: { m1: nowhere } } },
      ...{ store: { kind: 'disk', directory: folder }, accessLog: join(folder, 'access.log') },
      chatSocketsPerAddress: 50_000,
    },
    { logFile: join(folder, 'nginx.log'), report: () => {} },
    stack,
  )
  const owned = stack.move()
  return {
    target: `127.0.0.1:${port}`,
    memoryBytes: () =>
      descendants(process.pid)
        .filter(({ command }) => command.startsWith('nginx'))
        .reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function serve(
  fixed: number | undefined,
  command: (port: number) => string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<ChatServer> {
  const port = fixed ?? (await freePort())
  const child = spawn('taskset', ['-c', SERVER_CORE, ...command(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    ...options,
  })
  await listening(child, port)
  const facts = () => readProcess(child.pid ?? 0)
  return {
    target: `127.0.0.1:${port}`,
    memoryBytes: () => facts()?.memoryBytes ?? 0,
    cpuSeconds: () => facts()?.cpuSeconds ?? 0,
    async kill() {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended at once`)
    const socket = connect(port, '127.0.0.1')
    const isThere = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (isThere) return
    await delay(100)
  }
  await end(child)
  throw new Error(`nothing listens on ${port}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const hurry = setTimeout(() => child.kill('SIGKILL'), 25_000)
  await gone
  clearTimeout(hurry)
}
