import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'

import { ObjectStoreError } from '../../../media/storage/object-store.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import * as control from '../../../server/chat/control.ts'
import { LibraryFile } from '../../../server/library/library-file.ts'
import { objectKey } from '../../../server/library/library-path.ts'
import { LibraryRun } from '../../../server/library/library-run.ts'
import { lockLibrary } from '../../../server/library/lock.ts'
import { runLibrary } from '../../../server/library/run-library.job.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const path = '/api/admin/library/'
let server: TestServer
let admin: Awaited<ReturnType<TestServer['signIn']>>
let adminId: number

beforeAll(async () => {
  server = await startServer()
  const user = await server.register('admin')
  adminId = user.id
  admin = await server.signIn(user)
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  await em().nativeDelete(LibraryRun, {})
  await em().nativeDelete(LibraryFile, {})
  const all = await Array.fromAsync(server.context.store.list(''), ({ key }) => key)
  await server.context.store.delete(all)
})
afterEach(() => {
  vi.restoreAllMocks()
})

const em = () => server.context.orm.em.fork()
const rowOf = (id: string) => em().findOneOrFail(LibraryRun, { id })
const run = (id: string, signal = new AbortController().signal) => runLibrary(server.context, id, signal)
const keys = async () => (await Array.fromAsync(server.context.store.list(''), ({ key }) => key)).toSorted()

async function file(name: string, content: string): Promise<string> {
  const sha256 = createHash('sha256').update(content).digest('hex')
  const key = objectKey(sha256, name)
  const fork = em()
  fork.create(LibraryFile, { path: name, sizeBytes: content.length, sha256, key })
  await fork.flush()
  await server.context.store.put(key, Buffer.from(content))
  return key
}

async function began(body: object): Promise<string> {
  const answer = await admin.post(`${path}runs/`).send(body).expect(202)
  expect(answer.body).toMatchObject({ status: 'queued', progress: 0, report: null })
  return answer.body.id
}

it('is empty at first, and says so in figures', async () => {
  const { body } = await admin.get(path).expect(200)
  expect(body).toMatchObject({
    ...{ store: 'disk', categories: [], objects: 0, object_bytes: 0, current: null },
    ...{ last_validation: null, last_pruning: null },
    total: { files: 0, size_bytes: 0, stored: 0 },
  })
  expect(body.costs.map(({ monthly }: { monthly: number }) => monthly)).toEqual([0, 0, 0, 0])
})

it('shows the folders with count and size, and what stores would ask', async () => {
  await file('videos/exercises/a.mp4', 'aaaa')
  await file('videos/exercises/b.mp4', 'bb')
  await file('photos/quotes/c.jpg', 'aaaa')
  const fork = em()
  fork.create(LibraryFile, { path: 'photos/quotes/unsent.jpg', sizeBytes: 10 })
  await fork.flush()
  const { body } = await admin.get(path).expect(200)
  expect(body.categories).toEqual([
    { name: 'photos/quotes/', files: 2, size_bytes: 14, stored: 1 },
    { name: 'videos/exercises/', files: 2, size_bytes: 6, stored: 2 },
  ])
  expect(body.total).toMatchObject({ files: 4, size_bytes: 20, stored: 3 })
  expect(body.costs[0]).toMatchObject({ name: 'Cloudflare R2', as_of: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) })
  expect(body.prices_checked_on).toMatch(/^\d{4}-\d\d-\d\d$/)
})

it('a validation finds what is missing, wrong and too much; only a deep one what is wrong inside', async () => {
  const { store } = server.context
  const [gone, short, spoiled] = [await file('a/1', 'one'), await file('a/2', 'three'), await file('a/3', 'seven')]
  await file('a/4', 'right')
  await store.delete([gone])
  await store.put(short, Buffer.from('thr'))
  await store.put(spoiled, Buffer.from('SEVEN'))
  await store.put('library/ff/strange', Buffer.from('of nobody'))
  const shallow = await began({ kind: 'validate' })
  await run(shallow)
  expect((await admin.get(`${path}runs/${shallow}/`).expect(200)).body).toMatchObject({
    ...{ kind: 'validate', deep: false, status: 'ready', progress: 100, failure: '' },
    report: {
      pruning: null,
      validation: {
        ...{ files: 4, right: 2, objects: 4 },
        missing: { count: 1, first: [gone] },
        wrong_size: { count: 1, first: [short] },
        wrong_content: { count: 0, first: [] },
        extra: { count: 1, first: ['library/ff/strange'] },
      },
    },
  })
  const deep = await began({ kind: 'validate', deep: true })
  await run(deep)
  const { body } = await admin.get(path).expect(200)
  expect(body.current).toBeNull()
  expect(body.last_validation).toMatchObject({
    ...{ id: deep, deep: true, finished_at: expect.any(String) },
    report: { validation: { right: 1, wrong_content: { count: 1, first: [spoiled] } } },
  })
})

