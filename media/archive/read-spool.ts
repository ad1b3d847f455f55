import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../logger.ts'
import { Catalogue } from './catalogue.ts'
import { Journal, readJournal } from './journal.ts'
import { JOURNAL } from './keeper.ts'

/** A broadcast that an earlier process left in the spool. */
export interface LeftBroadcast {
  catalogue: Catalogue
  /** Goes on where it ended. */
  journal: Journal
  directory: string
}

const broadcastName = /^[0-9a-f]{24}$/

/** Every broadcast of the spool. One whose journal cannot be read is put aside, for a person to look at. */
export async function* readSpool(root: string, logger: Logger): AsyncGenerator<LeftBroadcast> {
  const names = await readdir(root).catch(() => [])
  for (const name of names.filter((name) => broadcastName.test(name))) {
    const directory = join(root, name)
    try {
      const left = await readBroadcast(directory, logger)
      if (left) yield left
    } catch (error) {
      const aside = `${directory}.unreadable`
      logger.error({ error, aside }, 'a broadcast in the spool cannot be read; its folder is put aside')
      await rename(directory, aside).catch(() => {})
    }
  }
}

async function readBroadcast(directory: string, logger: Logger): Promise<LeftBroadcast | null> {
  const file = join(directory, JOURNAL)
  const read = await readJournal(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  const opened = read?.facts[0]
  if (!read || (read.damaged === 0 && !opened)) {
    // A keeper removes the journal first; and before its first line nothing had come.
    await rm(directory, { recursive: true, force: true })
    return null
  }
  if (opened?.fact !== 'opened') throw new Error('the journal does not begin with its broadcast')
  if (read.damaged > 0) logger.error({ directory, lines: read.damaged }, 'damaged lines in a journal')
  const catalogue = new Catalogue(opened)
  for (const fact of read.facts) catalogue.take(fact)
  return { catalogue, journal: new Journal(file, read.length), directory }
}
