import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrateAnalytics, openAnalytics } from '../../../server/analytics/orm.ts'
import { migrateDatabase } from '../../../server/db/migrate.ts'
import { type Orm, openOrm } from '../../../server/db/orm.ts'
import { openDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let orm: Orm
beforeAll(async () => {
  database = await openDatabase()
  orm = await openOrm(database.url)
})
afterAll(async () => {
  await orm.close(true)
  await database[Symbol.asyncDispose]()
})

it('the committed migrations make exactly the schema of the entities', async () => {
  const difference = await orm.schema.getUpdateSchemaSQL({ wrap: false, safe: false })
  const ours = difference.split('\n').filter((line) => line.trim() && !/pgboss|mikro_orm_migrations/.test(line))
  expect(ours).toEqual([])
})

it('the tables of the statistics are exactly those of their entities, beside the others in one database', async () => {
  const analytics = await openAnalytics(database.url)
  try {
    expect((await analytics.schema.getUpdateSchemaSQL({ wrap: false, safe: false })).trim()).toBe('')
    expect(await migrateAnalytics(analytics, database.url)).toEqual([])
  } finally {
    await analytics.close(true)
  }
})

it('migrating again, or several at once, finds nothing to do', async () => {
  const runs = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const own = await openOrm(database.url)
      try {
        return await migrateDatabase(own, database.url)
      } finally {
        await own.close(true)
      }
    }),
  )
  expect(runs).toEqual([[], [], []])
})