it('a pruning deletes what no file is in and nothing else; a dry one only says so', async () => {
  const kept = await file('a/1', 'one')
  await server.context.store.put('library/ff/strange', Buffer.from('of nobody'))
  await server.context.store.put('recordings/x/index.m3u8', Buffer.from('not the library’s'))
  const before = await keys()
  const dry = await began({ kind: 'prune', dry_run: true })
  await run(dry)
  expect((await rowOf(dry)).report?.pruning).toEqual({ objects: 1, bytes: 9, unfinished: 0 })
  expect(await keys()).toEqual(before)
  expect(await em().count(AuditLog, { action: 'library.prune' })).toBe(0)
  const real = await began({ kind: 'prune' })
  await run(real)
  expect((await rowOf(real)).report?.pruning).toEqual({ objects: 1, bytes: 9, unfinished: 0 })
  expect(await keys()).toEqual([kept, 'recordings/x/index.m3u8'])
  expect(await em().findOneOrFail(AuditLog, { action: 'library.prune' })).toMatchObject({
    actor: { id: adminId },
    object: `library_run:${real}`,
  })
  expect((await admin.get(path)).body.last_pruning).toMatchObject({ id: real, dry_run: false })
})

it('one runs at a time, of fifty that are asked for at once too', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => admin.post(`${path}runs/`).send({ kind: 'validate' })),
  )
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
  for (const { status, body } of answers) if (status !== 202) expect([status, body.code]).toEqual([409, 'library_busy'])
  expect(await em().count(LibraryRun, {})).toBe(1)
  const [{ jobs } = { jobs: 0 }] = await em().execute<{ jobs: number }[]>(
    `select count(*)::int as jobs from pgboss.job where name = 'run-library' and data->>'run' in (select id from library_run)`,
  )
  expect(jobs).toBe(1)
})

it('is cancelled: what waits never begins, what reads is given up, and the next may begin', async () => {
  const waiting = await began({ kind: 'prune' })
  await server.context.store.put('library/ff/strange', Buffer.from('of nobody'))
  await admin.delete(`${path}runs/${waiting}/`).expect(204)
  await run(waiting)
  expect(await keys()).toEqual(['library/ff/strange'])
  expect((await admin.delete(`${path}runs/${waiting}/`).expect(409)).body.code).toBe('library_run_ended')

  await file('a/1', 'one')
  const reading = await began({ kind: 'validate', deep: true })
  const { promise: isReading, resolve } = Promise.withResolvers<void>()
  vi.spyOn(server.context.store, 'get').mockImplementation(async () => {
    resolve()
    throw new ObjectStoreError('unavailable', 'for as long as it takes')
  })
  const ended = run(reading)
  await isReading
  await admin.delete(`${path}runs/${reading}/`).expect(204)
  await ended
  expect(await rowOf(reading)).toMatchObject({ status: 'cancelled', failure: '', report: null })
  await began({ kind: 'validate' })
})

it('begins anew after a worker that was killed in the midst of it, and not when it had ended', async () => {
  const id = await began({ kind: 'validate' })
  await em().nativeUpdate(LibraryRun, { id }, { status: 'processing', progress: 60 })
  await run(id)
  const { finishedAt, status } = await rowOf(id)
  expect(status).toBe('ready')
  await run(id)
  expect((await rowOf(id)).finishedAt).toEqual(finishedAt)
  await run('0'.repeat(24))
})

it('a worker that stops leaves it to the next', async () => {
  await file('a/1', 'one')
  const id = await began({ kind: 'validate', deep: true })
  await expect(run(id, AbortSignal.abort())).rejects.toThrow('aborted')
  expect((await rowOf(id)).status).toBe('processing')
  await run(id)
  expect((await rowOf(id)).status).toBe('ready')
})

it('says why it failed: a store that refuses, or an upload that runs beside a pruning', async () => {
  const refused = await began({ kind: 'validate' })
  const list = vi.spyOn(server.context.store, 'list').mockImplementation(() => {
    throw new ObjectStoreError('unavailable', 'by order of the test', { trouble: 'lasting' })
  })
  await run(refused)
  list.mockRestore()
  expect((await admin.get(path)).body.last_validation).toMatchObject({ status: 'failed', failure: 'store_unavailable' })
  await using _upload = await lockLibrary(server.config.database.url, 'shared')
  const beside = await began({ kind: 'prune' })
  await run(beside)
  expect(await rowOf(beside)).toMatchObject({ status: 'failed', failure: 'library_busy' })
})

it('tells who began it how it goes on', async () => {
  const told = vi.spyOn(control, 'tellPerson')
  const id = await began({ kind: 'validate' })
  await run(id)
  expect(told).toHaveBeenLastCalledWith(expect.anything(), `u:${adminId}`, {
    ...{ t: 'job', id, status: 'ready', progress: 100 },
  })
})

it('is for admins alone, and takes what it knows', async () => {
  const { id } = (await admin.post(`${path}runs/`).send({ kind: 'validate' })).body
  for (const [who, status] of [
    [server.visitor(), 401],
    [await server.signIn(await server.register('teacher')), 403],
    [await server.signIn(await server.register('producer')), 403],
    [await server.signIn(await server.register('student')), 403],
  ] as const) {
    await who.get(path).expect(status)
    await who.post(`${path}runs/`).send({ kind: 'prune' }).expect(status)
    await who.get(`${path}runs/${id}/`).expect(status)
    await who.delete(`${path}runs/${id}/`).expect(status)
  }
  for (const body of [
    {},
    { kind: 'migrate' },
    { kind: 'prune', deep: true },
    { kind: 'validate', dry_run: true },
    { kind: 'prune', folder: '/etc' },
  ]) {
    await admin.post(`${path}runs/`).send(body).expect(400)
  }
  for (const strange of ['0'.repeat(24), '..%2f..', "' or 1=1"]) {
    await admin.get(`${path}runs/${encodeURIComponent(strange)}/`).expect(404)
    await admin.delete(`${path}runs/${encodeURIComponent(strange)}/`).expect(404)
  }
})
