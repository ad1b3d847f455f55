import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { Export } from './export.ts'
import { conversionPath } from './make-export.job.ts'

const BATCH = 200
/** What a crashed process has left: nothing is under way for so long. */
const LEFT_OVER_MS = 48 * 3600_000

/** The queue has given it up long before; it takes up one of its owner's places no longer. */
const STUCK_MS = 2 * 3600_000

/** Deletes what has expired or was cancelled, files first: a store that is away leaves the row for the next run. */
export async function purgeExports({ orm, store, config }: Context, now = new Date()): Promise<void> {
  const longAgo = new Date(now.getTime() - STUCK_MS)
  await orm.em
    .fork()
    .nativeUpdate(
      Export,
      { status: { $in: ['queued', 'processing'] }, createdAt: { $lt: longAgo } },
      { status: 'failed', failure: 'export_abandoned' },
    )
  for (;;) {
    const em = orm.em.fork()
    const expired = await em.find(Export, { expiresAt: { $lt: now } }, { limit: BATCH })
    if (expired.length === 0) break
    await store.delete(expired.map((each) => each.objectKey()))
    for (const { id } of expired) await rm(conversionPath(config.dataDir, id), { force: true })
    await em.nativeDelete(Export, { id: { $in: expired.map(({ id }) => id) } })
  }
  const folder = join(config.dataDir, 'exports')
  for (const name of await readdir(folder).catch(() => [])) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: now.getTime() }))
    if (mtimeMs < now.getTime() - LEFT_OVER_MS) await rm(join(folder, name), { recursive: true, force: true })
  }
}
