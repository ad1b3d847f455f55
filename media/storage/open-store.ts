import type { StoreConfig } from '../../config/config.ts'
import { DiskStore } from './disk-store.ts'
import type { ObjectStore } from './object-store.ts'
import { S3Store } from './s3-store.ts'

/** Connects to nothing yet: a store that is away is found out, and waited for, at its first use. */
export function openStore(config: StoreConfig): ObjectStore {
  return config.kind === 'disk' ? new DiskStore(config.directory) : new S3Store(config)
}
