import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFile, chmod, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ObjectStore } from '../../../media/storage/object-store.ts'
import { openStore } from '../../../media/storage/open-store.ts'
import { Patience } from '../../../media/storage/patience.ts'
import { objectKey } from '../../../server/library/library-path.ts'
import { upload } from '../../../server/library/upload.ts'
import { validate } from '../../../server/library/validate.ts'
import { openLibrary, type TestLibrary } from './library.ts'

let test: TestLibrary
let prefix = ''
let prefixes = 0

beforeAll(async () => {
  test = await openLibrary()
})

afterAll(async () => {
  await test[Symbol.asyncDispose]()
})

// Each test has a part of the library of its own.
beforeEach(async () => {
  prefix = `part-${++prefixes}`
  await test.s3.heal()
})

const send = (folder: string, options = {}) => upload(test.library, folder, { prefix, concurrency: 10, ...options })
const puts = () => test.s3.requests.filter((line) => line.startsWith('PUT ')).length
const keyOf = (content: string | Uint8Array, path: string) =>
  objectKey(createHash('sha256').update(content).digest('hex'), path)

async function contentOf(path: string): Promise<Buffer | null> {
  const row = await test.manifest.find(`${prefix}/${path}`)
  return row?.key ? buffer((await test.store.get(row.key)).body) : null
}

async function expectAllRight(): Promise<void> {
  const report = await validate(test.library, { prefix, isDeep: true, concurrency: 10 })
  expect(report).toMatchObject({ right: report.files, unsent: [], missing: [], wrongSize: [], wrongContent: [] })
}

