import { readPassword } from './read-password.ts'
import { runCommand } from './run-command.ts'

/**
 * `npm run admin -- <command>`: what an operator does beside the running platform. The first admin is made here and nowhere
 * else. A password is asked for or read from standard input; on the command line others could read it.
 */
process.exitCode = await runCommand(process.argv.slice(2), {
  print: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
  readPassword,
  stopping() {
    const stopping = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
    return stopping.signal
  },
})
