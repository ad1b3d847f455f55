import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import { MigratingStore } from '../../../media/storage/migrating-store.ts'
import type { ObjectStore } from '../../../media/storage/object-store.ts'
import { openStore } from '../../../media/storage/open-store.ts'
import { S3Store } from '../../../media/storage/s3-store.ts'
import { type S3Server, startS3 } from '../../support/s3.ts'

let folder: string
let s3: S3Server

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ustat-store-'))
  s3 = await startS3()
})

afterAll(async () => {
  await s3[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const stores: [string, () => ObjectStore][] = [
  ['on disk', () => openStore({ kind: 'disk', directory: join(folder, 'store') })],
  ['on S3, over HTTP', () => openStore(s3.config)],
  ['that moves from disk to S3', () => openStore(s3.config, { kind: 'disk', directory: join(folder, 'before-s3') })],
  ['that moves from S3 to disk', () => openStore({ kind: 'disk', directory: join(folder, 'after-s3') }, s3.config)],
]

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys.sort()
}

describe.each(stores)('ObjectStore %s', (name, open) => {
  const at = (key: string) => `${name.replace(/\W/g, '-')}/${key}`

  it('gives back what was put, with its size and type', async () => {
    const store = open()
    await store.put(at('one/index.m3u8'), Buffer.from('#EXTM3U\n'))
    const { body, size, contentType } = await store.get(at('one/index.m3u8'))
    expect(await text(body)).toBe('#EXTM3U\n')
    expect({ size, contentType }).toEqual({ size: 8, contentType: 'application/vnd.apple.mpegurl' })
    expect(await store.head(at('one/index.m3u8'))).toEqual({ size: 8, contentType: 'application/vnd.apple.mpegurl' })
  })

  it('puts files byte for byte, also large ones and empty ones', async () => {
    const store = open()
    const large = Buffer.alloc(3_000_001, 'framing?')
    for (const [key, bytes] of [
      ['large.m4s', large],
      ['empty.m4s', Buffer.alloc(0)],
    ] as const) {
      const file = join(folder, key)
      await writeFile(file, bytes)
      await store.put(at(key), { file })
      await rm(file)
      const { body, size } = await store.get(at(key))
      expect((await buffer(body)).equals(bytes)).toBe(true)
      expect(size).toBe(bytes.length)
    }
  })

  it('replaces an object, from memory and from a file', async () => {
    const store = open()
    const file = join(folder, 'replacement')
    await writeFile(file, 'three')
    await store.put(at('replaced.txt'), Buffer.from('one'))
    await store.put(at('replaced.txt'), Buffer.from('two'))
    expect(await text((await store.get(at('replaced.txt'))).body)).toBe('two')
    for (let again = 0; again < 2; again++) {
      await store.put(at('replaced.txt'), { file })
      expect(await text((await store.get(at('replaced.txt'))).body)).toBe('three')
    }
  })

  it('gives a range, both ends included', async () => {
    const store = open()
    await store.put(at('range.m4s'), Buffer.from('0123456789'))
    const middle = await store.get(at('range.m4s'), { start: 2, end: 4 })
    expect([await text(middle.body), middle.size]).toEqual(['234', 3])
    const rest = await store.get(at('range.m4s'), { start: 7 })
    expect([await text(rest.body), rest.size]).toEqual(['789', 3])
    const beyond = await store.get(at('range.m4s'), { start: 8, end: 99 })
    expect([await text(beyond.body), beyond.size]).toEqual(['89', 2])
    await expect(store.get(at('range.m4s'), { start: 10 })).rejects.toMatchObject({ code: 'not_found' })
  })

  it('says when there is none', async () => {
    const store = open()
    await expect(store.get(at('none.txt'))).rejects.toMatchObject({ name: 'ObjectStoreError', code: 'not_found' })
    await expect(store.put(at('none.txt'), { file: join(folder, 'no-such-file') })).rejects.toThrow()
    expect(await store.head(at('none.txt'))).toBeNull()
  })

  it('lists by prefix, at a slash or within a name, and deletes what it is told', async () => {
    const store = open()
    const keys = ['r/a/1.m4s', 'r/a/b/2.m4s', 'r/ab/3.m4s', 'r/b/4.m4s'].map(at)
    for (const key of keys) await store.put(key, Buffer.from('x'))
    expect(await keysOf(store, at('r/a/'))).toEqual([keys[0], keys[1]])
    expect(await keysOf(store, at('r/a'))).toEqual([keys[0], keys[1], keys[2]])
    expect(await keysOf(store, at('nothing/'))).toEqual([])
    await store.delete([...keys.slice(0, 3), at('r/never.m4s')])
    expect(await keysOf(store, at('r/'))).toEqual([keys[3]])
    await store.delete([])
  })

  it('takes a stream of a length that nobody knows, small and large', async () => {
    const store = open()
    const large = Buffer.alloc(9_000_000, 'stream')
    const parts = [large.subarray(0, 10), large.subarray(10, 8_500_000), large.subarray(8_500_000)]
    let counted = 0
    const onProgress = (bytes: number) => {
      counted += bytes
    }
    await store.put(at('stream/large.mp4'), Readable.from(parts), { sha256: sha256(large), onProgress })
    expect((await buffer((await store.get(at('stream/large.mp4'))).body)).equals(large)).toBe(true)
    expect(counted).toBe(large.length)
    await store.put(at('stream/small.txt'), Readable.from([Buffer.from('a'), Buffer.from('b')]))
    expect(await text((await store.get(at('stream/small.txt'))).body)).toBe('ab')
    await store.put(at('stream/empty.txt'), Readable.from([]))
    expect(await store.head(at('stream/empty.txt'))).toMatchObject({ size: 0 })
  })

  it('keeps nothing of a stream that breaks', async () => {
    const store = open()
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(9_000_000)
        throw new Error('the source is gone')
      })(),
    )
    await expect(store.put(at('broken.mp4'), broken)).rejects.toMatchObject({ name: 'ObjectStoreError' })
    expect(await store.head(at('broken.mp4'))).toBeNull()
  })

  it('refuses bytes of another hash than was promised, however they come', async () => {
    const store = open()
    const file = join(folder, 'promised')
    for (const size of [5, 17_000_000]) {
      const bytes = Buffer.alloc(size, 'p')
      await writeFile(file, bytes)
      for (const body of [() => bytes, () => ({ file }), () => Readable.from([bytes])]) {
        await expect(store.put(at('promised.bin'), body(), { sha256: sha256('other') })).rejects.toMatchObject({
          code: 'mismatch',
        })
        expect(await store.head(at('promised.bin'))).toBeNull()
      }
      await store.put(at(`kept-${size}.bin`), { file }, { sha256: sha256(bytes) })
      // A checked file is read, never linked: it may be changed afterwards.
      await writeFile(file, 'changed in place')
      expect(await store.head(at(`kept-${size}.bin`))).toMatchObject({ size })
    }
  })

  it('does not replace when it is told not to', async () => {
    const store = open()
    await store.put(at('once.txt'), Buffer.from('first'))
    const file = join(folder, 'once')
    await writeFile(file, 'third')
    for (const body of [Buffer.from('second'), { file }, Readable.from([Buffer.from('fourth')])]) {
      await expect(store.put(at('once.txt'), body, { ifAbsent: true })).rejects.toMatchObject({ code: 'exists' })
    }
    expect(await text((await store.get(at('once.txt'))).body)).toBe('first')
    await store.put(at('fresh.txt'), Buffer.from('fresh'), { ifAbsent: true })
    expect(await text((await store.get(at('fresh.txt'))).body)).toBe('fresh')
  })

  it('lets one of many win that may not replace', async () => {
    const store = open()
    const bodies = Array.from({ length: 20 }, (_, i) => `body ${i}`)
    const key = at('first-wins.txt')
    const puts = await Promise.allSettled(bodies.map((body) => store.put(key, Buffer.from(body), { ifAbsent: true })))
    const winners = bodies.filter((_, i) => puts[i]?.status === 'fulfilled')
    expect(winners).toEqual([await text((await store.get(key)).body)])
  })

  it('stops when it is told to', async () => {
    const store = open()
    const stopped = AbortSignal.abort()
    await expect(store.put(at('stopped.txt'), Buffer.from('x'), { signal: stopped })).rejects.toThrow()
    expect(await store.head(at('stopped.txt'))).toBeNull()
  })

  it('copies within itself, and the copy outlives what it was made of', async () => {
    const store = open()
    await store.put(at('copied.jpg'), Buffer.from('picture'))
    await store.copy(at('copied.jpg'), at('copy.jpg'))
    await store.delete([at('copied.jpg')])
    expect(await text((await store.get(at('copy.jpg'))).body)).toBe('picture')
    expect(await store.head(at('copy.jpg'))).toMatchObject({ contentType: 'image/jpeg' })
    await expect(store.copy(at('none.jpg'), at('copy.jpg'))).rejects.toMatchObject({ code: 'not_found' })
  })

  it('gives nobody a public address of what is not public', async () => {
    expect(open().publicUrl(at('private.jpg'))).toBeNull()
  })

  it('lists and deletes more than a page', async () => {
    const store = open()
    // A page is a thousand. A moving store only passes on what its two stores say.
    const count = name.includes('moves') ? 30 : 1100
    const keys = Array.from({ length: count }, (_, i) => at(`many/${i}.m4s`))
    for (let i = 0; i < keys.length; i += 100) {
      await Promise.all(keys.slice(i, i + 100).map((key) => store.put(key, Buffer.from('x'))))
    }
    expect((await keysOf(store, at('many/'))).length).toBe(count)
    const [kept = '', ...others] = keys
    await store.delete(others)
    expect(await keysOf(store, at('many/'))).toEqual([kept])
  })

  it('refuses keys that are none of ours', async () => {
    const store = open()
    for (const key of [
      '',
      '/etc/passwd',
      '../x',
      'a/../b',
      'a//b',
      'a/',
      '.hidden',
      'a/.b',
      'a b',
      'a\\b',
      'ä',
      '\0',
    ]) {
      await expect(store.put(key, Buffer.from('x')), key).rejects.toThrow(TypeError)
      await expect(store.get(key), key).rejects.toThrow(TypeError)
    }
  })
})