describe('an upload', () => {
  it('keeps every file under the hash of its content, with its type, and equal ones once', async () => {
    const folder = await test.folder({
      'videos/a.mp4': 'one',
      'photos/b.JPG': 'two',
      'photos/again.jpg': 'two',
      'photos/deep/under/c': '',
    })
    const before = puts()
    expect(await send(folder)).toMatchObject({ files: 4, bytes: 9, sent: 3, linked: 1, unchanged: 0, failed: [] })
    expect(puts() - before).toBe(3)
    expect(await test.store.head(keyOf('one', 'a.mp4'))).toEqual({ size: 3, contentType: 'video/mp4' })
    expect(await test.store.head(keyOf('two', 'b.jpg'))).toMatchObject({ contentType: 'image/jpeg' })
    expect(await contentOf('photos/again.jpg')).toEqual(Buffer.from('two'))
    expect(await contentOf('photos/deep/under/c')).toEqual(Buffer.from(''))
    await expectAllRight()
  })

  it('asks the store nothing when nothing has changed, and sends what has', async () => {
    const folder = await test.folder({ 'a.txt': 'a', 'b.txt': 'b' })
    const past = new Date(Date.now() - 60_000)
    for (const name of ['a.txt', 'b.txt']) await utimes(join(folder, name), past, past)
    await expect.poll(async () => (await send(folder)).unchanged).toBe(2)
    const before = test.s3.requests.length
    expect(await send(folder)).toMatchObject({ sent: 0, linked: 0, unchanged: 2 })
    expect(test.s3.requests.length).toBe(before)
    // Of the same length, and with the times of before: only the inode's own time tells.
    await writeFile(join(folder, 'a.txt'), 'A')
    await utimes(join(folder, 'a.txt'), past, past)
    expect(await send(folder)).toMatchObject({ sent: 1, unchanged: 1 })
    expect(await contentOf('a.txt')).toEqual(Buffer.from('A'))
  })

  it('says what it would do, and does nothing, when it is a rehearsal', async () => {
    const folder = await test.folder({ 'a.txt': 'rehearsed' })
    const before = test.s3.requests.length
    expect(await send(folder, { isDryRun: true })).toMatchObject({ due: 1, dueBytes: 9, sent: 0 })
    expect(test.s3.requests.length).toBe(before)
    expect(await test.manifest.rows(`${prefix}/`)).toEqual([])
  })

  it('finds again what a killed run had sent but not written down', async () => {
    const folder = await test.folder({ 'a.txt': 'sent before' })
    await test.store.put(keyOf('sent before', 'a.txt'), Buffer.from('sent before'))
    const before = puts()
    expect(await send(folder)).toMatchObject({ sent: 0, linked: 1 })
    expect(puts()).toBe(before)
  })

  it('may run twice at once over one folder', async () => {
    const folder = await test.folder(
      Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}.txt`, `twice ${i}`])),
    )
    const reports = await Promise.all([send(folder), send(folder)])
    for (const { failed } of reports) expect(failed).toEqual([])
    await expectAllRight()
  })

  it('sends equal contents once, also when fifty files of it are sent side by side', async () => {
    const files = Array.from({ length: 50 }, (_, i) => [`${i}.bin`, Buffer.alloc(300_000, 'same')] as const)
    const folder = await test.folder(Object.fromEntries(files))
    const before = puts()
    expect(await send(folder, { concurrency: 50 })).toMatchObject({ sent: 1, linked: 49 })
    expect(puts() - before).toBe(1)
  })

  it('goes to a disk as it goes to S3, and keeps nothing of the folder’s own files there', async () => {
    const directory = await test.folder()
    const store = openStore({ kind: 'disk', directory })
    const folder = await test.folder({ 'a.txt': 'on disk', 'b.txt': 'on disk', 'c.mov': Buffer.alloc(6e6, 'c') })
    const library = { ...test.library, store }
    expect(await upload(library, folder, { prefix, concurrency: 4 })).toMatchObject({ sent: 2, linked: 1, failed: [] })
    // In place: a link would change the object too.
    for (const name of ['a.txt', 'b.txt', 'c.mov']) await appendFile(join(folder, name), 'more')
    const report = await validate(library, { prefix, isDeep: true, concurrency: 4 })
    expect(report).toMatchObject({ right: 3, missing: [], wrongSize: [], wrongContent: [] })
  })

  it('needs a folder, and a prefix that stays in the library', async () => {
    const folder = await test.folder({ 'a.txt': 'a' })
    await expect(upload(test.library, '/no/such/folder', { prefix, concurrency: 1 })).rejects.toThrow('it is gone')
    for (const bad of ['../up', 'a/../b', 'a\0b', 'x'.repeat(1025)]) {
      await expect(upload(test.library, folder, { prefix: bad, concurrency: 1 }), bad).rejects.toThrow('prefix')
    }
  })
})

describe('a file that is changed while it is sent', () => {
  /** Does something to the file the first times that it is put. */
  const meddling = (meddle: (put: number) => Promise<void>): ObjectStore => {
    let count = 0
    return Object.assign(Object.create(test.store), {
      list: (start: string) => test.store.list(start),
      async put(...args: Parameters<ObjectStore['put']>) {
        await meddle(++count)
        await test.store.put(...args)
      },
    })
  }

  it.each([5, 20])('is read anew, and stored as it is then (%i MB)', async (megabytes) => {
    const before = Buffer.alloc(megabytes * 1e6, `before ${prefix}`)
    const after = Buffer.alloc(megabytes * 1e6, `after ${prefix}`)
    const folder = await test.folder({ 'a.mov': before })
    const store = meddling(async (put) => {
      if (put === 1) await writeFile(join(folder, 'a.mov'), after)
    })
    expect(await upload({ ...test.library, store }, folder, { prefix, concurrency: 2 })).toMatchObject({ failed: [] })
    expect((await contentOf('a.mov'))?.equals(after)).toBe(true)
    expect(await test.store.head(keyOf(before, 'a.mov'))).toBeNull()
    await expectAllRight()
  })

  it('is left for the next run when it does not come to rest; the others are sent', async () => {
    const folder = await test.folder({ 'log.mov': Buffer.alloc(17e6, prefix), 'still.txt': prefix })
    const store = meddling(() => appendFile(join(folder, 'log.mov'), 'more'))
    const report = await upload({ ...test.library, store }, folder, { prefix, concurrency: 2 })
    expect(report.failed).toEqual([{ path: `${prefix}/log.mov`, why: 'it keeps changing while it is read' }])
    expect(report.sent).toBe(1)
    expect((await test.manifest.find(`${prefix}/log.mov`))?.problem).toContain('keeps changing')
    expect(await send(folder)).toMatchObject({ failed: [] })
    await expectAllRight()
  })

  it('is one that failed when it was deleted, or became a link', async () => {
    const folder = await test.folder({ 'gone.mov': Buffer.alloc(17e6, 'g'), 'link.mov': Buffer.alloc(18e6, 'l') })
    const store = meddling(async (put) => {
      if (put > 1) return
      await rm(join(folder, 'gone.mov'))
      await rm(join(folder, 'link.mov'))
      await symlink('/etc/passwd', join(folder, 'link.mov'))
    })
    const { failed } = await upload({ ...test.library, store }, folder, { prefix, concurrency: 1 })
    expect(failed.map(({ path, why }) => [path.slice(prefix.length + 1), why]).sort()).toEqual([
      ['gone.mov', 'it is gone'],
      ['link.mov', 'it is a symbolic link'],
    ])
  })
})

describe('a hostile tree', () => {
  it('is uploaded under its names, whatever script and characters they have', async () => {
    const names = [
      'обучение/видео 1.mp4',
      'שלום\u202Egpj.exe',
      ' leading and trailing ',
      '-rf',
      '..hidden',
      'a\nb\t\u001b[31m',
      'quote\'"`$(id);%00&?#',
      'x'.repeat(255),
      '💾.bin',
    ]
    const folder = await test.folder(Object.fromEntries(names.map((name, i) => [name, `hostile ${i}`])))
    expect(await send(folder)).toMatchObject({ sent: names.length, failed: [] })
    for (const [i, name] of names.entries()) expect(await contentOf(name)).toEqual(Buffer.from(`hostile ${i}`))
    // None of it is in a key.
    for (const { key } of await test.manifest.rows(`${prefix}/`)) expect(key).toMatch(/^library\/\w\w\/[0-9a-f]{64}/)
  })

  it('keeps all of the names that some disks take for one, and says so', async () => {
    const folder = await test.folder({ 'A.txt': '1', 'a.txt': '2', 'caf\u00e9': '3', 'cafe\u0301': '4' })
    const report = await send(folder)
    expect(report).toMatchObject({ sent: 4, failed: [] })
    expect(report.alike.map((pair) => pair.map((path) => path.slice(prefix.length + 1)))).toEqual([
      ['A.txt', 'a.txt'],
      ['cafe\u0301', 'caf\u00e9'],
    ])
    expect(await contentOf('cafe\u0301')).toEqual(Buffer.from('4'))
  })

  it('has links, sockets and names that are no text left out, said and counted', async () => {
    const folder = await test.folder({ 'real.txt': 'real', 'd/inner.txt': 'inner' })
    await symlink('/etc/passwd', join(folder, 'passwd'))
    await symlink('..', join(folder, 'd/loop'))
    await symlink('nowhere', join(folder, 'dangling'))
    await promisify(execFile)('mkfifo', [join(folder, 'pipe')])
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x66, 0xff, 0xfe])]), 'x')
    const deep = join(folder, ...Array.from({ length: 6 }, () => 'y'.repeat(200)))
    await mkdir(deep, { recursive: true })
    await writeFile(join(deep, 'z'), 'too deep')
    const { sent, skipped, failed } = await send(folder)
    expect(sent).toBe(2)
    expect(skipped.map(({ path, why }) => [path.slice(prefix.length + 1), why])).toEqual([
      ['dangling', 'it is a symbolic link'],
      ['passwd', 'it is a symbolic link'],
      ['pipe', 'it is no ordinary file'],
      ['d/loop', 'it is a symbolic link'],
    ])
    expect(failed.map(({ why }) => why)).toEqual([
      'its name is not valid Unicode',
      'its path is longer than 1024 bytes',
    ])
  })

  it('costs an unreadable file or folder itself, and nothing else', async () => {
    const folder = await test.folder({ 'open.txt': 'open', 'closed.txt': 'closed', 'vault/x.txt': 'x' })
    await chmod(join(folder, 'closed.txt'), 0)
    await chmod(join(folder, 'vault'), 0)
    const report = await asNobody(folder, () => send(folder))
    await chmod(join(folder, 'vault'), 0o700)
    expect(report.failed.map(({ path, why }) => [path.slice(prefix.length + 1), why]).sort()).toEqual([
      ['closed.txt', 'it may not be read'],
      ['vault/', 'it may not be read'],
    ])
    expect(report.sent).toBe(1)
  })
})

