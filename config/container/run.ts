import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError, loadConfig } from '../config.ts'
import { writeFrontConfig } from '../local/nginx.ts'
import { findProgram } from '../local/programs.ts'
import { findSecrets } from '../local/secrets.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * What a container runs: `node config/container/run.ts <role>`. Fills in the secrets as `npm start` does, kept in
 * DATA_DIR that the containers share, then becomes the process itself, so that signals reach it.
 */
function become(role: string): never {
  const dataDir = resolve(process.env.DATA_DIR || './data')
  const env = { ...process.env, DATA_DIR: dataDir, ...findSecrets(process.env, join(dataDir, 'secrets.json')) }
  const server = (...words: string[]) => replace(process.execPath, [process.execPath, ...words], env)
  switch (role) {
    case 'migrate':
    case 'api':
    case 'worker':
    case 'chat':
      return server(join(root, 'server/main.ts'), role)
    case 'media':
      return server(join(root, 'media/main.ts'))
    case 'front':
      return becomeNginx(env)
    default:
      throw new ConfigError('Say what to run: migrate, api, worker, chat, media or front.')
  }
}

function becomeNginx(env: NodeJS.ProcessEnv): never {
  // It has no database and no Redis of its own to be told about.
  const { host, port, ingest, upstreams, chat, store } = loadConfig({
    ...env,
    LISTEN: '-',
    DATABASE_URL: '-',
    REDIS_URL: '-',
  })
  const directory = mkdtempSync(join(tmpdir(), 'ustat-front-'))
  const pages = { directory: join(root, 'web/dist') }
  const file = writeFrontConfig({
    ...{ directory, host, port, tls: ingest.tls, upstreams, pages, store },
    accessLog: '/dev/stdout',
    chatSocketsPerAddress: chat.limits.socketsPerAddress,
  })
  return replace(findProgram('nginx'), ['nginx', '-c', file, '-p', directory, '-e', 'stderr'], env)
}

function replace(program: string, words: string[], env: NodeJS.ProcessEnv): never {
  if (!process.execve) throw new Error('this Node cannot replace a process')
  return process.execve(program, words, env)
}

try {
  become(process.argv[2] ?? '')
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`)
  process.exitCode = 1
}
