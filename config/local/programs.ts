import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ProcessError } from './processes.ts'

/**
 * A program's path. Debian keeps nginx where an ordinary user's PATH does not lead.
 *
 * @throws {ProcessError} naming what is missing
 */
export function findProgram(name: string): string {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  const found = directories.map((directory) => join(directory, name)).find(isExecutable)
  if (!found) throw new ProcessError(`${name} is not installed: run \`npm start\`, which installs it or says how.`)
  return found
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
