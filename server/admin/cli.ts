import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { ConfigError } from '../../config/config.ts'
import { loadRunningConfig } from '../../config/local/running.ts'
import { ObjectStoreError } from '../../media/storage/object-store.ts'
import { openStore } from '../../media/storage/open-store.ts'
import { BackupError } from '../backups/backup-error.ts'
import { backupCommands, backupUsage } from '../backups/commands.ts'
import { createContext } from '../context.ts'
import { isDatabaseOutage } from '../db/outage.ts'
import { DomainError } from '../errors.ts'
import { sentenceFor } from '../http/errors.ts'
import { createLogger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { CommandError, commands, usage } from './commands.ts'
import { readPassword } from './read-password.ts'

const REDIS_PATIENCE_MS = 2000
const help = `${usage}${backupUsage}`
/** Ctrl-C undoes what a backup or a restore has done so far. */
const stopping = new AbortController()

/**
 * `npm run admin -- <command>`: what an operator does beside the running platform. The first admin is made here and nowhere
 * else. A password is asked for or read from standard input; on the command line others could read it.
 */
try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      'first-name': { type: 'string' },
      'last-name': { type: 'string' },
      role: { type: 'string' },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const [name = '', ...words] = positionals
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  const backupCommand = Object.hasOwn(backupCommands, name) ? backupCommands[name] : undefined
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  if ((!command && !backupCommand) || values.help) {
    const isAsked = values.help === true
    process[isAsked ? 'stdout' : 'stderr'].write(help)
    process.exitCode = isAsked ? 0 : 1
  } else if (backupCommand) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
    const config = loadRunningConfig()
    const store = openStore(config.store, config.storeBefore)
    await backupCommand(words, { config, store, isSure: values.yes, print, signal: stopping.signal })
  } else if (command) {
    const config = loadRunningConfig()
    await using context = await createContext(config, { role: 'api', log: createLogger('admin', 'silent') })
    if (!(await isThere(context.redis))) {
      process.stderr.write('Redis cannot be reached: running processes notice changes only after a minute.\n')
    }
    await command(words, { context, print, readPassword, options: values })
  }
} catch (error) {
  process.exitCode = 1
  process.stderr.write(`${sentenceOf(error)}\n`)
}

async function isThere(redis: RedisClient): Promise<boolean> {
  if (redis.isReady) return true
  return once(redis, 'ready', { signal: AbortSignal.timeout(REDIS_PATIENCE_MS) }).then(
    () => true,
    () => false,
  )
}

function sentenceOf(error: unknown): string {
  if (stopping.signal.aborted) return 'Stopped; nothing is left half done.'
  if (error instanceof DomainError) return sentenceFor(error.code)
  if (error instanceof ConfigError || error instanceof CommandError || error instanceof BackupError) {
    return error.message
  }
  if (error instanceof ObjectStoreError) {
    return `The store cannot be reached or is in trouble (${error.message}). Nothing is left half done; run it again.`
  }
  if (isDatabaseOutage(error)) return 'The database cannot be reached: does `npm start` run with this DATA_DIR?'
  const { code, message, stack } = error as NodeJS.ErrnoException
  return code?.startsWith('ERR_PARSE_ARGS') ? `${message}\n${help}` : (stack ?? String(error))
}
