import { readdir, rm, stat } from 'node:fs/promises'
import type { Context } from '../context.ts'
import { deleteVideoFiles } from './delete-video-files.job.ts'
import { UPLOAD_LIFETIME_MS, uploadDirectory, uploadPath } from './uploads.ts'
import { Video } from './video.ts'

/**
 * Ends uploads that nobody went on with for 48 hours, with their rows, and removes files that belong to no video.
 *
 * @param now milliseconds since 1970
 */
export async function purgeUploads(context: Context, now = Date.now()): Promise<void> {
  const { config, orm } = context
  const em = orm.em.fork()
  const since = now - UPLOAD_LIFETIME_MS
  const begun = await em.find(Video, { status: 'uploading', createdAt: { $lt: new Date(since) } }, { fields: ['id'] })
  for (const { id } of begun) {
    if ((await lastWrite(uploadPath(config.dataDir, id))) > since) continue
    // Nothing of it comes any more: a request that does finds no row.
    const rows = await em.nativeDelete(Video, { id, status: 'uploading' })
    if (rows > 0) await deleteVideoFiles(context, id)
  }
  const directory = uploadDirectory(config.dataDir)
  for (const name of await readdir(directory).catch(() => [])) {
    const id = /^([0-9a-f]{24})(?:\.json)?$/.exec(name)?.[1]
    if (!id || (await lastWrite(`${directory}/${name}`)) > since) continue
    const isWaiting = await em.count(Video, { id, status: ['uploading', 'queued', 'processing'] })
    if (isWaiting === 0) await rm(`${directory}/${name}`, { force: true })
  }
}

/** Milliseconds since 1970; 0 of what is not there. */
async function lastWrite(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
}
