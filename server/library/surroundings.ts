import type { Config, StoreConfig } from '../../config/config.ts'
import type { ObjectStore } from '../../media/storage/object-store.ts'
import type { Library, Progress } from './upload.ts'

export interface CommandOptions {
  prefix: string
  concurrency: number
  depth: number | undefined
  isDryRun: boolean
  isDeep: boolean
  isPublic: boolean
  from: StoreConfig['kind'] | undefined
  to: StoreConfig['kind'] | undefined
  origins: string[]
  reads: number | undefined
  egressGb: number | undefined
}

/** What a command works on and speaks through. */
export interface Surroundings {
  library: Library
  config: Config
  databaseUrl: string
  openStore(config: StoreConfig): ObjectStore
  print(lines: readonly string[]): void
  /** Shows lines in place of the last ones. */
  screen(lines: readonly string[]): void
  progress(verb: string): Progress & Disposable
  signal: AbortSignal
}