describe('a store in trouble', () => {
  const tree = () =>
    test.folder(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${i}.txt`, `${prefix} trouble ${i}`])))

  it.each([
    ['that is too busy', { status: 503, code: 'SlowDown' }],
    ['that fails now and then', { status: 500, code: 'InternalError' }],
    ['that hangs up', { cut: true }],
    ['that is slow', { delayMs: 300 }],
  ] as const)('%s is waited for', async (_what, how) => {
    const folder = await tree()
    await test.s3.fail('PUT .*library', 12, how)
    expect(await send(folder)).toMatchObject({ sent: 30, failed: [] })
    await expectAllRight()
  })

  it('that stays away ends the run, and the next one goes on', async () => {
    const folder = await tree()
    await test.s3.stop()
    const library = { ...test.library, patience: new Patience({ limitMs: 300, firstMs: 20 }) }
    await expect(upload(library, folder, { prefix, concurrency: 10 })).rejects.toMatchObject({ code: 'unavailable' })
    await test.s3.start()
    expect(await send(folder)).toMatchObject({ sent: 30, failed: [] })
    await expectAllRight()
  })

  it('that is full ends the run at once, with what it took kept', async () => {
    const folder = await tree()
    await test.s3.fail('PUT .*library', 1000, { status: 507, code: 'InsufficientStorage' })
    await expect(send(folder)).rejects.toMatchObject({ code: 'full' })
    await test.s3.heal()
    expect(await send(folder)).toMatchObject({ failed: [] })
    await expectAllRight()
  })

  it('is not asked again for what it refuses for good', async () => {
    const folder = await tree()
    const before = puts()
    await test.s3.fail('PUT .*library', 1000, { status: 403, code: 'AccessDenied' })
    await expect(send(folder)).rejects.toMatchObject({ code: 'unavailable', trouble: 'lasting' })
    expect(puts() - before).toBeLessThanOrEqual(10)
  })
})

/** Root may read everything; its files are lent to nobody for as long as it takes. */
async function asNobody<T>(folder: string, work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work()
  await promisify(execFile)('chown', ['-R', '65534', folder])
  await promisify(execFile)('chmod', ['755', join(folder, '..')])
  process.seteuid?.(65534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}
