import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { User } from '../../../server/accounts/user.ts'
import { migrateAnalytics, openAnalytics } from '../../../server/analytics/orm.ts'
import { makeBackup } from '../../../server/backups/make-backup.ts'
import type { Manifest } from '../../../server/backups/manifest.ts'
import { checkBackup, findMissingMedia, restoreBackup } from '../../../server/backups/restore-backup.ts'
import { resumeWork } from '../../../server/backups/resume-work.ts'
import type { Course } from '../../../server/courses/course.ts'
import type { Lesson } from '../../../server/courses/lesson.ts'
import { newId } from '../../../server/db/base.ts'
import { openOrm } from '../../../server/db/orm.ts'
import { makeDemo } from '../../../server/demo.ts'
import type { Payment } from '../../../server/payments/payment.ts'
import { Video } from '../../../server/videos/video.ts'
import { aCourse, aLesson, aModule } from '../../support/courses.ts'
import { openDatabase } from '../../support/database.ts'
import { aBuyer, aPurchase, ledgerOf, startShop } from '../../support/payments.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import {
  ask,
  at,
  contentOf,
  differences,
  openEmptyDatabase,
  ourTables,
  schemaOf,
  storeWith,
  withClient,
} from './support.ts'

/** Whatever COPY's text could trip over. */
const ODD = 'back\\slash \\N \\. tab\t line\n return\r "quotes" \'apostrophe\' Қазақша 🎓\u0001'

let server: TestServer
let buyer: User
let course: Course
let lesson: Lesson
let payment: Payment
let manifest: Manifest

