import { existsSync } from 'node:fs'
import { ConfigError } from '../config.ts'
import { ProcessError } from './processes.ts'

/** So long after the first signal a second one is taken for the same: npm passes on the Ctrl-C that we have seen. */
const SAME_SIGNAL_MS = 1000

/**
 * Runs `begin` until a signal comes, then disposes what it has put on the stack; the same when it fails. A person's
 * second Ctrl-C does not wait: what is left then is told to stop by the kernel (`setpriv --pdeathsig`).
 */
export async function launch(begin: (stack: AsyncDisposableStack) => Promise<void>): Promise<void> {
  // A terminal that is gone must not stop the drain.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  if (existsSync('.env')) process.loadEnvFile('.env')
  const stack = new AsyncDisposableStack()
  const stopped = whenAsked()
  try {
    await Promise.race([stopped, begin(stack).then(() => stopped)])
  } catch (error) {
    process.exitCode = 1
    const isExpected = error instanceof ConfigError || error instanceof ProcessError
    process.stderr.write(`${isExpected ? error.message : (error as Error).stack}\n`)
  }
  await stack.disposeAsync()
  process.exit()
}

function whenAsked(): Promise<void> {
  const asked = Promise.withResolvers<void>()
  let askedAt = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (askedAt === 0) {
        askedAt = performance.now()
        print('Stopping …')
        asked.resolve()
      } else if (performance.now() - askedAt > SAME_SIGNAL_MS) {
        process.exit(130)
      }
    })
  }
  return asked.promise
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
