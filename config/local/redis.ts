import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { ManagedProcess } from './processes.ts'

export interface RedisOptions {
  dataDir: string
  /** A path of at most 107 bytes. */
  socket: string
  logFile: string
  /** For data that may be lost, as in tests: nothing is written to disk. */
  isDisposable?: boolean
  report(line: string): void
}

/**
 * Starts a private redis-server on a unix socket, with an append-only file, and returns its URL.
 *
 * @throws {ProcessError} in one sentence
 */
export async function startRedis(options: RedisOptions, stack: AsyncDisposableStack): Promise<string> {
  const { dataDir, socket, logFile, isDisposable = false } = options
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: dataDir,
    daemonize: 'no',
    save: '',
    appendonly: isDisposable ? 'no' : 'yes',
    // What must last is in PostgreSQL: a full memory here drops the oldest of what may be rebuilt, never new writes.
    'maxmemory-policy': 'volatile-ttl',
  }
  const server = stack.use(
    new ManagedProcess(
      {
        name: 'redis',
        command: ['redis-server', ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value])],
        readiness: () => answersPing(socket),
        output: { file: logFile },
      },
      options.report,
    ),
  )
  await server.start()
  return `unix://${socket}`
}

/** True once it has read its append-only file: before, it answers LOADING. */
function answersPing(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(socket, () => client.write('PING\r\n'))
    client.on('data', (data) => {
      resolve(data.toString().startsWith('+PONG'))
      client.destroy()
    })
    client.on('error', () => resolve(false))
    client.on('close', () => resolve(false))
  })
}
