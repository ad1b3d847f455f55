import { spawn } from 'node:child_process'

/** Something a person must do, in one sentence; printed as it is. */
export class SetupError extends Error {}

/**
 * Runs a command; resolves with its exit code and the end of what it printed.
 *
 * @param {{ onLine?: (line: string) => void } & import('node:child_process').SpawnOptions} options `onLine` sees each
 *   line as it comes; with `stdio: 'inherit'` there are none
 */
export function run(command, args, { onLine, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let text = ''
    let rest = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (piece) => {
        text = (text + piece).slice(-10_000)
        const lines = (rest + piece).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onLine?.(line)
      })
    }
    child.once('error', (error) => resolve({ code: 127, text: error.message }))
    child.once('close', (code, signal) => resolve({ code: signal ? 128 : code, text }))
  })
}

/** Says a line every `everyMs` until the work is done, so that a long step is not taken for a dead one. */
export async function withProgress(work, everyMs, line) {
  const timer = setInterval(line, everyMs)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
