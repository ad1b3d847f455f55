import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { MediaHost } from './host.ts'
import type { Logger } from './logger.ts'
import type { HlsServer } from './packager/hls-server.ts'
import type { ObjectStore } from './storage/object-store.ts'

/** What sessions share. Built once by main.ts, in tests from parts. */
export interface MediaContext {
  config: Pick<Config, 'nodeName' | 'mediaUrl' | 'dataDir' | 'packager' | 'ingest'>
  logger: Logger
  host: MediaHost
  store: ObjectStore
  hls: Pick<HlsServer, 'add' | 'retire' | 'viewers'>
  /** Where the studio's view of a show goes: kept `keptMs`, lost without harm. */
  publishHealth: (broadcast: string, json: string, keptMs: number) => Promise<void>
  /** Time for a lost publisher to come back to the same broadcast. */
  returnWithinMs: number
  /** Milliseconds since 1970. */
  now: () => number
}

/** Where broadcasts are kept until the object store has them. */
export function spoolOf({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'spool')
}
