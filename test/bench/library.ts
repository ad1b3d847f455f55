import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../../config/local/postgres.ts'
import { migrateDatabase } from '../../server/db/migrate.ts'
import { openOrm } from '../../server/db/orm.ts'
import { delay } from './clock.ts'
import { drive, type Sink, startSink } from './library-sink.ts'
import { readProcess } from './processes.ts'
import { atMost, type BenchOptions, type Figure, type Scenario } from './scenario.ts'
import { spread } from './statistics.ts'

const ROUNDS = 3
const SMALL_FILES = 2000
const LARGE_FILES = 20
const LARGE_BYTES = 100e6
const KNOWN_FILES = 10_000
const MEMORY_BYTES = 1e9

/** Who brings a folder into the store. */
interface Sender {
  name: string
  start(folder: string, round: string): ChildProcess
}

interface Stage {
  sink: Sink
  senders: Sender[]
  databaseUrl: string
}

/**
 * Whole commands, from their start to their end, in turns on the same files and the same server: what is on disk is in
 * the system's memory for each of them. Ours alone hashes every file, looks for duplicates and keeps a manifest.
 */
export const library: Scenario = {
  about: `library upload of ${SMALL_FILES} small files and of ${LARGE_FILES} files of 100 MB, beside rclone and ten threads of boto3`,
  async run(options) {
    await using stack = new AsyncDisposableStack()
    const directory = mkdtempSync(join(tmpdir(), 'ustat-library-bench-'))
    stack.defer(() => rmSync(directory, { recursive: true, force: true }))
    const memory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ustat-sink-'))
    stack.defer(() => rmSync(memory, { recursive: true, force: true }))
    const databaseUrl = await startDatabase(directory, stack)
    const sink = await startSink(memory)
    await using running = sink
    const senders = options.isAlone
      ? [ours(sink, databaseUrl, directory)]
      : [ours(sink, databaseUrl, directory), rclone(sink), boto3(sink)]
    const stage = { sink, senders, databaseUrl }

    options.say('making files')
    const [small, large, known] = ['small', 'large', 'known'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ]
    makeFiles(small, SMALL_FILES, (index) => 4000 + ((index * 7919) % 96_000))
    makeFiles(large, LARGE_FILES, () => LARGE_BYTES)
    makeFiles(known, KNOWN_FILES, (index) => 100 + (index % 900))
    const figures = [
      ...(await compare(`${SMALL_FILES} small files`, small, stage, options)),
      ...(await compare(`${LARGE_FILES} × 100 MB`, large, stage, options)),
      await memoryFigure(join(directory, 'memory'), stage, options),
    ]
    await forget(databaseUrl)
    options.say(`${KNOWN_FILES} files, then the same again without a server`)
    const [own] = senders as [Sender]
    await runToEnd(own.start(known, 'known'))
    // Whoever sends something now fails.
    await running[Symbol.asyncDispose]()
    const again = await runToEnd(own.start(known, 'known'))
    const goal = atMost(again.seconds, 3, 's')
    return [
      ...figures,
      {
        system: 'Ustat',
        what: `${KNOWN_FILES} unchanged files again`,
        value: again.seconds,
        unit: 's',
        ...(goal ? { goal } : {}),
      },
    ]
  },
}

async function compare(what: string, folder: string, stage: Stage, { say }: BenchOptions): Promise<Figure[]> {
  const { sink, senders, databaseUrl } = stage
  const seconds = new Map(senders.map(({ name }) => [name, [] as number[]]))
  const shares = new Map(senders.map(({ name }) => [name, [] as number[]]))
  const expected = sizeOf(folder)
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, start } of senders) {
      sink.clear()
      await forget(databaseUrl)
      sink.cpuSeconds()
      const took = await runToEnd(start(folder, `round-${round}`))
      const busy = sink.cpuSeconds() / took.seconds
      const { bytes } = sink.taken()
      if (bytes !== expected) throw new Error(`${name} left ${bytes} bytes of ${expected} on the server`)
      say(`${what}: ${name} ${took.seconds.toFixed(2)} s`)
      seconds.get(name)?.push(took.seconds)
      shares.get(name)?.push(busy)
    }
  }
  sink.clear()
  const count = what.includes('small') ? SMALL_FILES : LARGE_FILES
  const alone = await drive(sink.endpoint, Math.round(expected / count), count)
  sink.clear()
  const median = (name: string) => spread(seconds.get(name) ?? []).p50
  const best = Math.min(...senders.slice(1).map(({ name }) => median(name)))
  return [
    ...senders.map(({ name }, index): Figure => {
      const value = median(name)
      const goal = index === 0 && Number.isFinite(best) ? atMost(value, Number(best.toFixed(2)), 's') : undefined
      const busy = Math.round(100 * spread(shares.get(name) ?? []).p50)
      const note = `${(expected / 1e6 / value).toFixed(0)} MB/s; the server busy for ${busy} % of a core`
      return { system: name, what, value, unit: 's', note, ...(goal ? { goal } : {}) }
    }),
    {
      system: 'the server alone',
      what,
      value: alone,
      unit: 's',
      note: 'the same bytes from one process that only sends',
    },
  ]
}

