import type { Context } from '../context.ts'
import { makeBackup } from './make-backup.ts'
import { bytesOf } from './manifest.ts'
import { purgeBackups } from './purge-backups.ts'

/**
 * The nightly backup; then those that it makes superfluous are deleted.
 *
 * @throws whatever may pass by itself: a store or a database that is away, another backup that is being made
 */
export async function backUp(context: Context, signal?: AbortSignal): Promise<void> {
  const { log, store } = context
  const manifest = await makeBackup(context, { signal })
  const { name, seconds, media } = manifest
  log.info({ backup: name, seconds, bytes: bytesOf(manifest), objects: media.objects }, 'the database is backed up')
  try {
    const deleted = await purgeBackups(store, new Date())
    if (deleted.length > 0) log.info({ deleted }, 'old backups are deleted')
  } catch (error) {
    // Tomorrow's does it; a retry would make one more instead.
    log.warn({ error }, 'old backups could not be deleted')
  }
}
