import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StoreConfig } from '../../../config/config.ts'
import { MigratingStore } from '../../../media/storage/migrating-store.ts'
import type { ObjectStore } from '../../../media/storage/object-store.ts'
import { openStore } from '../../../media/storage/open-store.ts'
import { Patience } from '../../../media/storage/patience.ts'
import { objectKey } from '../../../server/library/library-path.ts'
import { migrateObjects } from '../../../server/library/migrate-objects.ts'
import { openLibrary, type TestLibrary } from './library.ts'

let folder: string
let test: TestLibrary
let disks = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ustat-migrate-'))
  test = await openLibrary()
})

afterAll(async () => {
  await test[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const patience = new Patience({ limitMs: 5000, firstMs: 20 })
const read = async (store: ObjectStore, key: string) => buffer((await store.get(key)).body)

function aDisk(): Extract<StoreConfig, { kind: 'disk' }> {
  return { kind: 'disk', directory: join(folder, `disk-${++disks}`) }
}

async function emptyBucket(): Promise<ObjectStore> {
  const store = openStore(test.s3.config)
  const keys: string[] = []
  for await (const { key } of store.list('')) keys.push(key)
  await store.delete(keys)
  return store
}

/** Recordings, pictures and library files; one is large. */
async function stock(store: ObjectStore, count: number): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>()
  for (let i = 0; i < count; i++) {
    const bytes = i === 0 ? randomBytes(18e6) : randomBytes(1000 + i)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const key = [`recordings/r${i}/720p/${i}.m4s`, `public/avatars/${i}.webp`, objectKey(sha256, 'a.mp4')][i % 3] ?? ''
    await store.put(key, bytes)
    objects.set(key, bytes)
  }
  return objects
}

it.each([
  ['from disk to S3', async () => [openStore(aDisk()), await emptyBucket()]],
  ['from S3 to disk', async () => [await emptyBucket(), openStore(aDisk())]],
] as const)('moves everything %s while it is read, written and deleted', async (_way, open) => {
  const [from, to] = (await open()) as [ObjectStore, ObjectStore]
  const objects = await stock(from, 90)
  const store = new MigratingStore(to, from)
  const keys = [...objects.keys()]
  const [rewritten = '', ...deleted] = keys.splice(-10)
  const moving = migrateObjects(from, to, patience, { concurrency: 8 })
  // The platform goes on: nothing is away for a moment, whatever is written wins over what was there.
  const reading = (async () => {
    for (const key of keys.slice(1)) expect((await read(store, key)).equals(objects.get(key) ?? Buffer.of())).toBe(true)
  })()
  await Promise.all([
    reading,
    store.put(rewritten, Buffer.from('rewritten')),
    store.put('recordings/new/1.m4s', Buffer.from('new')),
    store.delete(deleted),
  ])
  const report = await moving
  expect(report.broken).toEqual([])
  // A second run finds nothing to do, and then the old store is not needed any more.
  expect(await migrateObjects(from, to, patience, { concurrency: 8 })).toMatchObject({ copied: 0, gone: 0 })
  for (const key of keys) expect((await read(to, key)).equals(objects.get(key) ?? Buffer.of()), key).toBe(true)
  expect((await read(to, rewritten)).toString()).toBe('rewritten')
  expect((await read(to, 'recordings/new/1.m4s')).toString()).toBe('new')
  for (const key of deleted) expect(await store.head(key), key).toBeNull()
})

it('never brings back, or replaces with something older, what races with the copying', async () => {
  const disk = openStore(aDisk())
  const s3 = await emptyBucket()
  const store = new MigratingStore(s3, disk)
  const keys = Array.from({ length: 50 }, (_, i) => `recordings/race/${i}.json`)
  for (const key of keys) await disk.put(key, Buffer.from('old'))
  await Promise.all([
    migrateObjects(disk, s3, patience, { concurrency: 10 }),
    ...keys.map((key, i) => (i % 2 === 0 ? store.put(key, Buffer.from('new')) : store.delete([key]))),
  ])
  for (const [i, key] of keys.entries()) {
    if (i % 2 === 0) expect((await read(store, key)).toString(), key).toBe('new')
    else expect(await store.head(key), key).toBeNull()
  }
})

it('leaves an object of the library where it is when its content is not what its name says', async () => {
  const disk = openStore(aDisk())
  const s3 = await emptyBucket()
  const key = objectKey('a'.repeat(64), 'broken.mp4')
  await disk.put(key, Buffer.from('rot'))
  expect(await migrateObjects(disk, s3, patience, { concurrency: 2 })).toMatchObject({ copied: 0, broken: [key] })
  expect(await s3.head(key)).toBeNull()
})

it('goes on after trouble, and is done when the command says so', async () => {
  const data = join(folder, 'data')
  const disk = openStore({ kind: 'disk', directory: join(data, 'store') })
  await emptyBucket()
  const objects = await stock(disk, 12)
  const env = { DATA_DIR: data }
  const args = ['migrate', '--from', 'disk', '--to', 's3']
  // Without the store before, what is not copied yet would be missing.
  expect(await test.command(args, env)).toMatchObject({ code: 1, err: expect.stringContaining('STORE_BEFORE=disk') })
  const moving = { ...env, STORE: 's3', STORE_BEFORE: 'disk' }
  await test.s3.fail('PUT .*', 5, { status: 503, code: 'SlowDown' })
  const { code, out } = await test.command(args, moving)
  expect([code, out]).toEqual([0, expect.stringMatching(/^12 objects of 18\.\d\d MB: 12 copied/)])
  for (const [key, bytes] of objects) expect((await read(openStore(test.s3.config), key)).equals(bytes)).toBe(true)
  const back = await test.command(['migrate', '--from', 's3', '--to', 'disk'], {
    ...env,
    STORE: 'disk',
    STORE_BEFORE: 's3',
  })
  expect([back.code, back.out]).toEqual([0, expect.stringContaining('0 copied, 12 were there')])
})

it('needs what it is to move between', async () => {
  for (const [env, why] of [
    [{ STORE: 's3', STORE_BEFORE: 's3' }, 'STORE_BEFORE'],
    [{ STORE: 's3', S3_BUCKET: '' }, 'S3_BUCKET'],
    [{ STORE: 'disk', STORE_BEFORE: 's3', S3_BUCKET: '' }, 'S3_BUCKET'],
    [{ STORE: 'tape' }, 'STORE'],
  ] as const) {
    const { code, err } = await test.command(['status'], env)
    expect([code, err]).toEqual([1, expect.stringContaining(why)])
  }
})
