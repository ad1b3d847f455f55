import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Config, ConfigError, loadConfig, variableNames } from '../config.ts'
import { findSecrets } from './secrets.ts'

/**
 * Leaves what our processes were started with in the data directory, for its owner's eyes alone, until the stack is
 * disposed: a command that is run beside them finds the sockets there.
 */
export function keepEnvironment(dataDir: string, env: NodeJS.ProcessEnv, stack: AsyncDisposableStack): void {
  const file = fileIn(dataDir)
  const kept = Object.fromEntries(variableNames.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
  // Never half of it, nor for a moment readable by others.
  writeFileSync(`${file}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  stack.defer(() => rmSync(file, { force: true }))
}

/**
 * The configuration of the platform that runs in DATA_DIR, or of the services that the environment names (as in a
 * container); what the environment says wins.
 *
 * @throws {ConfigError} in one sentence
 */
export function loadRunningConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  if (environment === process.env && existsSync('.env')) process.loadEnvFile('.env')
  const dataDir = resolve(environment.DATA_DIR || './data')
  const file = fileIn(dataDir)
  const kept: NodeJS.ProcessEnv = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const said = Object.fromEntries(Object.entries(environment).filter(([, value]) => value))
  const env: NodeJS.ProcessEnv = { ...kept, ...said, DATA_DIR: dataDir, LISTEN: '-' }
  if (!env.DATABASE_URL || !env.REDIS_URL) {
    throw new ConfigError(
      `Nothing runs in DATA_DIR ${dataDir}: start it with \`npm start\`, or set DATABASE_URL and REDIS_URL.`,
    )
  }
  return loadConfig({ ...env, ...findSecrets(env, join(dataDir, 'secrets.json')) })
}

function fileIn(dataDir: string): string {
  return join(dataDir, 'environment.json')
}