/** A file ten times as large should not need more. */
async function memoryFigure(
  folder: string,
  { sink, senders, databaseUrl }: Stage,
  { say }: BenchOptions,
): Promise<Figure> {
  const peaks: number[] = []
  const [own] = senders as [Sender]
  for (const bytes of [MEMORY_BYTES / 10, MEMORY_BYTES]) {
    rmSync(folder, { recursive: true, force: true })
    makeFiles(folder, 1, () => bytes)
    sink.clear()
    await forget(databaseUrl)
    const { peakBytes } = await runToEnd(own.start(folder, 'memory'))
    say(`one file of ${bytes / 1e6} MB: ${Math.round(peakBytes / 1e6)} MB of memory`)
    peaks.push(peakBytes)
  }
  const [first = 0, second = 0] = peaks
  const note = `${Math.round(first / 1e6)} MB for 100 MB, ${Math.round(second / 1e6)} MB for 1 GB`
  const value = second / first
  const goal = atMost(value, 1.25, '×')
  return {
    system: 'Ustat',
    what: 'memory for a file of 1 GB over that for 100 MB',
    value,
    unit: '×',
    note,
    ...(goal ? { goal } : {}),
  }
}

function ours(sink: Sink, databaseUrl: string, directory: string): Sender {
  const env = {
    PATH: process.env.PATH,
    // As `npm run library` has it.
    NODE_COMPILE_CACHE: 'node_modules/.cache/node',
    DATABASE_URL: databaseUrl,
    REDIS_URL: 'redis://127.0.0.1:1',
    DATA_DIR: join(directory, 'data'),
    S3_ENDPOINT: sink.endpoint,
    S3_REGION: 'us-east-1',
    S3_BUCKET: 'media',
    S3_ACCESS_KEY_ID: 'bench',
    S3_SECRET_ACCESS_KEY: 'bench',
  }
  mkdirSync(env.DATA_DIR)
  return {
    name: 'Ustat',
    start: (folder, round) =>
      spawn(process.execPath, ['server/library/cli.ts', 'upload', folder, '--prefix', round], { env, stdio: quiet }),
  }
}

function rclone(sink: Sink): Sender {
  const settings = {
    TYPE: 's3',
    PROVIDER: 'Other',
    ENDPOINT: sink.endpoint,
    ACCESS_KEY_ID: 'bench',
    SECRET_ACCESS_KEY: 'bench',
    REGION: 'us-east-1',
    NO_CHECK_BUCKET: 'true',
  }
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`RCLONE_CONFIG_SINK_${name}`, value]))
  return {
    name: 'rclone',
    start: (folder, round) =>
      spawn('rclone', ['copy', '--config', '/dev/null', '--transfers', '10', folder, `sink:media/${round}`], {
        env: { PATH: process.env.PATH, ...env },
        stdio: quiet,
      }),
  }
}

/** Debian's, which is the system's Python's. */
function boto3(sink: Sink): Sender {
  return {
    name: 'boto3, ten threads',
    start: (folder, round) =>
      spawn('/usr/bin/python3', ['test/bench/library-rival.py', folder, sink.endpoint, `${round}/`], {
        env: { PATH: process.env.PATH },
        stdio: quiet,
      }),
  }
}

const quiet: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe']

/** @throws when it ends with anything but 0 */
async function runToEnd(child: ChildProcess): Promise<{ seconds: number; peakBytes: number }> {
  const startedAt = performance.now()
  let said = ''
  child.stderr?.on('data', (text) => {
    said = `${said}${text}`.slice(-2000)
  })
  const ended = once(child, 'close')
  let isOver = false
  let peakBytes = 0
  const watching = (async () => {
    while (!isOver) {
      peakBytes = Math.max(peakBytes, (child.pid && readProcess(child.pid)?.memoryBytes) || 0)
      await delay(50)
    }
  })()
  const [code] = await ended
  const seconds = (performance.now() - startedAt) / 1000
  isOver = true
  await watching
  if (code !== 0) throw new Error(`it ended with ${code}: ${said}`)
  return { seconds, peakBytes }
}

/** Bytes that nobody can compress and no two files share, and the same in every run. */
function makeFiles(folder: string, count: number, sizeOf: (index: number) => number): void {
  const piece = Buffer.alloc(1e6)
  for (let at = 0; at < piece.length; at += 32) createHash('sha256').update(`${at}`).digest().copy(piece, at)
  for (let index = 0; index < count; index++) {
    const at = join(folder, String(index % 20))
    mkdirSync(at, { recursive: true })
    const size = sizeOf(index)
    const mark = Buffer.from(String(index).padStart(16, '0'))
    const file = join(at, `${index}.bin`)
    writeFileSync(file, Buffer.concat([mark, piece.subarray(0, Math.min(piece.length, size) - mark.length)]))
    for (let written = piece.length; written < size; written += piece.length) {
      piece.writeUInt32BE(written + index, 0)
      writeFileSync(file, piece.subarray(0, Math.min(piece.length, size - written)), { flag: 'a' })
    }
  }
}

function sizeOf(folder: string): number {
  // Read, not looked up: so that it is in memory for whoever comes first.
  return globSync('*/*.bin', { cwd: folder }).reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0)
}

async function forget(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('truncate library_file')
  await client.end()
}

async function startDatabase(directory: string, stack: AsyncDisposableStack): Promise<string> {
  const url = await startPostgres(
    {
      dataDir: join(directory, 'cluster'),
      socketDir: join(directory, 'postgres'),
      logFile: join(directory, 'postgres.log'),
      isDisposable: true,
      report: () => {},
    },
    stack,
  )
  const admin = new pg.Client({ connectionString: url('postgres') })
  await admin.connect()
  await admin.query('create database library')
  await admin.end()
  const orm = await openOrm(url('library'))
  await migrateDatabase(orm, url('library'))
  await orm.close(true)
  return url('library')
}
