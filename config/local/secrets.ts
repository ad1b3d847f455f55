import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigError } from '../config.ts'

export const secretNames = ['JWT_SECRET', 'TOKEN_SECRET', 'STREAM_KEY_SECRET', 'INTERNAL_SECRET'] as const
type Secrets = Record<(typeof secretNames)[number], string>

/**
 * The four secrets: those of the environment, and for a trial the missing ones made once and kept in `file`, which only
 * its owner may read. In production nothing is made: whoever runs it keeps its secrets where its backups do not go.
 *
 * @throws {ConfigError} naming what is missing in production
 */
export function findSecrets(env: NodeJS.ProcessEnv, file: string): Secrets {
  const missing = secretNames.filter((name) => !env[name])
  if (missing.length > 0 && env.NODE_ENV === 'production') {
    throw new ConfigError(`With NODE_ENV=production nothing is made up: set ${missing.join(', ')}.`)
  }
  const kept = missing.length > 0 ? keep(file) : {}
  return Object.fromEntries(secretNames.map((name) => [name, env[name] || kept[name]])) as Secrets
}

function keep(file: string): Partial<Secrets> {
  const known: Partial<Secrets> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const whole = Object.fromEntries(
    secretNames.map((name) => [name, known[name] ?? randomBytes(32).toString('base64url')]),
  )
  if (secretNames.every((name) => known[name])) return known
  mkdirSync(dirname(file), { recursive: true })
  // Half a file would lose the key that every stream key is encrypted with.
  writeFileSync(`${file}.new`, `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return whole
}
