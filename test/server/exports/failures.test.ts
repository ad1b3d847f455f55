import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { ObjectStoreError } from '../../../media/storage/object-store.ts'
import { Export } from '../../../server/exports/export.ts'
import { conversionPath, makeExport } from '../../../server/exports/make-export.job.ts'
import { purgeExports } from '../../../server/exports/purge-exports.job.ts'
import { clip } from '../../support/clips.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let root: string
let short: string
/** Longer than anything here waits. */
let long: string

beforeAll(async () => {
  server = await startServer()
  root = mkdtempSync(join(tmpdir(), 'ustat-export-failures-'))
  short = await clip({ seconds: 3, container: 'mp4' })
  long = join(root, 'long.mp4')
  const eight = await clip({ seconds: 8, container: 'mp4', video: { width: 1280, height: 720, bitrate: '1M' } })
  execFileSync('ffmpeg', ['-v', 'error', '-stream_loop', '70', '-i', eight, '-c', 'copy', long])
}, 60_000)
afterAll(async () => {
  rmSync(root, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const folder = () => join(server.config.dataDir, 'exports')
const rowOf = (id: string) => server.context.orm.em.fork().findOneOrFail(Export, { id })

async function asked(file = short, piece: Record<string, string> = {}): Promise<string> {
  const fields = { format: 'mp4', start: '0.4', duration: '2', ...piece }
  const { body } = await server
    .visitor()
    .post('/api/convert/')
    .field(fields)
    .attach('file', file, 'film.mp4')
    .expect(202)
  return body.id
}

it('leaves no file behind when it cannot be taken', async () => {
  vi.spyOn(server.context.queue, 'add').mockRejectedValueOnce(new Error('the database is away'))
  await server.visitor().post('/api/convert/').field({ format: 'mp4', duration: '1' }).attach('file', short).expect(500)
  expect(readdirSync(folder()).filter((name) => name.endsWith('.upload'))).toEqual([])
})

const run = (id: string, signal = new AbortController().signal) => makeExport(server.context, id, signal)

/** Processes whose command names the export. */
function processesOf(id: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(id)
    } catch {
      return false
    }
  })
}

const isAway = () => Promise.reject(new ObjectStoreError('unavailable', 'by order of the test'))

it('begins anew after a worker that was killed in the midst of it, and leaves nothing behind', async () => {
  const id = await asked()
  await server.context.orm.em.fork().nativeUpdate(Export, { id }, { status: 'processing', progress: 60 })
  mkdirSync(join(folder(), id))
  writeFileSync(join(folder(), id, 'clip.mp4'), 'half of what it')
  await run(id)
  expect(await rowOf(id)).toMatchObject({ status: 'ready', progress: 100 })
  expect(readdirSync(folder()).filter((name) => name.startsWith(id))).toEqual([])
})

it('stops its ffmpeg when the worker stops, and is made by the next one', async () => {
  const id = await asked(long, { duration: '500' })
  const stopping = new AbortController()
  const running = run(id, stopping.signal)
  await vi.waitFor(() => expect(processesOf(id)).not.toEqual([]), { timeout: 10_000 })
  stopping.abort()
  await expect(running).rejects.toThrow()
  await vi.waitFor(() => expect(processesOf(id)).toEqual([]), { timeout: 5000 })
  const left = await rowOf(id)
  expect(left.status).toBe('processing')
  expect(existsSync(conversionPath(server.config.dataDir, id))).toBe(true)
  await server.context.orm.em.fork().nativeUpdate(Export, { id }, { durationSeconds: 1 })
  await run(id)
  expect((await rowOf(id)).status).toBe('ready')
}, 30_000)

it('is given up within two seconds when it is cancelled: no ffmpeg, no file, nothing in the store', async () => {
  const id = await asked(long, { duration: '150' })
  const running = run(id)
  await vi.waitFor(async () => expect((await rowOf(id)).progress).toBeGreaterThan(0), { timeout: 20_000 })
  await server.visitor().delete(`/api/exports/${id}/`).expect(204)
  const cancelledAt = performance.now()
  await running
  expect(performance.now() - cancelledAt).toBeLessThan(2500)
  await vi.waitFor(() => expect(processesOf(id)).toEqual([]), { timeout: 2000 })
  expect(readdirSync(folder()).filter((name) => name.startsWith(id))).toEqual([])
  expect(await server.context.store.head(`exports/${id}.mp4`)).toBeNull()
  await server.visitor().get(`/api/exports/${id}/`).expect(404)
}, 40_000)

