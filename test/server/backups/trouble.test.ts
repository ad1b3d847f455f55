import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ObjectStore, ObjectStoreError } from '../../../media/storage/object-store.ts'
import { openStore } from '../../../media/storage/open-store.ts'
import { backUp } from '../../../server/backups/back-up.job.ts'
import { findBackups, requireBackup } from '../../../server/backups/find-backups.ts'
import { makeBackup } from '../../../server/backups/make-backup.ts'
import { type Manifest, sealManifest } from '../../../server/backups/manifest.ts'
import { checkBackup, restoreBackup } from '../../../server/backups/restore-backup.ts'
import { makeDemo } from '../../../server/demo.ts'
import { startS3 } from '../../support/s3.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { ask, at, filesOf, openEmptyDatabase, schemaOf, storeWith, withClient } from './support.ts'

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

describe('a backup that is not what it was', () => {
  const flipped = (bytes: Buffer, at = bytes.length >> 1) => {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    return changed
  }
  const kinds: [string, RegExp, (file: string, bytes: Buffer) => Buffer | null][] = [
    ['unfinished', /unfinished/, (file, bytes) => (file === 'manifest.json' ? null : bytes)],
    ['without a table', /users\.copy\.gz is missing/, (file, bytes) => (file === 'users.copy.gz' ? null : bytes)],
    [
      'with a table cut',
      /users\.copy\.gz has \d+ bytes instead/,
      (file, bytes) => (file === 'users.copy.gz' ? bytes.subarray(0, -1) : bytes),
    ],
    [
      'with a manifest cut',
      /manifest is cut or changed/,
      (file, bytes) => (file === 'manifest.json' ? bytes.subarray(0, -20) : bytes),
    ],
    [
      'with an empty manifest',
      /manifest is cut or changed/,
      (file, bytes) => (file === 'manifest.json' ? Buffer.alloc(0) : bytes),
    ],
    [
      'with a manifest changed',
      /manifest is cut or changed/,
      (file, bytes) => (file === 'manifest.json' ? flipped(bytes) : bytes),
    ],
    ['with the manifest of another', /that of another/, (_file, bytes) => bytes],
    [
      'with a table changed',
      /users\.copy\.gz has another SHA-256/,
      (file, bytes) => (file === 'users.copy.gz' ? flipped(bytes) : bytes),
    ],
    [
      'with the list of media changed',
      /media\.jsonl\.gz has another SHA-256/,
      (file, bytes) => (file === 'media.jsonl.gz' ? flipped(bytes) : bytes),
    ],
  ]
  it.each(kinds)('is refused: %s', async (_kind, sentence, but) => {
    const name = `20260101T000000.000Z-${'0'.repeat(24)}`
    const isOfAnother = sentence.source.includes('another$') || sentence.source === 'that of another'
    await putAll(whole.name, name, (file, bytes) => {
      const own = file === 'manifest.json' && !isOfAnother ? Buffer.from(sealManifest({ ...whole, name })) : bytes
      return but(file, own)
    })
    try {
      await expect(requireBackup(store, '20260101').then((manifest) => checkBackup(store, manifest))).rejects.toThrow(
        sentence,
      )
    } finally {
      await store.delete((await filesOf(store, name)).map((file) => `backups/${name}/${file}`))
    }
  })

  it('leaves the database empty when it is found out in the middle, or somebody stops it', async () => {
    await using empty = await openEmptyDatabase()
    const before = await schemaOf(empty.url)
    const restore = (manifest: Manifest, from = store) =>
      restoreBackup({ config: at(empty.url), store: from }, manifest)
    const get: ObjectStore['get'] = async (key, range) => {
      if (!key.endsWith('/users.copy.gz')) return store.get(key, range)
      const found = await store.get(key.replace('users', 'tag'))
      return found
    }
    await expect(restore(whole, storeWith(store, { get }))).rejects.toThrow()
    const tables = whole.tables.map((piece) => (piece.table === 'users' ? { ...piece, rows: piece.rows + 1 } : piece))
    await expect(restore({ ...whole, tables })).rejects.toThrow(/4 rows instead of 5/)
    const columns = whole.tables.map((piece) => (piece.table === 'users' ? { ...piece, columns: ['id'] } : piece))
    await expect(restore({ ...whole, tables: columns })).rejects.toThrow(/users has other columns/)
    // A row that refers to nothing.
    const orphans = whole.tables.filter(({ table }) => table !== 'users')
    await expect(restore({ ...whole, tables: orphans })).rejects.toThrow(/foreign key/)
    const stopping = new AbortController()
    const stop: ObjectStore['get'] = async (key, range) => {
      if (key.endsWith('/lesson.copy.gz')) stopping.abort(new Error('stopped'))
      return store.get(key, range)
    }
    const stopped = { config: at(empty.url), store: storeWith(store, { get: stop }) }
    await expect(restoreBackup(stopped, whole, { signal: stopping.signal })).rejects.toThrow()
    const newer = { ...whole.migrations, main: 'Migration20991231235959_future' }
    await expect(restore({ ...whole, migrations: newer })).rejects.toThrow(
      /newer version .* Migration20991231235959_future/,
    )
    expect(await schemaOf(empty.url)).toEqual(before)
  })

  it('leaves the database empty when the connection breaks in the middle', async () => {
    await using empty = await openEmptyDatabase()
    const before = await schemaOf(empty.url)
    const get: ObjectStore['get'] = async (key, range) => {
      if (key.endsWith('/lesson.copy.gz')) {
        await ask(
          server.config.database.url,
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
          [new URL(empty.url.replace(/%2F/g, '')).pathname.slice(1)],
        )
      }
      return store.get(key, range)
    }
    const broken = restoreBackup({ config: at(empty.url), store: storeWith(store, { get }) }, whole)
    await expect(broken).rejects.toThrow()
    expect(await schemaOf(empty.url)).toEqual(before)
    await restoreBackup({ config: at(empty.url), store }, whole)
    expect(await ask(empty.url, 'select count(*)::int as n from users')).toEqual([{ n: 4 }])
  })

  it('is not restored over anything', async () => {
    const restore = (url: string) => restoreBackup({ config: at(url), store }, whole)
    await expect(restore(server.config.database.url)).rejects.toThrow(
      /not empty, it has rows in the table .*new DATA_DIR and DEMO=0/,
    )
    expect(await ask(server.config.database.url, 'select count(*)::int as n from users')).toEqual([{ n: 4 }])
    await using foreign = await openEmptyDatabase()
    await ask(foreign.url, 'create table accounts (id int)')
    await expect(restore(foreign.url)).rejects.toThrow(/not empty, it has the table accounts, which is not ours/)
    // Another database next to an empty main one.
    const mixed = restoreBackup({ config: at(foreign.url, server.config.database.url), store }, whole)
    await expect(mixed).rejects.toThrow(/not empty/)
  })

  it('says which one is meant, or that none is', async () => {
    expect((await requireBackup(store, whole.name.slice(0, 16))).name).toBe(whole.name)
    await expect(requireBackup(store, '')).rejects.toThrow(/Say which backup/)
    for (const word of ['1999', '../etc'])
      await expect(requireBackup(store, word)).rejects.toThrow(/There is no backup/)
    const second = await makeBackup(server.context)
    await expect(requireBackup(store, '2')).rejects.toThrow(/2 backups begin with 2/)
    await store.delete((await filesOf(store, second.name)).map((file) => `backups/${second.name}/${file}`))
  })
})

