import { createClient } from 'redis'
import type { Config } from '../config/config.ts'
import type { MediaHost } from './host.ts'
import { createHostClient } from './host-client.ts'
import { createLogger, type Logger } from './logger.ts'
import { type HlsServer, startHlsServer } from './packager/hls-server.ts'
import type { ObjectStore } from './storage/object-store.ts'
import { openStore } from './storage/open-store.ts'
import { Revocations } from './storage/revocations.ts'

/** What sessions share. Built once by main.ts, in tests from parts. */
export interface MediaContext {
  config: Pick<Config, 'nodeName' | 'mediaUrl' | 'dataDir' | 'packager' | 'ingest'>
  logger: Logger
  host: MediaHost
  store: ObjectStore
  hls: HlsServer
  redis: { isReady: boolean; set(key: string, value: string, options: { PX: number }): Promise<unknown> }
  now: () => number
}