beforeAll(async () => {
  server = await startShop()
  await makeDemo(server.context)
  const em = server.context.orm.em.fork()
  course = await aCourse(em, await server.register('teacher'), {
    price: '49.90',
    title: 'Астрономия',
    description: ODD,
  })
  lesson = await aLesson(em, await aModule(em, course))
  buyer = await aBuyer(server)
  payment = await aPurchase(server, buyer, course)
  const agent = await server.signIn(buyer)
  await agent.post(`/api/lessons/${lesson.id}/progress/`).send({ status: 'completed' }).expect(200)
  await em.execute(
    `insert into audit_log (created_at, updated_at, action, object, details, address)
     values ('2026-03-01 10:00:00.123456+05', '1999-12-31 23:59:59.999999Z', 'odd', 'nothing', ?, 'here')`,
    [JSON.stringify({ text: ODD.replace('\u0001', ''), deep: [null, 1e21, -0.5, { '': [] }] })],
  )
  await em.execute(
    `insert into analytics.course_view (course_id, user_id, visitor, ip, user_agent, bucket, viewed_at)
     select ${course.id}, null, 'v' || n, '2001:db8::7', 'x', n, now() - n * interval '1 hour' from generate_series(1, 500) n`,
  )
  await server.context.store.put('recordings/abc/index.m3u8', Buffer.from('#EXTM3U'))
  await server.context.store.put('public/courses/one.webp', Buffer.from('picture'))
  manifest = await makeBackup(server.context)
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** Rows come as they lie: a table that was restored, or only read, gives the same bytes again. */
const hashesOf = ({ tables }: Manifest) => tables.map(({ table, rows, sha256 }) => [table, rows, sha256])
const database = () => server.config.database.url
const restore = (url: string, statistics = url) =>
  restoreBackup({ config: at(url, statistics), store: server.context.store }, manifest)

describe('a backup', () => {
  it('has every table there is, but for the jobs and the lists of migrations', async () => {
    const there = await ask<{ name: string }>(
      database(),
      `select schemaname || '.' || tablename as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema', 'pgboss') and tablename <> 'mikro_orm_migrations' order by 1`,
    )
    expect(manifest.tables.map(({ schema, table }) => `${schema}.${table}`).sort()).toEqual(
      there.map(({ name }) => name),
    )
  })

  it('names every object of the store with its size, and no backup', async () => {
    const { store } = server.context
    const there = new Map<string, number>()
    for await (const { key, size } of store.list('')) if (!key.startsWith('backups/')) there.set(key, size)
    expect(there.get('recordings/abc/index.m3u8')).toBe(7)
    const bytes = [...there.values()].reduce((total, size) => total + size, 0)
    expect(manifest.media).toMatchObject({ objects: there.size, total_bytes: bytes })
    const again = await makeBackup(server.context)
    expect(again.media.objects).toBe(there.size)
    expect(await findMissingMedia(store, manifest)).toEqual({ missing: 0, examples: [] })
    const list = (prefix: string) => (prefix === '' ? one() : store.list(prefix))
    async function* one() {
      yield { key: 'recordings/abc/index.m3u8', size: 6 }
    }
    const lost = await findMissingMedia(storeWith(store, { list }), manifest)
    expect(lost.missing).toBe(there.size)
    expect(lost.examples).toHaveLength(5)
  })

  it('is of one moment, whatever is written while it is made', async () => {
    const before = await makeBackup(server.context)
    let writes = 0
    // While each table is on its way, rows of those that come later and that were before change, go and come.
    const put: TestServer['context']['store']['put'] = async (key, body, options) => {
      if (key.endsWith('.copy.gz')) {
        writes += 1
        await withClient(database(), (client) =>
          client.query(
            `insert into tag (created_at, updated_at, name, slug) values (now(), now(), 'T${writes}', 't${writes}');
             insert into webhook_event (created_at, updated_at, provider, event_id, type, payload)
               values (now(), now(), 'x', 'e${writes}', 'x', '{}');
             update users set first_name = md5(first_name) where id = ${buyer.id};
             delete from analytics.course_view where id in (select id from analytics.course_view limit 3)`,
          ),
        )
      }
      return server.context.store.put(key, body, options)
    }
    const during = await makeBackup({ ...server.context, store: storeWith(server.context.store, { put }) })
    manifest = await makeBackup(server.context)
    expect(writes).toBe(during.tables.length)
    expect(hashesOf(during)).toEqual(hashesOf(before))
    const changed = manifest.tables.filter(({ sha256 }, at) => sha256 !== during.tables[at]?.sha256)
    expect(changed.map(({ table }) => table).sort()).toEqual(['course_view', 'tag', 'users', 'webhook_event'])
  })

  it('is made by one at a time', async () => {
    const both = await Promise.allSettled([makeBackup(server.context), makeBackup(server.context)])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(both.find((one) => one.status === 'rejected')?.reason).toMatchObject({
      message: 'A backup is being made already.',
    })
  })
})

describe('a restored database', () => {
  it('is the same, row for row, counter for counter, rule for rule, and the api serves it', async () => {
    await checkBackup(server.context.store, manifest)
    await using empty = await openEmptyDatabase()
    // Its owner is no superuser.
    const role = `owner_${newId()}`
    await ask(empty.url, `create role ${role} login`)
    await ask(empty.url, `do $$ begin execute 'alter database ' || current_database() || ' owner to ${role}'; end $$`)
    const url = empty.url.replace(/\/\/[^@/]*@/, `//${role}@`)
    expect(await ask(url, 'select rolsuper, rolname from pg_roles where rolname = current_user')).toEqual([
      { rolsuper: false, rolname: role },
    ])
    const report = await restore(url)
    expect(report.migrations).toEqual([])
    const content = await contentOf(database())
    expect(await differences(content, empty.url)).toEqual([])
    expect(Object.values(content).flat().length).toBeGreaterThan(400)
    expect(await schemaOf(empty.url)).toEqual(await schemaOf(database()))

    await using restored = await startServer({ databaseUrl: url })
    const agent = await restored.signIn(buyer)
    const shown = await agent.get(`/api/courses/${course.id}/`).expect(200)
    expect(shown.body).toMatchObject({ title: 'Астрономия', students_count: 1, price: '49.90' })
    expect((await agent.get(`/api/lessons/${lesson.id}/progress/`).expect(200)).body.status).toBe('completed')
    expect(await ledgerOf(restored, payment)).toEqual(['sale 49.90'])
    expect((await restored.visitor().get('/api/courses/?search=астроном').expect(200)).body.count).toBe(1)
    // The counters go on where they were.
    expect((await restored.register()).id).toBeGreaterThan(buyer.id)
    await (await restored.signIn(buyer)).post(`/api/courses/${course.id}/reviews/`).send({ rating: 5 }).expect(201)
  })

  it('may be one that a platform without an account has begun to use', async () => {
    await using begun = await openDatabase()
    await ask(begun.url, `insert into media_node values ('m1', 'http://127.0.0.1:1', 'rtmp://here', now())`)
    await restore(begun.url)
    expect(await differences(await contentOf(database()), begun.url)).toEqual([])
  })

  it('has its statistics in a database of their own where one is named, and takes them from one', async () => {
    await using main = await openEmptyDatabase()
    await using statistics = await openEmptyDatabase()
    await restore(main.url, statistics.url)
    const tables = async (url: string) =>
      (await ask<{ n: number }>(url, `select count(*)::int as n from pg_tables where schemaname = 'analytics'`))[0]?.n
    expect([await tables(main.url), await tables(statistics.url)]).toEqual([0, 5])
    const analytics = await openAnalytics(statistics.url)
    try {
      const own = { ...server.context, config: at(main.url, statistics.url), analytics }
      const second = await makeBackup(own)
      expect(second.migrations).toEqual(manifest.migrations)
      expect(hashesOf(second)).toEqual(hashesOf(manifest))
      expect(second.sequences).toEqual(manifest.sequences)
    } finally {
      await analytics.close(true)
    }
  })

  it('goes on with what waited for a worker', async () => {
    const em = server.context.orm.em.fork()
    const owner = await em.findOneOrFail(User, { email: 'teacher@ustat.local' })
    const given = { owner, title: 'A film', fileName: 'film.mp4', sourceBytes: 1 }
    const videos = (['queued', 'processing', 'failed'] as const).map((status) => em.create(Video, { ...given, status }))
    await em.flush()
    const added: unknown[] = []
    await resumeWork(em, { add: async (name, data) => void added.push([name, data]) })
    expect(added).toEqual(
      expect.arrayContaining([
        ['process-video', { video: videos[0]?.id }],
        ['process-video', { video: videos[1]?.id }],
      ]),
    )
    expect(added).toHaveLength(2)
  })
})

it('a backup of an older version is brought to this one', async () => {
  const { main } = await ourTables(database())
  await using old = await openEmptyDatabase()
  const { orm, analytics, store } = server.context
  const older = 'Migration20261121092551_chat'
  await using stack = new AsyncDisposableStack()
  const own = await openOrm(old.url)
  stack.defer(() => own.close(true))
  await own.migrator.up({ to: older })
  const statistics = await openAnalytics(old.url)
  stack.defer(() => statistics.close(true))
  await migrateAnalytics(statistics, old.url)
  await ask(old.url, `insert into tag (created_at, updated_at, name, slug) values (now(), now(), 'Old', 'old')`)
  // What that version had for entities.
  const there = await withClient(
    old.url,
    async (client) =>
      (await client.query<{ tablename: string }>(`select tablename from pg_tables where schemaname = 'public'`)).rows,
  )
  const known = new Set(there.map(({ tablename }) => tablename))
  const metadata = new Map([...orm.getMetadata().getAll()].filter(([, { tableName }]) => known.has(tableName)))
  expect(metadata.size).toBeLessThan(main.length)
  const entities = { config: orm.config, getMetadata: () => ({ getAll: () => metadata }) } as unknown as typeof orm
  const made = await makeBackup({ config: at(old.url), orm: entities, analytics, store })
  expect(made.migrations.main).toBe(older)

  await using empty = await openEmptyDatabase()
  const { migrations } = await restoreBackup({ config: at(empty.url), store }, made)
  expect(migrations.length).toBeGreaterThan(5)
  expect(await schemaOf(empty.url)).toEqual(await schemaOf(database()))
  expect(await ask(empty.url, 'select name from tag')).toEqual([{ name: 'Old' }])
})
