import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { inject } from 'vitest'
import type { ObjectStore } from '../../../media/storage/object-store.ts'
import { openStore } from '../../../media/storage/open-store.ts'
import { Patience } from '../../../media/storage/patience.ts'
import { Manifest } from '../../../server/library/manifest.ts'
import { runCommand } from '../../../server/library/run-command.ts'
import type { Library } from '../../../server/library/upload.ts'
import { openDatabase } from '../../support/database.ts'
import { type S3Server, startS3 } from '../../support/s3.ts'

export interface TestLibrary extends AsyncDisposable {
  library: Library
  store: ObjectStore
  manifest: Manifest
  s3: S3Server
  databaseUrl: string
  /** A fresh folder that goes with the library. */
  folder(files?: Record<string, string | Uint8Array>): Promise<string>
  /** `npm run library -- …`, without the start of a process. */
  command(args: string[], env?: Record<string, string>): Promise<Ended>
  /** The same as a process. */
  spawned(args: string[], env?: Record<string, string>): Promise<Ended>
  /** A process, killed with SIGKILL once the store has had so many requests of it that match, unless it ends before. */
  commandKilledAfter(requests: number, pattern: RegExp, args: string[]): Promise<Ended>
}

export interface Ended {
  code: number | null
  out: string
  err: string
}

/** A library on an S3 server and a database of its own. */
export async function openLibrary(): Promise<TestLibrary> {
  await using stack = new AsyncDisposableStack()
  const root = await mkdtemp(join(tmpdir(), 'ustat-library-'))
  stack.defer(() => rm(root, { recursive: true, force: true }))
  const s3 = stack.use(await startS3())
  const database = stack.use(await openDatabase())
  const pool = new pg.Pool({ connectionString: database.url })
  stack.defer(() => pool.end())
  const store = openStore(s3.config)
  const manifest = new Manifest(pool)
  const env = { ...s3.env, DATABASE_URL: database.url, REDIS_URL: inject('redisUrl'), DATA_DIR: join(root, 'data') }
  await mkdir(env.DATA_DIR)
  let folders = 0
  const owned = stack.move()
  return {
    library: { store, manifest, patience: new Patience({ limitMs: 5000, firstMs: 20 }) },
    store,
    manifest,
    s3,
    databaseUrl: database.url,
    async folder(files = {}) {
      const folder = join(root, `folder-${++folders}`)
      await mkdir(folder)
      await fill(folder, files)
      return folder
    },
    command: (args, more = {}) => call(args, { ...env, ...more }),
    spawned: (args, more = {}) => run(args, { ...env, ...more }),
    commandKilledAfter(requests, pattern, args) {
      const before = s3.requests.length
      return run(args, env, () => s3.requests.slice(before).filter((one) => pattern.test(one)).length >= requests)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export async function fill(folder: string, files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}

async function call(args: string[], env: Record<string, string>): Promise<Ended> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const said = Promise.all([text(out), text(err)])
  const code = await runCommand(args, { env, out, err, signal: new AbortController().signal })
  out.end()
  err.end()
  const [printed, complaint] = await said
  return { code, out: printed, err: complaint }
}

async function run(args: string[], env: Record<string, string>, isKilled?: () => boolean): Promise<Ended> {
  const child = spawn(process.execPath, ['server/library/cli.ts', ...args], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: 'node_modules/.cache/node', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended: Ended = { code: null, out: '', err: '' }
  child.stdout.on('data', (piece) => {
    ended.out += piece
  })
  child.stderr.on('data', (piece) => {
    ended.err += piece
  })
  const closed = once(child, 'close')
  const watch = isKilled && setInterval(() => isKilled() && child.kill('SIGKILL'), 2)
  ;[ended.code] = await closed
  clearInterval(watch)
  return ended
}
