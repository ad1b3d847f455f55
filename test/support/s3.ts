import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoreConfig } from '../../config/config.ts'
import type { Fault } from './s3-faults.ts'

/** An S3 server of its own on a loopback port, with one empty bucket. Every signature is checked, presigned ones too. */
export interface S3Server extends AsyncDisposable {
  config: Extract<StoreConfig, { kind: 's3' }>
  /** The same as environment variables, for `startPlatform`. */
  env: Record<string, string>
  /** `PUT /media/key` and the like, as they came. */
  requests: readonly string[]
  /** Where s3rver keeps its files. */
  directory: string
  /** Resolves when the server knows what it is to do wrong, or that it is to be good again. */
  fail(match: string, times: number, how: Fault['how']): Promise<void>
  heal(): Promise<void>
  /** Every connection breaks, new ones are refused. */
  stop(): Promise<void>
  /** On the same port again, with what it had. */
  start(): Promise<void>
}

const BUCKET = 'media'
const ACCOUNT = 'S3RVER'

export async function startS3(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'ustat-s3-'))
  const requests: string[] = []
  let [child, port] = await launch(directory, 0, requests)
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const config: S3Server['config'] = {
    kind: 's3',
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: BUCKET,
    accessKeyId: ACCOUNT,
    secretAccessKey: ACCOUNT,
    publicUrl: undefined,
  }
  return {
    config,
    env: {
      S3_ENDPOINT: config.endpoint ?? '',
      S3_REGION: config.region,
      S3_BUCKET: BUCKET,
      S3_ACCESS_KEY_ID: ACCOUNT,
      S3_SECRET_ACCESS_KEY: ACCOUNT,
    },
    requests,
    directory,
    fail: (match, times, how) => tell(child, { match, times, how }),
    heal: () => tell(child, { match: '', times: 0, how: { cut: true } }),
    stop,
    async start() {
      ;[child, port] = await launch(directory, port, requests)
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function tell(child: ChildProcess, fault: Fault): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    child.on('message', function hear(message: { planned?: boolean }) {
      if (!message.planned) return
      child.off('message', hear)
      resolve()
    })
  })
  child.send(fault)
  await heard
}

async function launch(directory: string, port: number, requests: string[]): Promise<[ChildProcess, number]> {
  const child = fork(new URL('./s3-server.ts', import.meta.url), [directory, String(port), BUCKET], {
    // s3rver enciphers its page tokens with DES, which OpenSSL 3 has put away.
    execArgv: ['--openssl-legacy-provider'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const listening = new Promise<number>((resolve, reject) => {
    child.on('message', (message: { port?: number; request?: string }) => {
      if (message.request) requests.push(message.request)
      if (message.port) resolve(message.port)
    })
    child.once('exit', (code) => reject(new Error(`the S3 server ended with ${code}`)))
  })
  return [child, await listening]
}
