import { writeSync } from 'node:fs'

/**
 * Standard output for a logger, which may lose its reader: a launcher that was killed, a terminal that was closed. Then
 * lines are dropped. pino's own destination tries again for ever, and the process with it never gets to its drain.
 */
export const logOutput = {
  write(line: string): void {
    try {
      writeSync(1, line)
    } catch {
      // Nobody reads any more.
    }
  },
}