it('waits for a store that is away, with the visitor’s file kept', async () => {
  const id = await asked()
  vi.spyOn(server.context.store, 'put').mockImplementation(isAway)
  await expect(run(id)).rejects.toThrow('by order of the test')
  expect(await rowOf(id)).toMatchObject({ status: 'processing', failure: '' })
  expect(existsSync(conversionPath(server.config.dataDir, id))).toBe(true)
  vi.restoreAllMocks()
  await run(id)
  expect((await rowOf(id)).status).toBe('ready')
  expect(existsSync(conversionPath(server.config.dataDir, id))).toBe(false)
})

it('says so when its file cannot be read, and keeps it; says that it is gone when it is', async () => {
  const id = await asked()
  await run(id)
  const url = `/api/exports/${id}/download/`
  vi.spyOn(server.context.store, 'get').mockImplementation(isAway)
  expect((await server.visitor().get(url).expect(503)).body.code).toBe('store_unavailable')
  vi.restoreAllMocks()
  await server.visitor().get(url).buffer(true).expect(200)
  await server.context.store.delete([`exports/${id}.mp4`])
  const gone = await server.visitor().get(url).expect(404)
  expect(gone.body.code).toBe('file_missing')
  expect(gone.headers['content-disposition']).toBeUndefined()
})

it('is not made of a file that is no longer there', async () => {
  const id = await asked()
  rmSync(conversionPath(server.config.dataDir, id))
  await run(id)
  expect(await rowOf(id)).toMatchObject({ status: 'failed', failure: 'file_missing' })
})

it('is purged when its time has come, a cancelled one with the file that it waited for; a store that is away is asked again', async () => {
  const [old, cancelled, fresh] = [await asked(), await asked(), await asked()]
  await run(old)
  await server.context.orm.em.fork().nativeUpdate(Export, { id: old }, { expiresAt: new Date(Date.now() - 1000) })
  await server.visitor().delete(`/api/exports/${cancelled}/`).expect(204)
  vi.spyOn(server.context.store, 'delete').mockImplementation(isAway)
  await expect(purgeExports(server.context)).rejects.toThrow('by order of the test')
  expect(await rowOf(old)).toBeTruthy()
  vi.restoreAllMocks()
  const leftOver = join(folder(), 'left-over')
  mkdirSync(leftOver)
  utimesSync(leftOver, new Date(0), new Date(0))
  await purgeExports(server.context)
  const em = server.context.orm.em.fork()
  expect(await em.count(Export, { id: { $in: [old, cancelled] } })).toBe(0)
  expect(await server.context.store.head(`exports/${old}.mp4`)).toBeNull()
  expect(existsSync(conversionPath(server.config.dataDir, cancelled))).toBe(false)
  expect(existsSync(leftOver)).toBe(false)
  // What is still wanted stays.
  await run(fresh)
  expect((await rowOf(fresh)).status).toBe('ready')
})

it('is given up when nobody has made it in two hours', async () => {
  const id = await asked()
  await purgeExports(server.context)
  expect((await rowOf(id)).status).toBe('queued')
  await purgeExports(server.context, new Date(Date.now() + 2.1 * 3600_000))
  expect(await rowOf(id)).toMatchObject({ status: 'failed', failure: 'export_abandoned' })
})

it.each([
  ['a'.repeat(300), `${'a'.repeat(200)}.gif`],
  ['-i', 'i.gif'],
  ['../../x', 'x.gif'],
  ['\u202egpj.exe', 'gpj.exe.gif'],
  ['x\r\nSet-Cookie: a=b', null],
])('gives a file named %j a name that harms nobody', async (title, expected) => {
  const { body } = await server
    .visitor()
    .post('/api/convert/')
    .field({ format: 'gif', duration: '1' })
    .attach('file', short, `${title}.mp4`)
  if (expected) expect(body.file_name).toBe(expected)
  else expect(body.file_name ?? '').not.toMatch(/[\r\n]/)
})

it('takes five files an hour from an address, before it reads them', async () => {
  await using strict = await startServer({ limitFactor: 1 })
  const visitor = strict.visitor()
  const send = () =>
    visitor.post('/api/convert/').field({ format: 'gif', duration: '1' }).attach('file', Buffer.from('x'), 'x')
  for (let time = 0; time < 5; time += 1) expect((await send()).status).not.toBe(429)
  const { headers } = await send().expect(429)
  expect(Number(headers['retry-after'])).toBeGreaterThan(600)
})
