import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** The whole product, started as `npm start` starts it, on ports and data of its own. */
export interface Platform extends AsyncDisposable {
  url: string
  rtmpUrl: string
  dataDir: string
  /** Everything the processes printed. */
  log(): string
  /** Signs in as a demo account; the returned call sends its session and CSRF token. */
  signIn(email: string): Promise<(path: string, init?: RequestInit) => Promise<Response>>
  /** The demo teacher's address to publish to, key included. */
  publishUrl(): Promise<string>
}

/** @param env over the defaults; `S3_*` for instance */
export async function startPlatform(env: NodeJS.ProcessEnv = {}): Promise<Platform> {
  const [port, rtmpPort] = [await freePort(), await freePort()]
  const dataDir = await mkdtemp(join(tmpdir(), 'ustat-e2e-'))
  const child = spawn(process.execPath, ['config/local/start.ts'], {
    env: {
      ...process.env,
      NODE_ENV: 'development',
      PORT: String(port),
      RTMP_PORT: String(rtmpPort),
      DATA_DIR: dataDir,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed: string[] = []
  child.stdout?.on('data', (data) => printed.push(String(data)))
  child.stderr?.on('data', (data) => printed.push(String(data)))
  const url = `http://127.0.0.1:${port}`
  try {
    await untilHealthy(url, child)
  } catch (error) {
    child.kill('SIGTERM')
    throw new Error(`the platform did not start:\n${printed.join('').slice(-4000)}`, { cause: error })
  }

  const signIn: Platform['signIn'] = async (email) => {
    const answer = await fetch(`${url}/api/auth/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: 'demo-password', session: true }),
    })
    if (!answer.ok) throw new Error(`${email} cannot sign in: ${answer.status} ${await answer.text()}`)
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    const csrf = (await (await fetch(`${url}/api/auth/csrf/`, { headers: { cookie } })).json()) as {
      csrf_token: string
    }
    return (path, init = {}) =>
      fetch(`${url}${path}`, {
        ...init,
        headers: { 'content-type': 'application/json', cookie, 'x-csrf-token': csrf.csrf_token, ...init.headers },
      })
  }

  const rtmpUrl = `rtmp://127.0.0.1:${rtmpPort}/live`
  return {
    url,
    rtmpUrl,
    dataDir,
    log: () => printed.join(''),
    signIn,
    async publishUrl() {
      const teacher = await signIn('teacher@ustat.local')
      const { stream_key } = (await (await teacher('/api/channels/me/stream-key/')).json()) as { stream_key: string }
      return `${rtmpUrl}/${stream_key}`
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function untilHealthy(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`exit ${child.exitCode}`)
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => null)
    if (answer?.ok) return
    await delay(100)
  }
  throw new Error('not healthy within a minute')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
