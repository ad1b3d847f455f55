import { MikroORM, type Options } from '@mikro-orm/postgresql'
import pg from 'pg'
import type { Config } from '../../config/config.ts'
import { type Orm, ormOptions } from '../db/orm.ts'
import { isDatabaseOutage } from '../db/outage.ts'
import type { Logger } from '../logger.ts'
import { ANALYTICS_SCHEMA, CourseView } from './course-view.ts'
import { LessonProgressFact } from './lesson-progress-fact.ts'
import { RevenueFact } from './revenue-fact.ts'
import { UserActivity } from './user-activity.ts'

export function analyticsOptions(url: string, overrides: Partial<Options> = {}): Options {
  const options = ormOptions(url)
  const path = `${import.meta.dirname}/migrations`
  return {
    ...options,
    entities: [CourseView, UserActivity, RevenueFact, LessonProgressFact],
    schema: ANALYTICS_SCHEMA,
    migrations: {
      ...options.migrations,
      path,
      pathTs: path,
      // A list of its own, of the same form and beside its tables.
      tableName: `${ANALYTICS_SCHEMA}.mikro_orm_migrations`,
    },
    // The other tables of a shared database are none of its business.
    schemaGenerator: { ignoreSchema: ['public', 'pgboss'] },
    pool: { min: 0, max: 5 },
    ...overrides,
  }
}

/** The mapper of the analytics' tables; connects with the first query, so a database that is away costs nobody a start. */
export async function openAnalytics(url: string): Promise<Orm> {
  return MikroORM.init(analyticsOptions(url))
}

/** Any number but the main one's: both may be in one database. */
export const STATISTICS_LOCK = 0x7573746175

/** Brings the analytics' tables to this version, one process at a time. */
export async function migrateAnalytics(orm: Orm, url: string): Promise<string[]> {
  const turn = new pg.Client({ connectionString: url })
  await turn.connect()
  try {
    await turn.query('select pg_advisory_lock($1)', [STATISTICS_LOCK])
    await turn.query(`create schema if not exists ${ANALYTICS_SCHEMA}`)
    const applied = await orm.migrator.up()
    return applied.map(({ name }) => name)
  } finally {
    await turn.end()
  }
}

/**
 * The same for the `migrate` role. A database of their own that is away does not keep the platform from starting: its jobs
 * wait, and the next start tries again.
 */
export async function migrateStatistics(config: Config, log: Logger): Promise<string[]> {
  const { url } = config.analytics
  const orm = await openAnalytics(url)
  try {
    return await migrateAnalytics(orm, url)
  } catch (error) {
    if (url === config.database.url || !isDatabaseOutage(error)) throw error
    log.error({ error }, 'the database of the statistics is away; it is not brought to this version')
    return []
  } finally {
    await orm.close(true)
  }
}
