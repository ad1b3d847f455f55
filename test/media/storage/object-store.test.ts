import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DiskStore } from '../../../media/storage/disk-store.ts'
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
]

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys.sort()
}

describe.each(stores)('ObjectStore %s', (name, open) => {
  const at = (key: string) => `${name.includes('S3') ? 's' : 'd'}/${key}`

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

  it('lists and deletes more than a page', async () => {
    const store = open()
    const keys = Array.from({ length: 1100 }, (_, i) => at(`many/${i}.m4s`))
    for (let i = 0; i < keys.length; i += 100) {
      await Promise.all(keys.slice(i, i + 100).map((key) => store.put(key, Buffer.from('x'))))
    }
    expect((await keysOf(store, at('many/'))).length).toBe(1100)
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

  it('is refused with a wrong secret', async () => {
    const store = new S3Store({ ...s3.config, secretAccessKey: 'wrong' })
    await expect(store.put('refused.txt', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('puts what is larger than one request should be in parts', async () => {
    const store = new S3Store(s3.config)
    const file = join(folder, 'source.mp4')
    const bytes = Buffer.alloc(65 * 1024 * 1024, 'a lesson')
    await writeFile(file, bytes)
    await store.put('videos/source.mp4', { file })
    expect(await store.head('videos/source.mp4')).toMatchObject({ size: bytes.length, contentType: 'video/mp4' })
    expect(s3.requests.filter((line) => line === 'PUT /media/videos/source.mp4').length).toBeGreaterThan(3)
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