describe('MigratingStore', () => {
  it('reads where an object is, and presigns, lists and deletes it there', async () => {
    const disk = openStore({ kind: 'disk', directory: join(folder, 'moving') })
    const s3Store = openStore(s3.config)
    const store = new MigratingStore(s3Store, disk)
    await disk.put('moving/old.txt', Buffer.from('old'))
    await disk.put('moving/both.txt', Buffer.from('before'))
    await s3Store.put('moving/both.txt', Buffer.from('now'))
    await store.put('moving/new.txt', Buffer.from('new'))
    const read = async (key: string) => text((await store.get(key)).body)
    expect([await read('moving/old.txt'), await read('moving/both.txt'), await read('moving/new.txt')]).toEqual([
      'old',
      'now',
      'new',
    ])
    expect(await keysOf(store, 'moving/')).toEqual(['moving/both.txt', 'moving/new.txt', 'moving/old.txt'])
    expect(await disk.head('moving/new.txt')).toBeNull()
    expect(await store.presign('moving/old.txt', 60)).toBeNull()
    expect(await store.presign('moving/both.txt', 60)).toContain(s3.config.endpoint)
    // Behind the end of the new one is not in the old one.
    await expect(store.get('moving/both.txt', { start: 4 })).rejects.toMatchObject({ code: 'not_found' })
    await store.copy('moving/old.txt', 'moving/copy.txt')
    expect(await read('moving/copy.txt')).toBe('old')
    await store.delete(['moving/old.txt', 'moving/both.txt'])
    expect([await disk.head('moving/both.txt'), await s3Store.head('moving/both.txt')]).toEqual([null, null])
  })
})

