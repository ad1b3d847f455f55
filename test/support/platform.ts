import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from './ports.ts'
import { quickFolder } from './quick-folder.ts'

/** Less than a hook may take: what did not start is stopped and taken away by us. */
const READY_WITHIN_MS = 50_000

/** Sends a request to the platform as somebody. */
export type Call = (path: string, init?: RequestInit) => Promise<Response>

/** The whole product, started as `npm start` starts it, on ports and data of its own. */
export interface Platform extends AsyncDisposable {
  url: string
  rtmpUrl: string
  dataDir: string
  /** Of the launcher, whose children all others are. */
  pid: number
  /** Everything the processes printed. */
  log(): string
  /** Signs in as a demo account; the returned call sends its session and CSRF token. */
  signIn(email: string): Promise<Call>
  /** The demo teacher's secret. */
  streamKey(): Promise<string>
  /** The demo teacher's address to publish to, key included. */
  publishUrl(): Promise<string>
  /** The process id of one of them, as it is now: a restarted one has another. */
  processId(name: 'api' | 'worker' | 'chat-1' | 'chat-2' | 'media' | 'redis' | 'postgres'): number
  /** Asks one process past nginx, as a scraper of metrics inside does. */
  askInside(
    process: 'api' | 'chat-1' | 'chat-2' | 'media' | 'worker',
    path: string,
  ): Promise<{ status: number; body: string }>
}

/**
 * @param env over the defaults; `S3_*` for instance
 * @param parent of the folder of its data
 */
export async function startPlatform(env: NodeJS.ProcessEnv = {}, parent = quickFolder()): Promise<Platform> {
  const [port, rtmpPort] = [await freePort(), await freePort()]
  const directory = await mkdtemp(join(parent, 'ustat-e2e-'))
  const [dataDir, temporary] = [join(directory, 'data'), join(directory, 'tmp')]
  await mkdir(temporary)
  // PostgreSQL runs as somebody else when we are root, and has its socket in there.
  chmodSync(directory, 0o711)
  const child = spawn(process.execPath, ['config/local/start.ts'], {
    env: {
      ...process.env,
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: String(port),
      RTMP_PORT: String(rtmpPort),
      DATA_DIR: dataDir,
      TMPDIR: temporary,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed: string[] = []
  child.stdout.on('data', (data) => printed.push(String(data)))
  child.stderr.on('data', (data) => printed.push(String(data)))
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    }
    await rm(directory, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await untilReady(child, () => printed.join('').includes('Ustat runs on'))
  } catch (error) {
    await stop()
    throw new Error(`the platform did not start:\n${printed.join('').slice(-4000)}`, { cause: error })
  }

  const signIn: Platform['signIn'] = async (email) => {
    const answer = await fetch(`${url}/api/auth/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: 'demo-password', session: true }),
    })
    if (!answer.ok) throw new Error(`${email} cannot sign in: ${answer.status} ${await answer.text()}`)
    const { csrf_token } = (await answer.json()) as { csrf_token: string }
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    return (path, init = {}) =>
      fetch(`${url}${path}`, {
        ...init,
        headers: { 'content-type': 'application/json', cookie, 'x-csrf-token': csrf_token, ...init.headers },
      })
  }
  const streamKey = async () => {
    const teacher = await signIn('teacher@ustat.local')
    return ((await (await teacher('/api/channels/me/stream-key/')).json()) as { stream_key: string }).stream_key
  }

  const rtmpUrl = `rtmp://127.0.0.1:${rtmpPort}/live`
  return {
    url,
    rtmpUrl,
    dataDir,
    pid: child.pid ?? 0,
    log: () => printed.join(''),
    signIn,
    streamKey,
    publishUrl: async () => `${rtmpUrl}/${await streamKey()}`,
    processId(name) {
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')
      const found = children.find((pid) => isProcess(pid, name))
      if (!found) throw new Error(`${name} does not run`)
      return Number(found)
    },
    askInside(name, path) {
      const sockets = readdirSync(temporary).map((entry) => join(temporary, entry, `${name}.sock`))
      return ask(sockets.find(existsSync) ?? '', path)
    },
    [Symbol.asyncDispose]: stop,
  }
}

const commands: Record<Parameters<Platform['processId']>[0], RegExp> = {
  api: /server\/main\.ts\0api/,
  worker: /server\/main\.ts\0worker/,
  'chat-1': /server\/main\.ts\0chat/,
  'chat-2': /server\/main\.ts\0chat/,
  media: /media\/main\.ts/,
  redis: /^[^\0]*redis-server/,
  postgres: /^[^\0]*postgres\0/,
}
function isProcess(pid: string, name: keyof typeof commands): boolean {
  const isHub = name.startsWith('chat-')
  const isOne = commands[name].test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  // Hubs differ in nothing but where they listen.
  return isOne && (!isHub || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`/${name}.sock\0`))
}

async function ask(socketPath: string, path: string): Promise<{ status: number; body: string }> {
  const asked = request({ socketPath, path, host: 'localhost' }).end()
  const [answer] = await once(asked, 'response')
  return { status: answer.statusCode, body: await text(answer) }
}

/** The launcher greets when every process is there; the api alone answers earlier. */
async function untilReady(child: ChildProcess, hasGreeted: () => boolean): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS
  while (!hasGreeted()) {
    if (child.exitCode !== null) throw new Error(`exit ${child.exitCode}`)
    if (Date.now() > deadline) throw new Error(`not ready within ${READY_WITHIN_MS} ms`)
    await delay(50)
  }
}