describe('a backup that is broken off', () => {
  it.each([
    ['the store', async () => Promise.reject(away())],
    [
      'the connection',
      async () => {
        await withClient(server.config.database.url, (client) =>
          client.query(
            `select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and query like 'copy %' and pid <> pg_backend_pid()`,
          ),
        )
      },
    ],
  ])('by %s leaves nothing of itself, and the next one is made', async (_what, breaks) => {
    const before = await names()
    const put: ObjectStore['put'] = async (key, body, options) => {
      if (key.endsWith('/payment.copy.gz')) await breaks()
      return store.put(key, body, options)
    }
    await expect(makeBackup({ ...server.context, store: storeWith(store, { put }) })).rejects.toThrow()
    expect(await names()).toEqual(before)
    const next = await makeBackup(server.context)
    expect((await findBackups(store))[0]).toMatchObject({ name: next.name, why: null })
  })

  it('by a stop leaves nothing of itself', async () => {
    const before = await names()
    const stopping = new AbortController()
    const put: ObjectStore['put'] = async (key, body, options) => {
      if (key.endsWith('/payment.copy.gz')) stopping.abort(new Error('stopped'))
      return store.put(key, body, options)
    }
    const stopped = makeBackup({ ...server.context, store: storeWith(store, { put }) }, { signal: stopping.signal })
    await expect(stopped).rejects.toThrow()
    expect(await names()).toEqual(before)
  })

  it('by a store that then takes no deletion either is not listed as whole, and gone after the next', async () => {
    const put: ObjectStore['put'] = async (key, body, options) => {
      if (key.endsWith('/manifest.json')) throw away()
      return store.put(key, body, options)
    }
    const trouble = storeWith(store, { put, delete: () => Promise.reject(away()) })
    await expect(makeBackup({ ...server.context, store: trouble })).rejects.toThrow('the store is away')
    const [left] = await findBackups(store)
    expect(left).toMatchObject({ manifest: null, why: 'it is unfinished' })
    await backUp(server.context)
    expect((await names()).map(([name]) => name)).not.toContain(left?.name)
  })
})

it('goes to a bucket and comes from it; what a bucket refuses in the middle is not listed as whole', async () => {
  await using s3 = await startS3()
  const bucket = openStore(s3.config, null)
  const source = { ...server.context, store: bucket }
  await s3.fail('PUT .*/payment.copy.gz', 100, { status: 403, code: 'AccessDenied' })
  await expect(makeBackup(source)).rejects.toMatchObject({ code: 'unavailable' })
  expect((await findBackups(bucket)).filter(({ manifest }) => manifest)).toEqual([])
  await s3.heal()
  const manifest = await makeBackup(source)
  await checkBackup(bucket, await requireBackup(bucket, manifest.name))
  const hashes = ({ tables }: Manifest) => tables.map(({ table, sha256 }) => [table, sha256])
  expect(hashes(manifest)).toEqual(hashes(whole))
  expect((await findBackups(bucket)).map(({ name }) => name)).toEqual([manifest.name])
})