describe('DiskStore', () => {
  it('links a file of the same disk, and leaves nothing unfinished behind', async () => {
    const root = join(folder, 'links')
    const store = new DiskStore(root)
    const file = join(folder, 'segment')
    await writeFile(file, 'media')
    await store.put('a/1.m4s', { file })
    await store.put('a/1.m4s', { file })
    expect((await stat(join(root, 'a/1.m4s'))).ino).toBe((await stat(file)).ino)
    expect(await readdir(join(root, '.incoming'))).toEqual([])
    await rm(file)
    expect(await readFile(join(root, 'a/1.m4s'), 'utf8')).toBe('media')
  })

  it('removes empty folders with their last object, and what a kill left a day ago', async () => {
    const root = join(folder, 'sweep')
    await new DiskStore(root).put('a/b/1.m4s', Buffer.from('x'))
    const [old, fresh] = [join(root, '.incoming/old'), join(root, '.incoming/fresh')]
    await writeFile(old, 'half')
    await writeFile(fresh, 'half')
    const longAgo = new Date(Date.now() - 25 * 3600 * 1000)
    await utimes(old, longAgo, longAgo)

    const store = new DiskStore(root)
    await store.put('a/2.m4s', Buffer.from('x'))
    await store.delete(['a/b/1.m4s'])
    expect(await readdir(join(root, '.incoming'))).toEqual(['fresh'])
    expect(await readdir(join(root, 'a'))).toEqual(['2.m4s'])
    await store.delete(['a/2.m4s'])
    expect(await readdir(root)).toEqual(['.incoming'])
  })

  it('takes many puts of one key at a time; one of them wins whole', async () => {
    const store = new DiskStore(join(folder, 'race'))
    const bodies = Array.from({ length: 8 }, (_, i) => Buffer.alloc(50_000, `${i}`))
    await Promise.all(bodies.map((body) => store.put('race.txt', body)))
    const left = await buffer((await store.get('race.txt')).body)
    expect(bodies.some((body) => body.equals(left))).toBe(true)
  })

  it('has no URLs of its own', async () => {
    expect(await new DiskStore(folder).presign()).toBeNull()
  })

  it('keeps an object readable to its end when it is deleted meanwhile', async () => {
    const store = new DiskStore(join(folder, 'open'))
    await store.put('a.m4s', Buffer.alloc(1_000_000, 'x'))
    const { body } = await store.get('a.m4s')
    await store.delete(['a.m4s'])
    expect((await buffer(body)).length).toBe(1_000_000)
  })
})

