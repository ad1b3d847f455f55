import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../config.ts'

const LOG_LIMIT_BYTES = 20_000_000

/**
 * Makes the data directory this launcher's own until the stack is disposed. Two would share a database's files.
 *
 * @throws {ConfigError} another launcher that is alive has it
 */
export function claimDataDir(dataDir: string, stack: AsyncDisposableStack): void {
  try {
    mkdirSync(join(dataDir, 'logs'), { recursive: true })
  } catch (error) {
    throw new ConfigError(`DATA_DIR: ${dataDir} cannot be written to (${(error as NodeJS.ErrnoException).code}).`)
  }
  const owner = lastLauncher(dataDir)
  if (owner !== process.pid && isLauncher(owner)) {
    throw new ConfigError(`DATA_DIR: ${dataDir} is in use by process ${owner}; give each instance its own.`)
  }
  const file = pidFile(dataDir)
  writeFileSync(file, `${process.pid}\n`)
  stack.defer(() => rmSync(file, { force: true }))
}

/** True when the last launcher was killed: what it had started may still be draining. */
export function wasLeftInHaste(dataDir: string): boolean {
  const owner = lastLauncher(dataDir)
  return owner !== 0 && !isLauncher(owner)
}

function lastLauncher(dataDir: string): number {
  const file = pidFile(dataDir)
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
}

function pidFile(dataDir: string): string {
  return join(dataDir, 'launcher.pid')
}

/** Where a service's own lines go; an old log that has grown long is put aside first. */
export function logFile(dataDir: string, name: string): string {
  const file = join(dataDir, 'logs', `${name}.log`)
  if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`)
  return file
}

/** A process id is used again after a reboot: only a Node with one of our files counts. */
function isLauncher(pid: number): boolean {
  if (!pid) return false
  try {
    process.kill(pid, 0)
    const commandLine = `/proc/${pid}/cmdline`
    return !existsSync(commandLine) || readFileSync(commandLine, 'utf8').includes('config/local/')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
