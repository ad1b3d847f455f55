import { createECDH, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigError } from '../config.ts'

export const secretNames = ['JWT_SECRET', 'TOKEN_SECRET', 'STREAM_KEY_SECRET', 'INTERNAL_SECRET'] as const
/** One without the other would be no use, and push works without both. */
const pairNames = ['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY'] as const
const everyName = [...secretNames, ...pairNames]
type Secrets = Record<(typeof secretNames)[number], string> & Partial<Record<(typeof pairNames)[number], string>>

/**
 * The four secrets and the key pair for push: those of the environment, and for a trial the missing ones made once and kept
 * in `file`, which only its owner may read. In production nothing is made: whoever runs it keeps its secrets where its
 * backups do not go.
 *
 * @throws {ConfigError} naming what is missing in production
 */
export function findSecrets(env: NodeJS.ProcessEnv, file: string): Secrets {
  const missing = secretNames.filter((name) => !env[name])
  const isProduction = env.NODE_ENV === 'production'
  if (missing.length > 0 && isProduction) {
    throw new ConfigError(`With NODE_ENV=production nothing is made up: set ${missing.join(', ')}.`)
  }
  const lacksPair = !isProduction && pairNames.every((name) => !env[name])
  const kept = missing.length > 0 || lacksPair ? keep(file) : {}
  const names = lacksPair ? everyName : secretNames
  return Object.fromEntries(names.map((name) => [name, env[name] || kept[name]])) as Secrets
}

function keep(file: string): Partial<Secrets> {
  const known: Partial<Secrets> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  if (everyName.every((name) => known[name])) return known
  const pair = makePair()
  const whole = Object.fromEntries(
    everyName.map((name) => [name, known[name] ?? pair[name] ?? randomBytes(32).toString('base64url')]),
  )
  mkdirSync(dirname(file), { recursive: true })
  // Half a file would lose the key that every stream key is encrypted with.
  writeFileSync(`${file}.new`, `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return whole
}

/** P-256, as RFC 8292 says: the point uncompressed, the number in all of its 32 bytes. */
function makePair(): Partial<Secrets> {
  const pair = createECDH('prime256v1')
  const VAPID_PUBLIC_KEY = pair.generateKeys().toString('base64url')
  const number = pair.getPrivateKey()
  const VAPID_PRIVATE_KEY = Buffer.concat([Buffer.alloc(32 - number.length), number]).toString('base64url')
  return { VAPID_PUBLIC_KEY, VAPID_PRIVATE_KEY }
}
