import { runCommand } from './run-command.ts'

/**
 * `npm run library -- <command>`: the media library, beside the running platform. Ends with 0 when everything is there.
 * Ctrl-C ends it at once: what is under way is begun again, or gone on with, by the next run.
 */
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())
const { stdout: out, stderr: err } = process
// `library status | head`
out.on('error', () => process.exit(1))

process.exitCode = await runCommand(process.argv.slice(2), { out, err, signal: stopping.signal })
