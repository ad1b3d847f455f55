import { Gauge, type Registry } from 'prom-client'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import { Remembered } from '../remembered.ts'
import { findBackups } from './find-backups.ts'
import { bytesOf, type Manifest, momentOf } from './manifest.ts'

/** The store is asked no more often than this, whoever scrapes. */
const REMEMBERED_MS = 5 * 60_000

/** The newest whole backup in the store, whoever made it. */
export function measureBackups(registry: Registry, store: ObjectStore, rememberedMs = REMEMBERED_MS): void {
  const newest = new Remembered<Manifest | null>(
    async () => (await findBackups(store)).find(({ manifest }) => manifest)?.manifest ?? null,
    rememberedMs,
  )
  const gauge = (name: string, help: string, read: (manifest: Manifest) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        // Without its store the rest of the metrics is still worth reading.
        const manifest = await newest.get('').catch(() => null)
        if (manifest) this.set(read(manifest))
        // Zero would be a backup of this second.
        else this.remove()
      },
    })
  gauge('backup_age_seconds', 'Since the newest whole backup was begun.', ({ name }) =>
    Math.max(0, (Date.now() - momentOf(name).getTime()) / 1000),
  )
  gauge('backup_bytes', 'Of the newest whole backup, gzipped; the media are not in it.', bytesOf)
  gauge('backup_duration_seconds', 'How long the newest whole backup took.', ({ seconds }) => seconds)
}
