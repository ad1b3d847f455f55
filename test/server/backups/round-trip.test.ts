import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeBackup } from '../../../server/backups/make-backup.ts'
import { checkBackup, restoreBackup } from '../../../server/backups/restore-backup.ts'
import { makeDemo } from '../../../server/demo.ts'
import { startShop } from '../../support/payments.ts'
import type { TestServer } from '../../support/server.ts'
import { contentOf, openEmptyDatabase, schemaOf } from './support.ts'

let server: TestServer
beforeAll(async () => {
  server = await startShop()
  await makeDemo(server.context)
})
afterAll(() => server?.[Symbol.asyncDispose]())

const at = (url: string) => ({ database: { url }, analytics: { url } })

it('is the same, table for table', async () => {
  const manifest = await makeBackup(server.context)
  await checkBackup(server.context.store, manifest)
  await using empty = await openEmptyDatabase()
  await restoreBackup({ config: at(empty.url), store: server.context.store }, manifest)
  expect(await contentOf(empty.url)).toEqual(await contentOf(server.config.database.url))
  expect(await schemaOf(empty.url)).toEqual(await schemaOf(server.config.database.url))
})
