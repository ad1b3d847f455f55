import type { ObjectStore } from '../../media/storage/object-store.ts'
import { deleteBackup } from './delete-backup.ts'
import { type FoundBackup, findBackups } from './find-backups.ts'
import { momentOf } from './manifest.ts'

const KEPT_DAYS = 7
const DAY_MS = 24 * 3600 * 1000

/**
 * Keeps the newest whole backup of each of the last seven days that have one, and whatever is less than a day old; only what
 * is unfinished goes at once, unless it is newer than every whole one: that may be under way.
 *
 * @returns the names of those that were deleted
 */
export async function purgeBackups(store: ObjectStore, now: Date): Promise<string[]> {
  const due = outdated(await findBackups(store), now)
  for (const name of due) await deleteBackup(store, name)
  return due
}

/** @param all newest first */
export function outdated(all: readonly Pick<FoundBackup, 'name' | 'manifest'>[], now: Date): string[] {
  const newest = all.find(({ manifest }) => manifest)?.name ?? ''
  const days = new Set<string>()
  const due: string[] = []
  for (const { name, manifest } of all) {
    if (!manifest) {
      if (name < newest) due.push(name)
      continue
    }
    const day = name.slice(0, 8)
    const isFirst = !days.has(day) && days.size < KEPT_DAYS
    if (isFirst) days.add(day)
    else if (now.getTime() - momentOf(name).getTime() > DAY_MS) due.push(name)
  }
  return due
}
