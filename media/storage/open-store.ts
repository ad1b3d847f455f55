import type { StoreConfig } from '../../config/config.ts'
import { DiskStore } from './disk-store.ts'
import { MigratingStore } from './migrating-store.ts'
import type { ObjectStore } from './object-store.ts'
import { S3Store } from './s3-store.ts'

/**
 * Connects to nothing yet: a store that is away is found out, and waited for, at its first use.
 *
 * @param before where the objects were, while they are on their way from there
 */
export function openStore(config: StoreConfig, before: StoreConfig | null = null): ObjectStore {
  const store = config.kind === 'disk' ? new DiskStore(config.directory) : new S3Store(config)
  return before ? new MigratingStore(store, openStore(before)) : store
}
