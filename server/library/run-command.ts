import type { Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { ConfigError } from '../../config/config.ts'
import { loadRunningConfig } from '../../config/local/running.ts'
import { ObjectStoreError } from '../../media/storage/object-store.ts'
import { openStore } from '../../media/storage/open-store.ts'
import { Patience } from '../../media/storage/patience.ts'
import { isDatabaseOutage } from '../db/outage.ts'
import { commands, usage } from './commands.ts'
import { LibraryError } from './library-error.ts'
import { printable } from './library-path.ts'
import { Manifest } from './manifest.ts'
import { ProgressBar } from './progress-bar.ts'
import type { CommandOptions } from './surroundings.ts'

const CONNECTIONS = 4
const DATABASE_MS = 5000

/** Where a command speaks. */
export interface Terminal {
  /** Instead of this process's own. */
  env?: NodeJS.ProcessEnv
  out: Writable & { isTTY?: boolean }
  err: Writable
  /** Ends a command at once: what is under way is begun again, or gone on with, by the next run. */
  signal: AbortSignal
}

/**
 * One command on the library of the running platform, which is found by DATA_DIR. What goes wrong is said in one sentence.
 *
 * @returns the exit code: 0 when everything is there
 */
export async function runCommand(args: string[], { env, out, err, signal }: Terminal): Promise<number> {
  try {
    const { name, words, options, patienceMs } = parseCommand(args)
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!command) {
      const isAsked = name === 'help'
      const to = isAsked ? out : err
      to.write(usage)
      return isAsked ? 0 : 1
    }
    const config = loadRunningConfig(env)
    const databaseUrl = config.database.url
    const pool = new pg.Pool({
      connectionString: databaseUrl,
      max: CONNECTIONS,
      connectionTimeoutMillis: DATABASE_MS,
    })
    // An idle connection that breaks is replaced; one in use tells its query.
    pool.on('error', () => {})
    await using _pool = { [Symbol.asyncDispose]: () => pool.end() }
    const library = {
      store: openStore(config.store, config.storeBefore),
      manifest: new Manifest(pool),
      patience: new Patience({ limitMs: patienceMs, signal }),
    }
    const isWhole = await command(words, options, {
      library,
      config,
      databaseUrl,
      openStore,
      print: (lines) => out.write(lines.map((line) => `${line}\n`).join('')),
      // In a terminal over what was there; in a log below it.
      screen: (lines) => out.write(`${out.isTTY ? '\x1b[H\x1b[2J' : ''}${lines.join('\n')}\n`),
      progress: (verb) => new ProgressBar(verb, err),
      signal,
    })
    return isWhole ? 0 : 1
  } catch (error) {
    err.write(`${signal.aborted ? 'Stopped. Run it again to go on.' : sentenceOf(error)}\n`)
    return 1
  }
}

function parseCommand(args: string[]) {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      prefix: { type: 'string', default: '' },
      concurrency: { type: 'string', default: '10' },
      depth: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      deep: { type: 'boolean', default: false },
      public: { type: 'boolean', default: false },
      from: { type: 'string' },
      to: { type: 'string' },
      origin: { type: 'string', multiple: true, default: [] },
      reads: { type: 'string' },
      'egress-gb': { type: 'string' },
      patience: { type: 'string', default: '120' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const options: CommandOptions = {
    prefix: values.prefix,
    concurrency: numberFrom('concurrency', values.concurrency, 1, 200),
    depth: values.depth === undefined ? undefined : numberFrom('depth', values.depth, 1, 100),
    isDryRun: values['dry-run'],
    isDeep: values.deep,
    isPublic: values.public,
    from: storeFrom(values.from),
    to: storeFrom(values.to),
    origins: values.origin.map(originFrom),
    reads: values.reads === undefined ? undefined : numberFrom('reads', values.reads, 0, 1e15),
    egressGb: values['egress-gb'] === undefined ? undefined : numberFrom('egress-gb', values['egress-gb'], 0, 1e9),
  }
  const [name = '', ...words] = positionals
  const patienceMs = numberFrom('patience', values.patience, 0, 86_400) * 1000
  return { name: values.help ? 'help' : name, words, options, patienceMs }
}

function numberFrom(name: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && number >= least && number <= most) return number
  throw new LibraryError(`--${name}: a number from ${least} to ${most}.`)
}

function storeFrom(text: string | undefined): 'disk' | 's3' | undefined {
  if (text === undefined || text === 'disk' || text === 's3') return text
  throw new LibraryError('A store is disk or s3.')
}

function originFrom(text: string): string {
  if (text === '*' || (URL.canParse(text) && new URL(text).origin === text)) return text
  throw new LibraryError('--origin: such as https://example.org, or *.')
}

function sentenceOf(error: unknown): string {
  if (error instanceof LibraryError || error instanceof ConfigError) return error.message
  if (error instanceof ObjectStoreError) return storeSentence(error)
  if (isDatabaseOutage(error)) {
    return 'The database cannot be reached: does `npm start` run with this DATA_DIR? Then run it again to go on.'
  }
  const { code, message, stack } = error as NodeJS.ErrnoException
  return code?.startsWith('ERR_PARSE_ARGS') ? `${message}\n${usage}` : (stack ?? String(error))
}

function storeSentence({ code, trouble, message }: ObjectStoreError): string {
  const details = `(${printable(message)})`
  if (code === 'full') return `The store has no space left ${details}. Make some, then run it again to go on.`
  if (code === 'not_found') return `The store does not have it ${details}.`
  if (trouble === 'lasting') return `The store refuses us: see the S3_ variables ${details}.`
  return `The store cannot be reached or is in trouble ${details}. Run it again to go on.`
}
