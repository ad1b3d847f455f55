import { buffer } from 'node:stream/consumers'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ObjectStore, ObjectStoreError } from '../../../media/storage/object-store.ts'
import { backUp } from '../../../server/backups/back-up.job.ts'
import { findBackups } from '../../../server/backups/find-backups.ts'
import { makeBackup } from '../../../server/backups/make-backup.ts'
import { type Manifest, sealManifest } from '../../../server/backups/manifest.ts'
import { measureBackups } from '../../../server/backups/metrics.ts'
import { outdated } from '../../../server/backups/purge-backups.ts'
import { makeDemo } from '../../../server/demo.ts'
import { Queue } from '../../../server/jobs/queue.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { ask, filesOf, storeWith } from './support.ts'

let server: TestServer
let store: ObjectStore
let whole: Manifest
beforeAll(async () => {
  server = await startServer()
  store = server.context.store
  await makeDemo(server.context)
  whole = await makeBackup(server.context)
})
afterAll(() => server?.[Symbol.asyncDispose]())

const names = async () => (await findBackups(store)).map(({ name, why }) => [name, why])
const putAll = async (from: string, to: string, but: (file: string, bytes: Buffer) => Buffer | null) => {
  for (const file of await filesOf(store, from)) {
    const bytes = but(file, await buffer((await store.get(`backups/${from}/${file}`)).body))
    if (bytes) await store.put(`backups/${to}/${file}`, bytes)
  }
}
const away = () => new ObjectStoreError('unavailable', 'the store is away')

describe('the nightly job', () => {
  const runs = new AsyncDisposableStack()
  afterAll(() => runs.disposeAsync())
  const work = async (from: ObjectStore) => {
    const queue = runs.use(new Queue(server.config.database.url, server.context.log, 'works'))
    await queue.start()
    const context = { ...server.context, queue, store: from }
    await queue.work('back-up', (_night, signal) => backUp(context, signal), { everySeconds: 0.5 })
    return queue
  }
  const states = async () =>
    (
      await ask<{ state: string }>(server.config.database.url, `select state from pgboss.job where name = 'back-up'`)
    ).map(({ state }) => state)
  beforeEach(async () => {
    await ask(server.config.database.url, `delete from pgboss.job where name = 'back-up'`)
  })

  it('makes one, with two workers, and again when the store was away', async () => {
    const before = (await names()).length
    let isAway = true
    const put: ObjectStore['put'] = async (key, body, options) => {
      if (isAway && key.endsWith('/payment.copy.gz')) throw away()
      return store.put(key, body, options)
    }
    const flaky = storeWith(store, { put })
    const workers = [await work(flaky), await work(flaky)]
    await Promise.all([...workers, ...workers].map((queue) => queue.add('back-up', {})))
    await expect.poll(states).toEqual(['retry'])
    expect((await names()).length).toBe(before)
    isAway = false
    await ask(server.config.database.url, `update pgboss.job set start_after = now() where name = 'back-up'`)
    await expect.poll(states).toEqual(['completed'])
    expect((await names()).length).toBe(before + 1)
    await runs.disposeAsync()
  })
})

describe('old backups', () => {
  const now = new Date('2026-03-20T01:40:00Z')
  const of = (stamp: string, isWhole = true) => ({
    name: `${stamp}.000Z-${'0'.repeat(24)}`,
    manifest: isWhole ? whole : null,
  })
  const days = (stamps: string[]) => stamps.map((stamp) => stamp.slice(0, 15))

  it('go, but for the newest of each of the last seven days that have one, and those of the last day', () => {
    const nightly = Array.from({ length: 12 }, (_, day) => of(`202603${String(20 - day).padStart(2, '0')}T013700`))
    expect(days(outdated(nightly, now))).toEqual(days(nightly.slice(7).map(({ name }) => name)))
    const sparse = [of('20260320T013700'), of('20260319T200000'), of('20260319T100000'), of('20260201T013700')]
    expect(outdated(sparse, now)).toEqual([])
    const twice = [of('20260320T013700'), of('20260318T200000'), of('20260318T013700')]
    expect(days(outdated(twice, now))).toEqual(['20260318T013700'])
  })

  it('that are unfinished go once there is a newer whole one, and count for none', () => {
    const some = [
      of('20260320T013900', false),
      of('20260320T013700'),
      of('20260319T013700', false),
      of('20260318T013700'),
    ]
    expect(days(outdated(some, now))).toEqual(['20260319T013700'])
    expect(outdated([of('20260320T013900', false)], now)).toEqual([])
  })

  it('are deleted with every piece', async () => {
    const tables = whole.tables.slice(0, 1)
    const aCopy = async (stamp: string) => {
      const name = `${stamp}.000Z-${'1'.repeat(24)}`
      const files = [...tables, whole.media].map(({ file }) => file)
      await putAll(whole.name, name, (file, bytes) => (files.includes(file) ? bytes : null))
      await store.put(`backups/${name}/manifest.json`, Buffer.from(sealManifest({ ...whole, name, tables })))
      return name
    }
    const name = await aCopy('20250101T000000')
    for (let day = 1; day <= 7; day++) await aCopy(`2026020${day}T000000`)
    await backUp(server.context)
    expect(await filesOf(store, name)).toEqual([])
    // Today has one, so of the seven before the newest six are left.
    const left = (await findBackups(store)).map((each) => each.name.slice(0, 8)).filter((day) => day < '20260301')
    expect(left).toEqual(['20260207', '20260206', '20260205', '20260204', '20260203', '20260202'])
  })
})

describe('its metrics', () => {
  const told = async (from: ObjectStore) => {
    const registry = new Registry()
    measureBackups(registry, from)
    const text = await registry.metrics()
    return Object.fromEntries(
      [...text.matchAll(/^(backup_\w+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]),
    )
  }

  it('are of the newest whole one, of whatever process; there are none without one, or without a store', async () => {
    const { name, seconds, tables, media } = await makeBackup(server.context)
    const metrics = await told(store)
    expect(name).toBe((await findBackups(store))[0]?.name)
    const bytes = tables.reduce((total, piece) => total + piece.bytes, media.bytes)
    expect(metrics).toMatchObject({ backup_bytes: bytes, backup_duration_seconds: seconds })
    expect(metrics.backup_age_seconds).toBeLessThan(60)
    async function* none() {}
    expect(await told(storeWith(store, { list: none }))).toEqual({})
    const list = () => {
      throw away()
    }
    expect(await told(storeWith(store, { list }))).toEqual({})
  })
})

it('no address of the api leads to a backup', async () => {
  const agent = await server.signIn(await server.register('admin'))
  const file = `backups/${whole.name}/users.copy.gz`
  for (const path of [
    `/${file}`,
    `/api/${file}`,
    `/api/files/${file}`,
    `/api/files/../${file}`,
    `/api/files/library/..%2f..%2f${file}`,
    `/api/files/public/${file}`,
    `/vod/token/${'a'.repeat(24)}/../../${file}`,
    `/_store/${file}`,
    `/api/library/files/${file}`,
  ]) {
    const answer = await agent.get(path)
    expect([path, answer.status >= 400, answer.get('x-accel-redirect')]).toEqual([path, true, undefined])
  }
})
