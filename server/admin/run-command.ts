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
import { CommandError, commands, type Surroundings, usage } from './commands.ts'

const REDIS_PATIENCE_MS = 2000
const help = `${usage}${backupUsage}`

export interface Terminal extends Pick<Surroundings, 'readPassword'> {
  /** Instead of this process's own. */
  env?: NodeJS.ProcessEnv
  /** To standard output. */
  print(text: string): void
  /** To standard error. */
  complain(text: string): void
  /** Asked for by what Ctrl-C does not simply end: a backup or a restore undoes what it has done so far. */
  stopping(): AbortSignal
}

/**
 * One command beside the running platform, which is found by DATA_DIR. What goes wrong is said in one sentence.
 *
 * @returns the exit code
 */
export async function runCommand(args: string[], terminal: Terminal): Promise<number> {
  const { env, print, complain, readPassword } = terminal
  const printLine = (line: string) => print(`${line}\n`)
  let signal: AbortSignal | null = null
  try {
    const { positionals, values } = parseArgs({
      args,
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
    if ((!command && !backupCommand) || values.help) {
      if (values.help) print(help)
      else complain(help)
      return values.help ? 0 : 1
    }
    const config = loadRunningConfig(env)
    if (backupCommand) {
      signal = terminal.stopping()
      const store = openStore(config.store, config.storeBefore)
      await backupCommand(words, { config, store, isSure: values.yes, print: printLine, signal })
    } else if (command) {
      await using context = await createContext(config, { role: 'api', log: createLogger('admin', 'silent') })
      if (!(await isThere(context.redis))) {
        complain('Redis cannot be reached: running processes notice changes only after a minute.\n')
      }
      await command(words, { context, print: printLine, readPassword, options: values })
    }
    return 0
  } catch (error) {
    complain(`${signal?.aborted ? 'Stopped; nothing is left half done.' : sentenceOf(error)}\n`)
    return 1
  }
}

async function isThere(redis: RedisClient): Promise<boolean> {
  if (redis.isReady) return true
  return once(redis, 'ready', { signal: AbortSignal.timeout(REDIS_PATIENCE_MS) }).then(
    () => true,
    () => false,
  )
}

function sentenceOf(error: unknown): string {
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
