import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fill, openLibrary, type TestLibrary } from './library.ts'

let test: TestLibrary
let folder: string

/** The categories of a library of 3,346 files, each with a few small ones: files, bytes of each. */
const categories: Record<string, [number, number]> = {
  'videos/exercises/technique/': [12, 4000],
  'videos/exercises/warm-up/': [6, 3000],
  'videos/reminders/': [9, 2500],
  'photos/progress/': [7, 700],
  'photos/quotes/': [21, 500],
  'images/avatars/': [10, 150],
  'audio/meditations/': [5, 1200],
}

function aTree(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(categories).flatMap(([name, [files, bytes]]) =>
      Array.from({ length: files }, (_, i) => [`${name}${i}.bin`, `${name}${i}`.padEnd(bytes, '.')]),
    ),
  )
}

beforeAll(async () => {
  test = await openLibrary()
  folder = await test.folder({ ...aTree(), 'photos/quotes/again.bin': 'photos/quotes/0'.padEnd(500, '.') })
})

afterAll(async () => {
  await test[Symbol.asyncDispose]()
})

// In order: each command works on what the one before it left.
describe('npm run library', () => {
  it('says how it is used', async () => {
    expect(await test.spawned(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('fill-missing') })
    expect(await test.spawned([])).toMatchObject({ code: 1, err: expect.stringContaining('fill-missing') })
    const bad = [
      ['upload'],
      ['upload', folder, '--concurrency', '0'],
      ['upload', folder, '--frobnicate'],
      ['upload', folder, '--prefix', '../..'],
      ['migrate', '--from', 'tape', '--to', 's3'],
      ['cors', '--origin', 'https://example.org/path'],
      ['url', 'no/such/file'],
      ['url', '../../etc/passwd'],
    ]
    const ends = await Promise.all(bad.map((args) => test.command(args)))
    for (const [index, { code, out, err }] of ends.entries()) {
      expect([bad[index], code, out]).toEqual([bad[index], 1, ''])
      expect(err).toMatch(/^[A-Z-][^\n]*\.?\n/)
      expect(err).not.toContain('    at ')
    }
  })

  it('rehearses and sends a tree, and tells of the progress', async () => {
    const rehearsal = await test.command(['upload', folder, '--dry-run'])
    expect(rehearsal).toMatchObject({ code: 0, out: expect.stringContaining('71 of') })
    const { code, out, err } = await test.spawned(['upload', folder, '--concurrency', '4'])
    expect([code, out]).toEqual([
      0,
      '71 files of 111.90 kB: 70 sent (111.40 kB), 1 of a content that was there, 0 unchanged, 0 failed.\n',
    ])
    expect(err).toMatch(/100 % \| 71 of 71 files \| 111.90 kB of 111.90 kB/)
  })

  it('prints the table of categories', async () => {
    const { code, out } = await test.command(['status'])
    expect(code).toBe(0)
    expect(out).toBe(`Category                      Files        Size   In the store
──────────────────────────────────────────────────────────────
audio/meditations/                5     6.00 kB          100 %
images/avatars/                  10     1.50 kB          100 %
photos/progress/                  7     4.90 kB          100 %
photos/quotes/                   22    11.00 kB          100 %
videos/exercises/technique/      12    48.00 kB          100 %
videos/exercises/warm-up/         6    18.00 kB          100 %
videos/reminders/                 9    22.50 kB          100 %
──────────────────────────────────────────────────────────────
Total                            71   111.90 kB          100 %
70 objects of 111.40 kB; files of equal content share one, which saves 500 B.
`)
    const shallow = await test.command(['status', '--depth', '1', '--prefix', 'videos'])
    expect(shallow.out).toMatch(/^videos\/ +27 +88\.50 kB +100 %$/m)
  })

  it('watches until everything is there', async () => {
    const { code, out } = await test.spawned(['watch'])
    expect([code, out.includes('Everything is there.')]).toEqual([0, true])
    await test.manifest.plan([{ path: 'videos/reminders/late.bin', sizeBytes: 10 }])
    const watching = test.command(['watch', '--prefix', 'videos/reminders'])
    await fill(folder, { 'videos/reminders/late.bin': 'late......' })
    await test.command(['upload', folder])
    expect(await watching).toMatchObject({ code: 0, out: expect.stringContaining('Everything is there.') })
  })

  it('finds what the store lost, has wrong or too much; fills, and prunes', async () => {
    const keyOf = async (path: string) => (await test.manifest.find(path))?.key ?? ''
    const [lost, short, wrong] = await Promise.all(
      ['videos/reminders/0.bin', 'videos/reminders/1.bin', 'videos/reminders/2.bin'].map(keyOf),
    )
    const { size = 0 } = (await test.store.head(wrong ?? '')) ?? {}
    const extra = `library/00/${'0'.repeat(64)}.bin`
    await test.store.delete([lost ?? ''])
    await test.store.put(short ?? '', Buffer.from('short'))
    await test.store.put(wrong ?? '', Buffer.alloc(size, 'w'))
    await test.store.put(extra, Buffer.from('nobody’s'))

    const quick = await test.spawned(['validate'])
    expect(quick.code).toBe(1)
    expect(quick.out).toContain(`The store has lost (1):\n  ${lost}`)
    expect(quick.out).toContain(`Of another size in the store (1):\n  ${short}`)
    expect(quick.out).toContain(extra)
    expect(quick.out).toContain('97.22 %: 70 of 72 files')
    const deep = await test.command(['validate', '--deep'])
    expect(deep.out).toContain(`Of another content in the store (1):\n  ${wrong}`)
    expect(deep.out).toContain('95.83 %: 69 of 72 files')

    const rehearsal = await test.command(['fill-missing', folder, '--deep', '--dry-run'])
    expect(rehearsal.out).toContain('3 objects were missing or wrong.')
    expect((await test.command(['validate'])).out).toBe(quick.out)

    await rm(join(folder, 'videos/reminders/1.bin'))
    const partly = await test.command(['fill-missing', folder, '--deep'])
    expect(partly.code).toBe(1)
    expect(partly.out).toContain('Still missing (1):\n  videos/reminders/1.bin')
    await fill(folder, { 'videos/reminders/1.bin': aTree()['videos/reminders/1.bin'] ?? '' })
    expect(await test.command(['fill-missing', folder, '--deep'])).toMatchObject({ code: 0 })

    const would = await test.command(['prune', '--dry-run'])
    expect(would.out).toContain('1 objects of 10 B would be deleted')
    expect((await test.command(['prune'])).out).toContain('1 objects of 10 B deleted')
    const { code, out } = await test.command(['validate', '--deep'])
    expect([code, out]).toEqual([0, '100 %: 72 of 72 files are right, in 71 objects, each read whole.\n'])
  })

  it('lets what a folder lost leave the library, but never an object that another file is in', async () => {
    await rm(join(folder, 'photos/quotes/0.bin'))
    await rm(join(folder, 'photos/quotes/1.bin'))
    const would = await test.command(['prune', folder, '--dry-run'])
    expect(would.out).toContain('Would leave the library (2):\n  photos/quotes/0.bin\n  photos/quotes/1.bin')
    expect(would.out).toContain('1 objects of 500 B would be deleted')
    expect((await test.command(['prune', folder])).out).toContain('1 objects of 500 B deleted')
    expect(await test.command(['validate', '--deep'])).toMatchObject({ code: 0 })
  })

  it('does not prune beside an upload', async () => {
    await fill(folder, { 'photos/slow.bin': 'slow' })
    await test.s3.fail('PUT .*library', 1, { delayMs: 1500 })
    const uploading = test.command(['upload', folder])
    await expect.poll(() => test.manifest.find('photos/slow.bin'), { timeout: 10_000 }).not.toBeNull()
    expect(await test.command(['prune'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Another library command'),
    })
    expect(await uploading).toMatchObject({ code: 0 })
  })

  it('fetches the library, goes on where it was broken off, and keeps what is there', async () => {
    const target = await test.folder()
    const bytes = Buffer.alloc(300_000, 'resumed')
    await fill(folder, { 'videos/long.mp4': bytes })
    await test.command(['upload', folder])
    const { sha256 } = (await test.manifest.find('videos/long.mp4')) ?? {}
    await fill(target, { [`.ustat-unfinished/${sha256}`]: bytes.subarray(0, 100_000) })
    const { code, out } = await test.command(['download', target])
    expect([code, out]).toEqual([0, '72 of 72 files are there: 72 fetched, 0 were.\n'])
    expect((await readFile(join(target, 'videos/long.mp4'))).equals(bytes)).toBe(true)
    expect(await readFile(join(target, 'photos/quotes/again.bin'), 'utf8')).toMatch(/^photos\/quotes\/0\.+$/)
    await writeFile(join(target, 'videos/long.mp4'), 'damaged')
    const again = await test.command(['download', target])
    expect([again.code, again.out]).toEqual([0, '72 of 72 files are there: 1 fetched, 71 were.\n'])
    const part = await test.folder()
    expect((await test.command(['download', part, '--prefix', 'photos/quotes'])).out).toMatch(/^20 of 20 files/)
    expect(await readFile(join(part, 'again.bin'), 'utf8')).toMatch(/^photos/)
  })

  it('says which files it could not fetch whole', async () => {
    const { key = '' } = (await test.manifest.find('videos/reminders/3.bin')) ?? {}
    await test.store.put(key ?? '', Buffer.from('something else'))
    const target = await test.folder()
    const { code, out } = await test.command(['download', target, '--prefix', 'videos/reminders'])
    expect([code, out]).toEqual([
      1,
      'Not fetched (1):\n  videos/reminders/3.bin: the store has something else in its place\n9 of 10 files are there: 9 fetched, 0 were.\n',
    ])
    expect((await test.command(['fill-missing', folder])).code).toBe(0)
  })

  it('says what stores would ask', async () => {
    const { code, out } = await test.command(['cost', '--reads', '50000000', '--egress-gb', '1000'])
    expect(code).toBe(0)
    // 40 million reads beyond the free ones; traffic is free. S3: 50 million reads, 900 GB.
    expect(out).toMatch(/^Cloudflare R2 +\$0\.00 +\$14\.40 +\$0\.00 +\$14\.40 +\$0\.00 +\d{4}-\d\d-\d\d$/m)
    expect(out).toMatch(/^Amazon S3 +\$0\.00 +\$20\.00 +\$81\.00 +\$101\.00 +\$0\.00 +\d{4}-\d\d-\d\d$/m)
    expect(out).toMatch(/last checked on \d{4}-\d\d-\d\d: look at the store’s own list/)
  })

  it('allows origins, and gives addresses for an hour and for good', async () => {
    expect(await test.command(['cors', '--origin', 'https://one.example'])).toMatchObject({ code: 0 })
    const { out } = await test.command(['url', 'videos/reminders/0.bin'])
    expect(out).toContain('X-Amz-Expires=3600')
    const answer = await fetch(out.trim(), { headers: { origin: 'https://one.example' } })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, 'https://one.example'])
    expect(await answer.text()).toMatch(/^videos\/reminders\/0\.+$/)
    const env = { S3_PUBLIC_URL: 'https://cdn.example' }
    const shared = await test.command(['url', 'videos/reminders/0.bin', '--public'], env)
    expect(shared.out).toMatch(/^https:\/\/cdn\.example\/public\/library\/[0-9a-f]{64}\.bin\n$/)
    expect(await test.store.head(new URL(shared.out).pathname.slice(1))).toMatchObject({ size: 2500 })
    expect((await test.command(['url', new URL(shared.out).pathname.slice(1)])).code).toBe(0)
  })

  it('says in a sentence what is away', async () => {
    await fill(folder, { 'photos/new.bin': 'new' })
    const noDatabase = await test.spawned(['status'], { DATABASE_URL: 'postgresql://u@127.0.0.1:1/x' })
    expect(noDatabase).toMatchObject({ code: 1, err: expect.stringContaining('The database cannot be reached') })
    const noStore = await test.command(['upload', folder, '--patience', '0'], { S3_ENDPOINT: 'http://127.0.0.1:1' })
    expect(noStore).toMatchObject({ code: 1, err: expect.stringContaining('Run it again to go on.') })
    const refused = await test.command(['upload', folder], { S3_SECRET_ACCESS_KEY: 'wrong' })
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('The store refuses us') })
    expect((await test.command(['status'])).code).toBe(1)
    expect(await test.command(['upload', folder])).toMatchObject({ code: 0 })
  })
})
