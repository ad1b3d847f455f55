import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'

const VERSION = 'catalog:version'

/** What guests are shown of the catalogue, kept in Redis under a version that each change counts up. */
export class CatalogCache {
  readonly #redis: RedisClient
  readonly #log: Logger

  constructor(redis: RedisClient, log: Logger) {
    this.#redis = redis
    this.#log = log
  }

  /** After the commit of whatever changes what the catalogue shows: before it, an old answer could be kept as a new one. */
  async bump(): Promise<void> {
    try {
      if (this.#redis.isReady) await this.#redis.incr(VERSION)
    } catch (error) {
      this.#log.warn({ error }, 'the catalogue may be old for a while')
    }
  }
}