describe('S3Store', () => {
  it('presigns a URL that opens one object and stops when it was edited', async () => {
    const store = new S3Store(s3.config)
    await store.put('presigned/1.m4s', Buffer.from('media'))
    await store.put('presigned/2.m4s', Buffer.from('other'))
    const url = await store.presign('presigned/1.m4s', 300)
    const answer = await fetch(url, { headers: { range: 'bytes=0-2' } })
    expect([answer.status, await answer.text()]).toEqual([206, 'med'])
    expect((await fetch(url.replace('1.m4s', '2.m4s'))).status).toBe(403)
    expect((await fetch(url.replace('Expires=300', 'Expires=9000'))).status).toBe(403)
    expect((await fetch(url.split('?')[0] ?? '')).status).toBe(403)
  })

  it('is refused with a wrong secret, for good', async () => {
    const store = new S3Store({ ...s3.config, secretAccessKey: 'wrong' })
    const refused = { code: 'unavailable', trouble: 'lasting' }
    await expect(store.put('refused.txt', Buffer.from('x'))).rejects.toMatchObject(refused)
    await expect(store.head('refused.txt')).rejects.toMatchObject(refused)
  })

  it('gives public objects a day in caches, and an address when there is one', async () => {
    const store = new S3Store({ ...s3.config, publicUrl: 'https://cdn.example/' })
    await store.put('public/a.jpg', Buffer.from('a'))
    await store.put('private/a.jpg', Buffer.from('a'))
    expect(store.publicUrl('public/a.jpg')).toBe('https://cdn.example/public/a.jpg')
    expect(store.publicUrl('private/a.jpg')).toBeNull()
    const cacheControl = async (key: string) => (await fetch(await store.presign(key, 60))).headers.get('cache-control')
    expect(await cacheControl('public/a.jpg')).toBe('max-age=86400')
    expect(await cacheControl('private/a.jpg')).toBeNull()
    await store.copy('private/a.jpg', 'public/copied.jpg')
    expect(await cacheControl('public/copied.jpg')).toBe('max-age=86400')
  })

  it('lets pages of the origins that it is told read objects, and no others', async () => {
    const store = new S3Store(s3.config)
    await store.put('cors/a.txt', Buffer.from('a'))
    const allowed = async (origin: string) =>
      (await fetch(await store.presign('cors/a.txt', 60), { headers: { origin } })).headers.get(
        'access-control-allow-origin',
      )
    await store.allowOrigins(['https://one.example', 'https://two.example'])
    expect(await allowed('https://two.example')).toBe('https://two.example')
    expect(await allowed('https://three.example')).toBeNull()
    await store.allowOrigins(['*'])
    expect(await allowed('https://three.example')).not.toBeNull()
  })

  it('puts what is larger than one request should be in parts', async () => {
    const store = new S3Store(s3.config)
    const file = join(folder, 'source.mp4')
    const bytes = Buffer.alloc(65 * 1024 * 1024, 'a lesson')
    await writeFile(file, bytes)
    await store.put('videos/source.mp4', { file })
    expect(await store.head('videos/source.mp4')).toMatchObject({ size: bytes.length, contentType: 'video/mp4' })
    expect(s3.requests.filter((line) => line.startsWith('PUT /media/videos/source.mp4')).length).toBeGreaterThan(3)
  })

  it('goes on with a large file where it stopped, and gives up what nobody goes on with', async () => {
    const store = new S3Store(s3.config)
    const file = join(folder, 'large.mov')
    const bytes = Buffer.alloc(33 * 1024 * 1024)
    for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at)
    await writeFile(file, bytes)
    const tokens: (string | null)[] = []
    const resume = (token: string | null) => ({
      token,
      async keep(next: string | null) {
        tokens.push(next)
      },
    })
    const options = { sha256: sha256(bytes), resume: resume(null) }
    await s3.fail('PUT .*large\\.mov.*partNumber=4', 1, { status: 500, code: 'InternalError' })
    await expect(store.put('videos/large.mov', { file }, options)).rejects.toMatchObject({ code: 'unavailable' })
    const [token = null] = tokens
    expect(token).not.toBeNull()

    const sentBefore = s3.requests.filter((line) => line.startsWith('PUT /media/videos/large.mov')).length
    let counted = 0
    const onProgress = (count: number) => {
      counted += count
    }
    await store.put('videos/large.mov', { file }, { ...options, resume: resume(token), onProgress })
    const sentAgain = s3.requests.filter((line) => line.startsWith('PUT /media/videos/large.mov')).length - sentBefore
    expect(sentAgain).toBeLessThan(4)
    expect(counted).toBe(bytes.length)
    expect(tokens.at(-1)).toBeNull()
    expect((await buffer((await store.get('videos/large.mov')).body)).equals(bytes)).toBe(true)
    // A token of an upload that the server has forgotten is one of none.
    await store.put('videos/large.mov', { file }, { ...options, resume: resume(token) })

    await s3.fail('PUT .*large\\.mov.*partNumber=2', 1, { status: 500, code: 'InternalError' })
    await expect(store.put('videos/large.mov', { file }, options)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await store.sweep(new Date(0))).toBe(0)
    expect(await store.sweep(new Date(Date.now() + 1000))).toBe(1)
    expect(await store.sweep(new Date(Date.now() + 1000))).toBe(0)
  })

  it('does not mix two states of a file, when it changed between two attempts', async () => {
    const store = new S3Store(s3.config)
    const file = join(folder, 'mixed.mov')
    const first = Buffer.alloc(25 * 1024 * 1024, 'first')
    const second = Buffer.from(first)
    second.fill('second', 0, 1000)
    await writeFile(file, second)
    let token: string | null = null
    const resume = () => ({
      token,
      async keep(next: string | null) {
        token = next
      },
    })
    await s3.fail('PUT .*mixed\\.mov.*partNumber=4', 1, { status: 500, code: 'InternalError' })
    const options = () => ({ sha256: sha256(first), resume: resume() })
    await expect(store.put('videos/mixed.mov', { file }, options())).rejects.toMatchObject({ code: 'unavailable' })
    expect(token).not.toBeNull()
    await writeFile(file, first)
    await store.put('videos/mixed.mov', { file }, options())
    expect((await buffer((await store.get('videos/mixed.mov')).body)).equals(first)).toBe(true)
  })

  it.each([
    [
      { status: 500, code: 'InternalError' },
      { code: 'unavailable', trouble: 'passing' },
    ],
    [
      { status: 503, code: 'SlowDown' },
      { code: 'unavailable', trouble: 'busy' },
    ],
    [{ status: 507, code: 'InsufficientStorage' }, { code: 'full' }],
    [{ cut: true }, { code: 'unavailable', trouble: 'passing' }],
  ] as const)('says what is wrong when the server answers %o', async (how, expected) => {
    const store = new S3Store(s3.config)
    await s3.fail('trouble', 4, how)
    await expect(store.put('trouble.txt', Buffer.from('x'))).rejects.toMatchObject(expected)
    await expect(store.put('trouble.txt', Readable.from([Buffer.from('x')]))).rejects.toMatchObject(expected)
    await expect(store.get('trouble.txt')).rejects.toMatchObject(expected)
    await s3.heal()
    expect(await store.head('trouble.txt')).toBeNull()
  })

  it('says that it is away when nobody listens, or when who listens hangs up', async () => {
    const rude: Server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve))
    const { port } = rude.address() as { port: number }
    const store = new S3Store({ ...s3.config, endpoint: `http://127.0.0.1:${port}` })
    await expect(store.get('a.txt')).rejects.toMatchObject({ code: 'unavailable' })
    await new Promise((resolve) => rude.close(resolve))
    await expect(store.put('a.txt', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' })
    await expect(store.head('a.txt')).rejects.toMatchObject({ code: 'unavailable' })
    await expect(keysOf(store, 'a/')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('takes a bucket that is not there for a store that is away, not for a missing object', async () => {
    const store = new S3Store({ ...s3.config, bucket: 'nobodys' })
    await expect(store.get('a.txt')).rejects.toMatchObject({ code: 'unavailable' })
    await expect(store.put('a.txt', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' })
  })
})
