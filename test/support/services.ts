import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../config/local/postgres.ts'
import { startRedis } from '../../config/local/redis.ts'
import { quickFolder } from './quick-folder.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The `postgres` database of a private server, with the right to create others. */
    databaseUrl: string
    /** A private Redis; a test file takes a prefix or a database number of its own. */
    redisUrl: string
  }
}

/** One PostgreSQL and one Redis for a whole run, in a temporary directory that goes with them. */
export default async function startServices(project: TestProject): Promise<() => Promise<void>> {
  await using stack = new AsyncDisposableStack()
  const directory = mkdtempSync(join(quickFolder(), 'ustat-test-'))
  stack.defer(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(join(directory, 'redis'))
  const report = (line: string) => process.stderr.write(`${line}\n`)
  const [databaseUrl, redisUrl] = await Promise.all([
    startPostgres(
      {
        dataDir: join(directory, 'cluster'),
        socketDir: join(directory, 'postgres'),
        logFile: join(directory, 'postgres.log'),
        isDisposable: true,
        report,
      },
      stack,
    ),
    startRedis(
      {
        dataDir: join(directory, 'redis'),
        socket: join(directory, 'redis.sock'),
        logFile: join(directory, 'redis.log'),
        isDisposable: true,
        report,
      },
      stack,
    ),
  ])
  project.provide('databaseUrl', databaseUrl('postgres'))
  project.provide('redisUrl', redisUrl)
  const running = stack.move()
  return () => running.disposeAsync()
}
